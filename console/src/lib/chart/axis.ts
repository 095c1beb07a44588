// Labels and limits of the axes.
import { locale } from '../i18n.svelte.ts';
import { clock, clockMs, formatWith } from '../time.ts';
import type { Extent } from './series.ts';

const DAY_MS = 86_400_000;

const isMidnight = (ms: number): boolean => clock(ms, locale()) === '00:00:00';
const dayOf = (ms: number): string => formatWith(ms, locale(), 'tickDay', { day: 'numeric', month: 'short' });

function label(ms: number, stepMs: number): string {
  if (stepMs >= 300 * DAY_MS) return formatWith(ms, locale(), 'tickYear', { year: 'numeric' });
  if (stepMs >= 25 * DAY_MS) return formatWith(ms, locale(), 'tickMonth', { month: 'short' });
  if (stepMs >= DAY_MS || isMidnight(ms)) return dayOf(ms);
  if (stepMs < 1000) return clockMs(ms, locale());
  if (stepMs < 60_000) return clock(ms, locale());
  return formatWith(ms, locale(), 'tickMinute', { hour: '2-digit', minute: '2-digit' });
}

/** Tick labels of a time axis; the first of each day (month, year) says which it is, on a second line. */
export function timeLabels(ticks: readonly number[], stepMs: number): string[] {
  let context = '';
  return ticks.map((ms) => {
    const text = label(ms, stepMs);
    if (stepMs >= 300 * DAY_MS) return text;
    const wide = stepMs >= DAY_MS;
    const now = wide ? formatWith(ms, locale(), 'tickYear', { year: 'numeric' }) : dayOf(ms);
    if (now === context || now === text) {
      context = now;
      return text;
    }
    context = now;
    return `${text}\n${now}`;
  });
}

/** Limits with a little air; a flat line stands in the middle. */
export function paddedExtent(extent: Extent | null): [number, number] {
  if (!extent) return [0, 1];
  const { min, max } = extent;
  if (min === max) {
    const air = Math.abs(min) * 0.05 || 1;
    return [min - air, max + air];
  }
  const air = (max - min) * 0.06;
  // A quantity that is never negative keeps its zero line.
  return [min >= 0 && min - air < 0 ? 0 : min - air, max + air];
}
