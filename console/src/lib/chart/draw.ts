// Turns a series into strokes. Steps are steps, a gap is a gap, nothing is smoothed; where a column
// of the screen holds several samples, its band from minimum to maximum is drawn.
import { columnMs, freshTail, type ChartSeries } from './series.ts';

/** What is needed of a Path2D; a test records the calls. */
export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}
export interface Pens {
  line: Pen;
  band: { rect(x: number, y: number, width: number, height: number): void };
  dot(x: number, y: number): void; // a sample that stands alone, or few enough to be seen one by one
}

export interface Scales {
  x: (ms: number) => number;
  y: (value: number) => number;
  now: number; // a step holds until now, not into the future
  left?: number; // what lies outside is not drawn, but for its nearest samples
  right?: number;
}

const DOT_SPACE_PX = 12;

export function traceSeries(series: ChartSeries, scales: Scales, pens: Pens): void {
  const tracer = new Tracer(series.data.step, pens);
  const { data } = series;
  const width = columnMs(series);
  const columnPx = Math.abs(scales.x(series.from + width) - scales.x(series.from));
  if (data.before && data.before.quality >>> 30 < 2 && data.step && !Number.isNaN(data.before.value)) {
    tracer.start(scales.x(series.from), scales.y(data.before.value));
  }
  const isSparse = countSamples(series) * DOT_SPACE_PX < columnPx * data.count.length;
  const { first, end } = drawnColumns(series, scales);
  for (let i = first; i < end; i++) {
    const good = data.count[i]! - data.bad[i]!;
    if (data.count[i] === 0) continue;
    if (good === 0) {
      tracer.gap(scales.x(series.from + i * width));
      continue;
    }
    tracer.sample(scales.x(data.firstTime[i]!), scales.y(data.first[i]!), isSparse);
    if (good > 2) {
      const top = scales.y(data.max[i]!);
      const left = scales.x(series.from + i * width);
      // A summary tells of more than its column when one looks closely.
      const right = Math.max(left + Math.max(1, columnPx), scales.x(data.lastTime[i]!));
      pens.band.rect(left, top, right - left, Math.max(1, scales.y(data.min[i]!) - top));
    }
    if (good > 1) tracer.sample(scales.x(data.lastTime[i]!), scales.y(data.last[i]!), isSparse);
    if (data.endsBad[i]) tracer.gap(scales.x(data.lastTime[i]!));
  }
  for (const one of freshTail(series)) {
    if (one.bad || Number.isNaN(one.value)) tracer.gap(scales.x(one.ms));
    else tracer.sample(scales.x(one.ms), scales.y(one.value), isSparse);
  }
  tracer.hold(scales.x(scales.now));
}

// The columns in view, and at each side the nearest that hold something: lines come from there and go there.
function drawnColumns({ data, ...series }: ChartSeries, { x, left = -Infinity, right = Infinity }: Scales): { first: number; end: number } {
  const width = columnMs({ data, ...series });
  const at = (i: number) => x(series.from + i * width);
  let [first, end] = [0, data.count.length];
  while (first < end && at(first + 1) < left) first++;
  while (end > first && at(end - 1) > right) end--;
  while (first > 0 && data.count[--first] === 0);
  while (end < data.count.length && data.count[end++] === 0);
  return { first, end };
}

function countSamples(series: ChartSeries): number {
  let samples = series.tail.length;
  for (const count of series.data.count) samples += count;
  return samples;
}

class Tracer {
  #x = Number.NaN; // where the line stands; NaN when it is lifted
  #y = Number.NaN;
  readonly #step: boolean;
  readonly #pens: Pens;

  constructor(step: boolean, pens: Pens) {
    this.#step = step;
    this.#pens = pens;
  }

  start(x: number, y: number): void {
    this.#pens.line.moveTo(x, y);
    this.#x = x;
    this.#y = y;
  }

  sample(x: number, y: number, dot: boolean): void {
    if (Number.isNaN(this.#x)) {
      this.start(x, y);
      this.#pens.dot(x, y); // may be alone
      return;
    }
    if (this.#step) this.#pens.line.lineTo(x, this.#y);
    this.#pens.line.lineTo(x, y);
    this.#x = x;
    this.#y = y;
    if (dot) this.#pens.dot(x, y);
  }

  /** The value ends here: a step is drawn up to it, a line stops at its last sample. */
  gap(x: number): void {
    if (this.#step) this.hold(x);
    this.#x = Number.NaN;
  }

  hold(x: number): void {
    if (this.#step && x > this.#x) this.#pens.line.lineTo(x, this.#y);
  }
}
