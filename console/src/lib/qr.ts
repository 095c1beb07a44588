// QR codes (ISO/IEC 18004) of short texts: byte mode, error correction M, versions 1 to 10. What an
// authenticator app is shown; drawn here so that the secret goes nowhere else.

// Of versions 1..10 at level M: all code words of data, blocks, correction words of each block.
const DATA_WORDS = [16, 28, 44, 64, 86, 108, 124, 154, 182, 216];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5];
const CORRECTION_WORDS = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26];
const ALIGNMENT = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];
const MASKS: ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** GF(256) of the standard: x^8 + x^4 + x^3 + x^2 + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) product = (product << 1) ^ ((product >> 7) * 0x11d) ^ (((b >> bit) & 1) * a);
  return product & 255;
}

function correction(data: number[], count: number): number[] {
  const divisor: number[] = Array.from({ length: count }, (_, i) => (i === count - 1 ? 1 : 0));
  let root = 1;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) divisor[j] = multiply(divisor[j]!, root) ^ (divisor[j + 1] ?? 0);
    root = multiply(root, 2);
  }
  const rest = new Array<number>(count).fill(0);
  for (const word of data) {
    const factor = word ^ rest.shift()!;
    rest.push(0);
    divisor.forEach((each, i) => (rest[i]! ^= multiply(each, factor)));
  }
  return rest;
}

/** Data and correction words in the order in which they are drawn. */
function words(bytes: Uint8Array, version: number): number[] {
  const bits: number[] = [];
  const put = (value: number, count: number) => {
    for (let i = count - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  const room = DATA_WORDS[version - 1]!;
  put(0b0100, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const data: number[] = [];
  for (let i = 0; i < bits.length; i += 8) data.push(Number.parseInt(bits.slice(i, i + 8).join(''), 2));
  for (let pad = 0xec; data.length < room; pad ^= 0xec ^ 0x11) data.push(pad);

  const count = BLOCKS[version - 1]!;
  const short = Math.floor(room / count);
  const blocks: number[][] = [];
  for (let i = 0, at = 0; i < count; i++) {
    const size = short + (i >= count - (room % count) ? 1 : 0);
    blocks.push(data.slice(at, at + size));
    at += size;
  }
  const checks = blocks.map((block) => correction(block, CORRECTION_WORDS[version - 1]!));
  const interleaved = (rows: number[][]) => Array.from({ length: Math.max(...rows.map((row) => row.length)) }, (_, i) =>
    rows.flatMap((row) => (i < row.length ? [row[i]!] : []))).flat();
  return [...interleaved(blocks), ...interleaved(checks)];
}

class Matrix {
  readonly size: number;
  readonly dark: boolean[][];
  readonly fixed: boolean[][]; // no data, no mask
  constructor(size: number) {
    this.size = size;
    this.dark = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
    this.fixed = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
  }
  set(x: number, y: number, dark: boolean): void {
    this.dark[y]![x] = dark;
    this.fixed[y]![x] = true;
  }
}

function drawPatterns(m: Matrix, version: number): void {
  for (let i = 0; i < m.size; i++) {
    m.set(6, i, i % 2 === 0);
    m.set(i, 6, i % 2 === 0);
  }
  for (const [cx, cy] of [[3, 3], [m.size - 4, 3], [3, m.size - 4]] as const) {
    for (let dy = -4; dy <= 4; dy++) {
      for (let dx = -4; dx <= 4; dx++) {
        const ring = Math.max(Math.abs(dx), Math.abs(dy));
        const [x, y] = [cx + dx, cy + dy];
        if (x >= 0 && x < m.size && y >= 0 && y < m.size) m.set(x, y, ring !== 2 && ring !== 4);
      }
    }
  }
  const places = ALIGNMENT[version - 1]!;
  const last = places.length - 1;
  places.forEach((cx, i) => places.forEach((cy, j) => {
    if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return;
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) m.set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
    }
  }));
  drawFormat(m, 0);
  if (version >= 7) drawVersion(m, version);
}

function drawFormat(m: Matrix, mask: number): void {
  const data = mask; // level M is 00
  let rest = data;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((data << 10) | rest) ^ 0x5412;
  const bit = (i: number) => ((bits >> i) & 1) === 1;
  for (let i = 0; i <= 5; i++) m.set(8, i, bit(i));
  m.set(8, 7, bit(6));
  m.set(8, 8, bit(7));
  m.set(7, 8, bit(8));
  for (let i = 9; i < 15; i++) m.set(14 - i, 8, bit(i));
  for (let i = 0; i < 8; i++) m.set(m.size - 1 - i, 8, bit(i));
  for (let i = 8; i < 15; i++) m.set(8, m.size - 15 + i, bit(i));
  m.set(8, m.size - 8, true);
}

function drawVersion(m: Matrix, version: number): void {
  let rest = version;
  for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25);
  const bits = (version << 12) | rest;
  for (let i = 0; i < 18; i++) {
    const [a, b] = [m.size - 11 + (i % 3), Math.floor(i / 3)];
    m.set(a, b, ((bits >> i) & 1) === 1);
    m.set(b, a, ((bits >> i) & 1) === 1);
  }
}

