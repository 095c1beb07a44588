// Deadlines and what they cost in the terms of a page: days, months, money. Pure.
import type { Deadline, DeadlineState, Money } from './types.ts';

export const SOON_DAYS = 90; // the first reminder of most rules
const DAY_MS = 86_400_000;
const WEEK = 7;

/** "CNY 1,200.00": every minor unit, exactly, however large. */
export function moneyText(money: Money, locale: string): string {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency: money.currency, currencyDisplay: 'code' });
  return format.format(money.amount as Intl.StringNumericLiteral);
}

/** What of the sums is in a currency, as a number that is good enough to draw with. */
export const drawnAmount = (sums: readonly Money[], currency: string): number =>
  Number(sums.find((sum) => sum.currency === currency)?.amount ?? 0);

export const taskOf = (deadline: Deadline, language: string): string =>
  (language === 'zh' && deadline.task_zh ? deadline.task_zh : deadline.task) + (deadline.number ? ` (${deadline.number})` : '');

/** Whole days from one day to another; negative: back. */
export const daysBetween = (from: string, to: string): number => Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);

export const addDays = (day: string, days: number): string => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);

/** "2026-11" so many months later. */
export function addMonths(month: string, months: number): string {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 7);
}

export const monthText = (month: string, locale: string): string =>
  new Intl.DateTimeFormat(locale, { timeZone: 'UTC', year: 'numeric', month: 'long' }).format(Date.parse(`${month}-01`));

/** The weeks that hold a day of the month, each from Monday to Sunday. */
export function weeksOf(month: string): string[][] {
  const first = `${month}-01`;
  const after = `${addMonths(month, 1)}-01`;
  const monday = addDays(first, -((new Date(first).getUTCDay() + WEEK - 1) % WEEK));
  const weeks: string[][] = [];
  for (let day = monday; day < after; day = addDays(day, WEEK)) {
    weeks.push(Array.from({ length: WEEK }, (_, i) => addDays(day, i)));
  }
  return weeks;
}

/** Names of the days of the week from Monday on. */
export const weekdays = (locale: string, style: 'short' | 'long'): string[] =>
  weeksOf('2026-06')[0]!.map((day) => new Intl.DateTimeFormat(locale, { timeZone: 'UTC', weekday: style }).format(Date.parse(day)));

export type Group = 'late' | 'soon' | 'later' | 'settled';
const LATE: readonly DeadlineState[] = ['overdue', 'missed'];

/** Where a deadline stands in the list. */
export function groupOf(deadline: Deadline, today: string): Group {
  if (LATE.includes(deadline.state)) return 'late';
  if (deadline.state !== 'open') return 'settled';
  return daysBetween(today, deadline.due) <= SOON_DAYS ? 'soon' : 'later';
}

/** Rows in the order given, with the group that begins before each of them. */
export function grouped(rows: readonly Deadline[], today: string): { begins: Group | null; row: Deadline }[] {
  let last: Group | null = null;
  return rows.map((row) => {
    const group = groupOf(row, today);
    const begins = group === last ? null : group;
    last = group;
    return { begins, row };
  });
}

/** The day after the last one of a period that begins today, or with a calendar year. */
export function periodOf(name: string, today: string): { from: string; to: string } {
  const year = Number(today.slice(0, 4));
  if (name === 'next-year') return { from: `${year + 1}-01-01`, to: `${year + 2}-01-01` };
  if (name === 'five-years') return { from: today, to: `${year + 5}${today.slice(4).replace('-02-29', '-03-01')}` };
  return { from: today, to: `${year + 1}${today.slice(4).replace('-02-29', '-03-01')}` };
}
export const PERIODS = ['year', 'next-year', 'five-years'] as const;
