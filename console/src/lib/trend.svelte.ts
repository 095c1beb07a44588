// The data behind a chart: pixel columns around the range that is shown, so that panning finds them
// already there, and live samples after them. One request at a time: while it runs, the newest wish waits.
import { onDestroy } from 'svelte';
import { asProblem, getBytes, isAbort } from './api.ts';
import type { ChartSeries, TailSample } from './chart/series.ts';
import { serverNow } from './clock.svelte.ts';
import { live, type LiveValue } from './live.svelte.ts';
import { decodePixels } from './pixels.ts';
import { severityOf } from './quality.ts';
import type { Span } from './range.ts';
import type { Problem, Value } from './types.ts';

export interface Wish {
  tags: readonly number[];
  span: Span;
  columns: number; // over the span
}

const SPARE = 0.5; // of the span, on either side
const COLUMNS_MAX = 4000;
const TAIL_MAX = 5000;
const RETRY_MS = 3000;
const FRESH_MIN_MS = 2000;
const FRESH_MAX_MS = 60_000;

/** What is drawn of a value: a switch as 0 or 1; NaN for what is no number. */
export function drawnValue(value: Value): number {
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'number' ? value : Number(value || Number.NaN);
}

export class TrendData {
  series = $state.raw<ReadonlyMap<number, ChartSeries>>(new Map());
  latest = $state.raw<ReadonlyMap<number, LiveValue>>(new Map());
  problem = $state.raw<Problem | null>(null);
  /** Grows with everything new: what is drawn on a canvas repaints. */
  epoch = $state(0);

  #wish: Wish | null = null;
  #have: (Wish & { fetchedAt: number; reachesNow: boolean }) | null = null;
  #running: AbortController | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #tails = new Map<number, TailSample[]>();
  #watch = live.watch((values) => this.#take(values));

  /** Call it while a component starts: it stops with the component. */
  constructor() {
    onDestroy(() => {
      this.#watch.stop();
      this.#running?.abort();
      clearTimeout(this.#retry);
      this.#wish = null;
    });
  }

  show(wish: Wish): void {
    if (this.#wish?.tags.join() !== wish.tags.join()) {
      this.#watch.tags(wish.tags);
      for (const tag of [...this.#tails.keys()]) if (!wish.tags.includes(tag)) this.#tails.delete(tag);
    }
    this.#wish = wish;
    if (!this.#running && wish.tags.length > 0 && !this.#serves(wish)) void this.#fetch(wish);
  }

  #serves(wish: Wish): boolean {
    const have = this.#have;
    if (!have || have.tags.join() !== wish.tags.join()) return false;
    const length = wish.span.to - wish.span.from;
    const fineness = (have.span.to - have.span.from) / have.columns / (length / wish.columns);
    if (fineness > 1.05 || fineness < 0.4 || have.span.from > wish.span.from) return false;
    const now = serverNow();
    const isFresh = !have.reachesNow || now - have.fetchedAt < Math.min(FRESH_MAX_MS, Math.max(FRESH_MIN_MS, length / 100));
    return have.reachesNow ? isFresh || wish.span.to <= have.fetchedAt : have.span.to >= Math.min(wish.span.to, now);
  }

  async #fetch(wish: Wish): Promise<void> {
    const controller = new AbortController();
    this.#running = controller;
    const now = serverNow();
    const length = wish.span.to - wish.span.from;
    const from = Math.max(0, wish.span.from - length * SPARE);
    const to = Math.max(from + 1, Math.min(wish.span.to + length * SPARE, Math.max(now, wish.span.to)));
    const columns = Math.min(COLUMNS_MAX, Math.ceil((wish.columns * (to - from)) / length));
    clearTimeout(this.#retry);
    try {
      const query = { tags: wish.tags.join(','), from: new Date(from).toISOString(), to: new Date(to).toISOString(), columns };
      const pixels = decodePixels(await getBytes('/values/pixels', { query, signal: controller.signal }));
      // As asked for, not as answered: whole milliseconds would never fit a span of a few of them.
      this.#have = { tags: wish.tags, span: { from, to }, columns, fetchedAt: now, reachesNow: to >= now };
      this.#keep(new Map(pixels.series.map((data) => [data.tag, { data, from: pixels.from, to: pixels.to, tail: [] }])));
      this.problem = null;
    } catch (error) {
      if (isAbort(error)) return;
      this.problem = asProblem(error);
      this.#retry = setTimeout(() => this.#next(), RETRY_MS);
    } finally {
      this.#running = null;
    }
    if (!this.problem) this.#next();
  }

  #next(): void {
    if (this.#wish) this.show(this.#wish);
  }

  // Live samples belong to the columns only if nothing can lie between them.
  #keep(series: ReadonlyMap<number, ChartSeries>): void {
    const reachesNow = this.#have?.reachesNow ?? false;
    this.series = new Map([...series].map(([tag, one]) => [tag, { ...one, tail: reachesNow ? this.#tailOf(tag, one) : [] }]));
    this.epoch++;
  }

  #tailOf(tag: number, one: ChartSeries): TailSample[] {
    const tail = (this.#tails.get(tag) ?? []).filter((sample) => sample.ms > one.to - FRESH_MAX_MS);
    this.#tails.set(tag, tail);
    return tail;
  }

  #take(values: LiveValue[]): void {
    const latest = new Map(this.latest);
    for (const value of values) {
      latest.set(value.tag, value);
      const tail = this.#tails.get(value.tag) ?? [];
      if (value.ms > (tail.at(-1)?.ms ?? -Infinity)) {
        tail.push({ ms: value.ms, value: drawnValue(value.value), bad: severityOf(value.quality) === 'bad' });
      }
      this.#tails.set(value.tag, tail.slice(-TAIL_MAX));
    }
    this.latest = latest;
    this.#keep(this.series);
  }
}
