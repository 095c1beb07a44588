// Figures for people: decimals that the signal deserves, grouped digits, sizes, ages.
import type { TagType, Value, EnumEntry } from './types.ts';

const SIGNIFICANT = 5;
const DECIMALS_MAX = 6;

/** What of a tag decides how its values look. */
export interface Shown {
  type: TagType;
  decimals?: number; // that the signal has; a signal in hundredths is not shown in millionths
  enum_set?: readonly EnumEntry[];
  range_low?: number | null;
  range_high?: number | null;
}

export interface Words {
  on: string;
  off: string;
}

const cache = new Map<string, Intl.NumberFormat>();

function numberFormat(locale: string, min: number, max: number): Intl.NumberFormat {
  const key = `${locale} ${min} ${max}`;
  let format = cache.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale, { minimumFractionDigits: min, maximumFractionDigits: max });
    cache.set(key, format);
  }
  return format;
}

/** Decimals that show `size` (the largest magnitude to expect) with five significant digits. */
export function decimalsFor(size: number): number {
  if (!Number.isFinite(size) || size === 0) return 0;
  const magnitude = Math.floor(Math.log10(Math.abs(size))) + 1;
  return Math.min(DECIMALS_MAX, Math.max(0, SIGNIFICANT - magnitude));
}

/** Decimals that it takes to write the value; DECIMALS_MAX for one that has no end. */
export function decimalsOf(value: number): number {
  for (let n = 0; n < DECIMALS_MAX; n++) {
    const scaled = value * 10 ** n;
    // A float32 stands that far from the decimal that was meant.
    if (Math.abs(scaled - Math.round(scaled)) <= Math.abs(scaled) * 1e-7) return n;
  }
  return DECIMALS_MAX;
}

// Measuring ranges are round numbers: 0..100 should read 99.99 and not 99.990.
function rangeSize(shown: Shown): number | null {
  if (shown.range_low == null || shown.range_high == null) return null;
  const size = Math.max(Math.abs(shown.range_low), Math.abs(shown.range_high));
  return size > 0 ? size : null;
}

export function formatFloat(value: number, locale: string, shown?: Shown): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = shown ? rangeSize(shown) : null;
  if (size !== null && Math.abs(value) <= size * 10) {
    const decimals = Math.min(decimalsFor(size), shown?.decimals ?? DECIMALS_MAX);
    return numberFormat(locale, decimals, decimals).format(value);
  }
  if (value !== 0 && (Math.abs(value) < 1e-5 || Math.abs(value) >= 1e15)) {
    return value.toExponential(SIGNIFICANT - 1);
  }
  return numberFormat(locale, 0, decimalsFor(value)).format(value);
}

/** A value of a tag without its unit. Integers beyond 2^53 come as strings and stay exact. */
export function formatValue(value: Value, shown: Shown, locale: string, words: Words): string {
  if (typeof value === 'boolean') return value ? words.on : words.off;
  if (shown.type === 'bool' && typeof value === 'number') return value ? words.on : words.off;
  if (shown.type === 'string') return String(value);
  if (shown.type === 'int64') {
    const named = shown.enum_set?.find((entry) => entry.value === Number(value));
    if (named) return named.name;
    if (typeof value === 'string') return numberFormat(locale, 0, 0).format(BigInt(value));
    // Means and interpolated points of integer tags are no integers.
    return numberFormat(locale, 0, Number.isInteger(value) ? 0 : decimalsFor(value)).format(value);
  }
  if (typeof value === 'string') {
    if (value === 'NaN') return value;
    return value === 'Infinity' ? '∞' : '−∞';
  }
  return formatFloat(value, locale, shown);
}

/** Counts and rates: whole from 10 on, else up to one decimal. */
export function formatCount(value: number, locale: string): string {
  return numberFormat(locale, 0, Math.abs(value) >= 9.95 ? 0 : 1).format(value);
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Decimal multiples, three significant digits: "1.84 GB". */
export function formatBytes(bytes: number, locale: string): string {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const decimals = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${numberFormat(locale, decimals, decimals).format(value)} ${BYTE_UNITS[unit]}`;
}

/** Milliseconds as a short duration: "0.42 ms", "3.0 ms", "18 ms", "2.3 s"; `whole` for what is set and not measured: "1 s". */
export function formatMs(ms: number, locale: string, whole = false): string {
  const decimals = ms >= 1000 ? 1 : ms < 0.995 ? 2 : ms < 9.95 ? 1 : 0;
  const format = numberFormat(locale, whole ? 0 : decimals, whole ? 3 : decimals);
  return ms >= 1000 ? `${format.format(ms / 1000)} s` : `${format.format(ms)} ms`;
}

export interface Age {
  unit: 'now' | 'seconds' | 'minutes' | 'hours' | 'days';
  n: number;
}

const NOW_S = 5; // what is read every second is not old: figures that tick on every line say nothing

/** How old something is, in the largest unit of which at least one (two for days) has passed. */
export function ageOf(fromMs: number, nowMs: number): Age {
  const seconds = Math.max(0, Math.floor((nowMs - fromMs) / 1000));
  if (seconds < NOW_S) return { unit: 'now', n: seconds };
  if (seconds < 60) return { unit: 'seconds', n: seconds };
  if (seconds < 3600) return { unit: 'minutes', n: Math.floor(seconds / 60) };
  if (seconds < 48 * 3600) return { unit: 'hours', n: Math.floor(seconds / 3600) };
  return { unit: 'days', n: Math.floor(seconds / 86400) };
}
