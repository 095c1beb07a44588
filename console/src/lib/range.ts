// The range of time that a page shows, as its address holds it: either the last so much (follows the
// clock: "15m"), or from one moment to another (RFC 3339). And the steps of zooming and panning.

export type Range = { kind: 'live'; ms: number } | { kind: 'fixed'; from: number; to: number };
export interface Span {
  from: number;
  to: number;
}

const UNITS: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 };
export const LIVE_CHOICES: readonly string[] = ['5m', '15m', '1h', '8h', '1d', '7d', '30d', '365d'];

export const SPAN_MIN_MS = 1; // closer than a millisecond there is nothing to see
export const SPAN_MAX_MS = 20 * 365 * 86400e3;
const EARLIEST_MS = Date.UTC(1970, 0, 1);

export function parseLive(text: string): number | null {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  if (!match) return null;
  const ms = Number(match[1]) * UNITS[match[2]!]!;
  return ms >= 1000 && ms <= SPAN_MAX_MS ? ms : null;
}

export function liveText(ms: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (ms % UNITS[unit]! === 0 && (unit !== 'h' || ms < UNITS.d! * 2)) return `${ms / UNITS[unit]!}${unit}`;
  }
  return `${Math.round(ms / 1000)}s`;
}

/** What the address says; null if it says nothing that makes sense. */
export function readRange(query: URLSearchParams): Range | null {
  const live = parseLive(query.get('last') ?? '');
  if (live !== null) return { kind: 'live', ms: live };
  const from = Date.parse(query.get('from') ?? '');
  const to = Date.parse(query.get('to') ?? '');
  if (!Number.isFinite(from) || !Number.isFinite(to) || to <= from) return null;
  return { kind: 'fixed', ...clampSpan({ from, to }) };
}

export function writeRange(query: URLSearchParams, range: Range): void {
  for (const key of ['last', 'from', 'to']) query.delete(key);
  if (range.kind === 'live') query.set('last', liveText(range.ms));
  else {
    query.set('from', new Date(Math.round(range.from)).toISOString());
    query.set('to', new Date(Math.round(range.to)).toISOString());
  }
}

export function spanOf(range: Range, now: number): Span {
  return range.kind === 'live' ? { from: now - range.ms, to: now } : { from: range.from, to: range.to };
}

/** The nearest span that a chart may show: not too short, not too long, not before 1970. */
export function clampSpan(span: Span): Span {
  const length = Math.min(SPAN_MAX_MS, Math.max(SPAN_MIN_MS, span.to - span.from));
  const middle = (span.from + span.to) / 2;
  const from = Math.max(EARLIEST_MS, middle - length / 2);
  return { from, to: from + length };
}

/** `factor` < 1 zooms in; what lies under `at` stays where it is. */
export function zoom(span: Span, factor: number, at: number): Span {
  return clampSpan({ from: at - (at - span.from) * factor, to: at + (span.to - at) * factor });
}

/** `part` of the shown length to the right (or left if negative). */
export function pan(span: Span, part: number): Span {
  const by = (span.to - span.from) * part;
  return clampSpan({ from: span.from + by, to: span.to + by });
}
