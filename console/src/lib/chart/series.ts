// What a chart knows of one tag: pixel columns from the server, and live samples after them. Pure
// functions over both, so that they can be tested without a canvas.
import type { PixelSeries } from '../pixels.ts';

export interface TailSample {
  ms: number;
  value: number; // NaN for what is no number
  bad: boolean;
}

export interface ChartSeries {
  data: PixelSeries;
  from: number; // of the columns
  to: number;
  tail: TailSample[]; // in order of time, newer than the columns
}

export interface Extent {
  min: number;
  max: number;
}

export const columnMs = (series: ChartSeries): number => (series.to - series.from) / Math.max(1, series.data.count.length);

const goodIn = (data: PixelSeries, i: number): boolean => data.count[i]! > data.bad[i]!;

/** The columns that touch [from, to). */
export function columnsIn(series: ChartSeries, from: number, to: number): { first: number; end: number } {
  const width = columnMs(series);
  const last = series.data.count.length;
  return {
    first: Math.max(0, Math.min(last, Math.floor((from - series.from) / width))),
    end: Math.max(0, Math.min(last, Math.ceil((to - series.from) / width))),
  };
}

/** Samples of the tail that are not already in the columns. */
export function freshTail(series: ChartSeries): TailSample[] {
  const { data, tail } = series;
  let newest = -Infinity;
  for (let i = data.count.length - 1; i >= 0 && newest === -Infinity; i--) if (goodIn(data, i)) newest = data.lastTime[i]!;
  return tail.filter((sample) => sample.ms > newest);
}

/** The value that holds when the view begins, for steps and lines that came from before it. */
function held(series: ChartSeries, first: number): number {
  const { data } = series;
  for (let i = first - 1; i >= 0; i--) {
    if (data.count[i]! > 0) return goodIn(data, i) ? data.last[i]! : Number.NaN;
  }
  return data.before ? data.before.value : Number.NaN;
}

/** Smallest and largest value in view; null if there is none. */
export function extentIn(series: ChartSeries, from: number, to: number): Extent | null {
  const { first, end } = columnsIn(series, from, to);
  let min = Infinity;
  let max = -Infinity;
  const take = (low: number, high: number) => {
    if (low < min) min = low;
    if (high > max) max = high;
  };
  for (let i = first; i < end; i++) if (goodIn(series.data, i)) take(series.data.min[i]!, series.data.max[i]!);
  for (const { ms, value, bad } of freshTail(series)) if (!bad && ms >= from && ms < to) take(value, value);
  if (series.data.step || min > max) {
    const value = held(series, first);
    if (!Number.isNaN(value)) take(value, value);
  }
  return min <= max ? { min, max } : null;
}

/** Does a column of [from, to) hold samples, good or bad? */
export function hasSamples(series: ChartSeries, from: number, to: number): boolean {
  const { first, end } = columnsIn(series, from, to);
  return series.data.count.subarray(first, end).some((count) => count > 0);
}

// The sample nearest to `ms` on one side; null if there is none or bad quality lies between.
function neighbour(series: ChartSeries, ms: number, side: -1 | 1): { ms: number; value: number } | null {
  const { data } = series;
  const last = data.count.length - 1;
  const at = Math.max(0, Math.min(last, Math.floor((ms - series.from) / columnMs(series))));
  for (let i = at; i >= 0 && i <= last; i += side) {
    if (data.count[i] === 0) continue;
    if (!goodIn(data, i)) return null;
    const ends = [{ ms: data.lastTime[i]!, value: data.last[i]! }, { ms: data.firstTime[i]!, value: data.first[i]! }];
    if (side > 0) ends.reverse();
    const [near, far] = ends as [typeof ends[0], typeof ends[0]];
    if (side * (near.ms - ms) >= 0) return side < 0 && data.endsBad[i] ? null : near;
    if (side * (far.ms - ms) >= 0) return far;
  }
  const next = side > 0 ? freshTail(series)[0] : undefined;
  return next && !next.bad && next.ms >= ms ? next : null;
}

/** What the picture of [from, to) has to hold: the extent, and where a line enters and leaves between its samples. */
export function drawnExtent(series: ChartSeries, from: number, to: number): Extent | null {
  let extent = extentIn(series, from, to);
  if (series.data.step) return extent;
  for (const ms of [from, to]) {
    const [a, b] = [neighbour(series, ms, -1), neighbour(series, ms, 1)];
    if (!a || !b) continue;
    const value = b.ms > a.ms ? a.value + ((b.value - a.value) * (ms - a.ms)) / (b.ms - a.ms) : a.value;
    extent = extent ? { min: Math.min(extent.min, value), max: Math.max(extent.max, value) } : { min: value, max: value };
  }
  return extent;
}

export interface Reading {
  ms: number; // time of the sample
  value: number;
  bad: boolean; // no usable value at that time
  span: Extent | null; // of the column, when it holds several samples
}

function columnReading(data: PixelSeries, i: number): Reading {
  const good = goodIn(data, i);
  const many = data.count[i]! - data.bad[i]! > 1 && data.min[i] !== data.max[i];
  return {
    ms: data.lastTime[i]!,
    value: good ? data.last[i]! : Number.NaN,
    bad: !good || data.endsBad[i] === 1,
    span: good && many ? { min: data.min[i]!, max: data.max[i]! } : null,
  };
}

/** What stood at `ms`: the column's last sample, else the sample before; null before all of them. */
export function readingAt(series: ChartSeries, ms: number): Reading | null {
  const tail = freshTail(series).filter((sample) => sample.ms <= ms);
  const newest = tail.at(-1);
  if (newest) return { ms: newest.ms, value: newest.value, bad: newest.bad, span: null };
  const { data } = series;
  const at = Math.min(data.count.length - 1, Math.floor((ms - series.from) / columnMs(series)));
  for (let i = at; i >= 0; i--) {
    if (data.count[i]! === 0) continue;
    const reading = columnReading(data, i);
    return i === at ? reading : { ...reading, span: null };
  }
  if (!data.before) return null;
  return { ms: Number.NaN, value: data.before.value, bad: data.before.quality >>> 30 >= 2, span: null };
}

/** Stretches without a usable value. */
export function badStretches(series: ChartSeries, until: number): { from: number; to: number }[] {
  const { data } = series;
  const width = columnMs(series);
  const found: { from: number; to: number }[] = [];
  let begin = data.before && data.before.quality >>> 30 >= 2 ? series.from : Number.NaN;
  const close = (ms: number) => {
    if (!Number.isNaN(begin) && ms > begin) found.push({ from: begin, to: ms });
    begin = Number.NaN;
  };
  for (let i = 0; i < data.count.length; i++) {
    if (data.count[i] === 0) continue;
    if (goodIn(data, i)) {
      close(data.firstTime[i]!);
      if (data.endsBad[i]) begin = data.lastTime[i]!;
    } else if (Number.isNaN(begin)) begin = series.from + i * width;
  }
  for (const sample of freshTail(series)) {
    if (!sample.bad) close(sample.ms);
    else if (Number.isNaN(begin)) begin = sample.ms;
  }
  close(Math.max(until, begin));
  return found;
}
