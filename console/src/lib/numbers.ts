// Lists of whole numbers as people write them: "1, 3, 5-8".

/** In ascending order, each once; null for anything else, or for a number outside [min, max]. */
export function parseNumbers(text: string, min: number, max: number): number[] | null {
  const found = new Set<number>();
  for (const part of text.split(/[,\s]+/).filter(Boolean)) {
    const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part);
    if (!match) return null;
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from < min || to > max || to < from) return null;
    for (let n = from; n <= to; n++) found.add(n);
  }
  return found.size ? [...found].sort((a, b) => a - b) : null;
}
