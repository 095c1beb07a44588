// Reads the picture of a chart: where the ink of a series is.
import type { Page } from './browser.ts';

export interface Ink {
  left: number; // of the plot, in CSS pixels, as src/lib/chart/paint.ts lays it
  right: number;
  top: (number | null)[]; // by column of the plot: the uppermost pixel of that colour
  bottom: (number | null)[];
}

/** The pixels of the colour `--series-<colour>` in the plot; null before there is a picture. */
export const inkOf = (page: Page, colour: number): Promise<Ink | null> =>
  page.evaluate((n) => {
    const canvas = document.querySelector<HTMLCanvasElement>('[role=application] canvas');
    if (!canvas?.clientWidth) return null;
    const probe = document.createElement('span');
    probe.style.color = `var(--series-${n})`;
    document.body.append(probe);
    const wanted = getComputedStyle(probe).color.match(/\d+(\.\d+)?/g)!.slice(0, 3).map(Number);
    probe.remove();
    const ratio = canvas.width / canvas.clientWidth;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const left = canvas.clientWidth < 600 ? 54 : 58;
    const right = canvas.clientWidth - 10;
    const isInk = (x: number, y: number) => {
      const i = (Math.round(y * ratio) * canvas.width + Math.round(x * ratio)) * 4;
      return data[i + 3]! > 60 && wanted.every((part, k) => Math.abs(data[i + k]! - part) < 60);
    };
    const top: (number | null)[] = [];
    const bottom: (number | null)[] = [];
    for (let x = left; x < right; x++) {
      let first: number | null = null;
      let last: number | null = null;
      for (let y = 0; y < canvas.clientHeight; y++) {
        if (!isInk(x, y)) continue;
        first ??= y;
        last = y;
      }
      top.push(first);
      bottom.push(last);
    }
    return { left, right, top, bottom };
  }, colour);
