// Where the ticks of an axis stand: round values, and round times of the reader's zone.
import type { Span } from '../range.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface TimeTicks {
  at: number[];
  stepMs: number; // of months and years about, enough to choose a label
}

const FIXED = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND), ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
];
const HOURS = [1, 2, 3, 6, 12];
const DAYS = [1, 2, 7, 14];
const MONTHS = [1, 2, 3, 6];
const YEARS = [1, 2, 5, 10];

/** At most about `most` ticks in the span. */
export function timeTicks(span: Span, most: number): TimeTicks {
  const least = (span.to - span.from) / Math.max(1, most);
  const fixed = FIXED.find((step) => step >= least);
  if (fixed) return { at: fixedTicks(span, fixed), stepMs: fixed };
  const first = new Date(span.from);
  const [year, month, day] = [first.getFullYear(), first.getMonth(), first.getDate()];
  // Calendar fields, not lengths: an hour of a day that has 23, a month of 28 days.
  for (const n of HOURS) if (n * HOUR >= least) return calendar(span, n * HOUR, (k) => new Date(year, month, day, k * n));
  for (const n of DAYS) {
    if (n * DAY < least) continue;
    const days = Math.floor(Date.UTC(year, month, day) / DAY);
    const back = n % 7 === 0 ? (days + 3) % n : days % n; // weeks begin on Monday
    return calendar(span, n * DAY, (k) => new Date(year, month, day - back + k * n));
  }
  for (const n of MONTHS) if (n * 30 * DAY >= least) return calendar(span, n * 30 * DAY, (k) => new Date(year, month - (month % n) + k * n, 1));
  const n = YEARS.find((one) => one * 365 * DAY >= least) ?? YEARS.at(-1)!;
  return calendar(span, n * 365 * DAY, (k) => new Date(year - (year % n) + k * n, 0, 1));
}

function fixedTicks(span: Span, step: number): number[] {
  const shift = new Date(span.from).getTimezoneOffset() * MINUTE;
  const at: number[] = [];
  for (let ms = Math.ceil((span.from - shift) / step) * step + shift; ms <= span.to; ms += step) at.push(ms);
  return at;
}

function calendar(span: Span, stepMs: number, of: (k: number) => Date): TimeTicks {
  const at: number[] = [];
  for (let k = 0; ; k++) {
    const ms = of(k).getTime();
    if (ms > span.to) return { at, stepMs };
    if (ms >= span.from && ms > (at.at(-1) ?? -Infinity)) at.push(ms);
  }
}

/** One, two or five times a power of ten. */
export function valueTicks(low: number, high: number, most: number): { at: number[]; decimals: number } {
  const least = (high - low) / Math.max(1, most);
  if (!(least > 0) || !Number.isFinite(least)) return { at: [low], decimals: 0 };
  const power = 10 ** Math.floor(Math.log10(least));
  const step = power * ([1, 2, 5].find((n) => n * power >= least * 0.999999) ?? 10);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const at: number[] = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) at.push(Number((k * step).toFixed(decimals)));
  return { at, decimals };
}
