// Times for people: in the browser's zone, with the zone named; UTC stands behind (on hover).

/** IANA name of the zone that all times are shown in. */
export const zone: string = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const full = `${locale} ${key}`;
  let found = formats.get(full);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: 'h23', ...options });
    formats.set(full, found);
  }
  return found;
}

const DATE = { year: 'numeric', month: 'short', day: '2-digit' } as const;
const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;

/** Short name of the zone at that moment: "CET", "GMT+8", "UTC". */
export function zoneName(ms: number, locale: string): string {
  const parts = format(locale, 'zone', { timeZoneName: 'short' }).formatToParts(ms);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone;
}

export const clock = (ms: number, locale: string): string => format(locale, 'clock', CLOCK).format(ms);

/** "12:03:04.250": for charts that are zoomed in far. */
export const clockMs = (ms: number, locale: string): string =>
  format(locale, 'clockMs', { ...CLOCK, fractionalSecondDigits: 3 }).format(ms);

export const day = (ms: number, locale: string): string => format(locale, 'day', DATE).format(ms);

export const dayAndClock = (ms: number, locale: string): string => `${day(ms, locale)} ${clock(ms, locale)}`;

export const formatWith = (ms: number, locale: string, key: string, options: Intl.DateTimeFormatOptions): string =>
  format(locale, key, options).format(ms);

/** Today's times as a clock, others with their day. */
export function shortTime(ms: number, nowMs: number, locale: string): string {
  return day(ms, locale) === day(nowMs, locale) ? clock(ms, locale) : dayAndClock(ms, locale);
}

/** The exact instant for the hover text: UTC, with the digits that there are. */
export function utc(time: string | number): string {
  const iso = typeof time === 'string' ? time : new Date(time).toISOString();
  return iso.replace('T', ' ').replace(/Z$/, ' UTC');
}

/** Milliseconds of an RFC 3339 string; finer digits are dropped. */
export const toMs = (time: string): number => Date.parse(time.replace(/(\.\d{3})\d+/, '$1'));

/** "2026-11-23T12:03" of a moment in the zone of the page, for a datetime-local field. */
export function toField(ms: number): string {
  const parts = new Map(
    format('en-CA', 'field', { year: 'numeric', month: '2-digit', day: '2-digit', ...CLOCK })
      .formatToParts(ms)
      .map((part) => [part.type, part.value]),
  );
  return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}T` +
    `${parts.get('hour')}:${parts.get('minute')}:${parts.get('second')}`;
}

/** The inverse; null for text that is no time. The browser's zone is the page's zone. */
export function fromField(text: string): number | null {
  const ms = new Date(text).getTime();
  return Number.isFinite(ms) ? ms : null;
}
