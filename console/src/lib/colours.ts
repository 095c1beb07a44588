// The colour of a tag on charts: the same on every page, eight that can be told apart. Two tags of one
// chart never share one: the later takes the next free.

export const COLOURS = 8;

export function assignColours(tags: readonly number[]): Map<number, number> {
  const taken = new Set<number>();
  const colours = new Map<number, number>();
  for (const tag of tags) {
    let colour = tag % COLOURS;
    while (taken.has(colour) && taken.size < COLOURS) colour = (colour + 1) % COLOURS;
    taken.add(colour);
    colours.set(tag, colour);
  }
  return colours;
}

/** The colour of a style variable as the canvas takes it, in the theme of this moment. */
export function resolveColour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
