// How many addresses a range has, for saying so before anything is asked; the server reads the range.

function ipv4(text: string): number | null {
  const parts = text.trim().split('.');
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return null;
  return parts.reduce((number, part) => number * 256 + Number(part), 0);
}

function countOne(part: string): number | null {
  const [base, bits] = part.split('/');
  if (bits !== undefined) {
    const n = Number(bits);
    if (ipv4(base!) === null || !/^\d+$/.test(bits) || n < 16 || n > 32) return null;
    return n >= 31 ? 2 ** (32 - n) : 2 ** (32 - n) - 2;
  }
  const [from, to] = part.split('-');
  const first = ipv4(from!);
  if (to === undefined || first === null) return part === '' ? null : 1;
  const last = /^\d{1,3}$/.test(to.trim()) ? first - (first % 256) + Number(to) : ipv4(to);
  return last === null || last < first ? null : last - first + 1;
}

/** Null where the text is no range. */
export function countAddresses(text: string): number | null {
  const counts = text.split(',').map((part) => countOne(part.trim()));
  return counts.some((n) => n === null) ? null : counts.reduce<number>((sum, n) => sum + n!, 0);
}