function drawWords(m: Matrix, all: number[]): void {
  let i = 0;
  for (let right = m.size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < m.size; step++) {
      const y = ((right + 1) & 2) === 0 ? m.size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (m.fixed[y]![x] || i >= all.length * 8) continue;
        m.dark[y]![x] = ((all[i >> 3]! >> (7 - (i & 7))) & 1) === 1;
        i++;
      }
    }
  }
}

function applyMask(m: Matrix, mask: number): void {
  for (let y = 0; y < m.size; y++) {
    for (let x = 0; x < m.size; x++) if (!m.fixed[y]![x] && MASKS[mask]!(x, y)) m.dark[y]![x] = !m.dark[y]![x];
  }
}

/** How hard the picture is to read: the four penalties of the standard. */
function penalty(m: Matrix): number {
  let sum = 0;
  const lines = [...m.dark, ...m.dark.map((_, x) => m.dark.map((row) => row[x]!))];
  for (const line of lines) {
    const text = line.map((dark) => (dark ? '1' : '0')).join('');
    for (const run of text.matchAll(/0{5,}|1{5,}/g)) sum += run[0].length - 2;
    for (const pattern of ['10111010000', '00001011101']) {
      for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) sum += 40;
    }
  }
  let darks = 0;
  for (let y = 0; y < m.size; y++) {
    for (let x = 0; x < m.size; x++) {
      const dark = m.dark[y]![x];
      if (dark) darks++;
      if (x > 0 && y > 0 && dark === m.dark[y]![x - 1] && dark === m.dark[y - 1]![x] && dark === m.dark[y - 1]![x - 1]) sum += 3;
    }
  }
  return sum + Math.floor(Math.abs(darks * 20 - m.size * m.size * 10) / (m.size * m.size)) * 10;
}

/** Rows of dark modules, without the quiet zone around them; null if the text is too long. */
export function qrCode(text: string, wantedMask?: number): boolean[][] | null {
  const bytes = new TextEncoder().encode(text);
  const version = DATA_WORDS.findIndex((room, i) => bytes.length + (i < 9 ? 2 : 3) <= room) + 1;
  if (version === 0) return null;
  const all = words(bytes, version);
  const draw = (mask: number): Matrix => {
    const m = new Matrix(17 + 4 * version);
    drawPatterns(m, version);
    drawWords(m, all);
    applyMask(m, mask);
    drawFormat(m, mask);
    return m;
  };
  const candidates = (wantedMask === undefined ? MASKS.map((_, mask) => mask) : [wantedMask]).map(draw);
  return candidates.reduce((best, each) => (penalty(each) < penalty(best) ? each : best)).dark;
}

/** The path of an SVG with a module of 1 x 1. */
export const qrPath = (rows: boolean[][]): string =>
  rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
