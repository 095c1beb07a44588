// How long data is kept: what rules mean in words, what is wrong with one, what a change takes away.
import type { RetentionRule, TagType } from './types.ts';

export const DAYS_MAX = 36_500;
const YEAR = 365; // days, as the rules count

type Translate = (key: string, params?: Record<string, string | number>) => string;
type Days = Pick<RetentionRule, 'samples_days' | 'minutes_days' | 'hours_days' | 'keep_replaced'>;

/** "samples for 30 days, then minutes up to a year, then hours for ever" in the reader's language. */
export function wordsOf(rule: Partial<Days>, t: Translate): string {
  const replaced = rule.keep_replaced ? t('retention.replaced') : '';
  if (!rule.samples_days) return t('retention.all') + replaced;
  const days = (n: number): string => (n % YEAR === 0 ? t('retention.years', { n: n / YEAR }) : t('retention.days', { n }));
  const parts = [t('retention.samples', { days: days(rule.samples_days) }) + replaced];
  if (rule.minutes_days) parts.push(t('retention.minutes', { days: days(rule.minutes_days) }));
  if (rule.hours_days === 'forever') return [...parts, t('retention.hours.ever')].join(t('retention.then'));
  if (rule.hours_days) parts.push(t('retention.hours', { days: days(rule.hours_days) }));
  return [...parts, t('retention.nothing')].join(t('retention.then'));
}

/** What a rule is for tags of a type: texts have no summaries. */
export const rulesFor = (type: TagType, rule: Partial<Days>): Partial<Days> =>
  type === 'string' ? { samples_days: rule.samples_days ?? null, keep_replaced: rule.keep_replaced ?? false } : rule;

export type RuleField = 'pattern' | 'samples' | 'minutes' | 'hours';

/** The field of a rule that the server would refuse, and the key of what is wrong with it. */
export function wrongIn(rule: RetentionRule): { field: RuleField; key: string } | null {
  const isDays = (days: number | 'forever' | null): boolean =>
    days === null || days === 'forever' || (Number.isInteger(days) && days >= 1 && days <= DAYS_MAX);
  if (rule.pattern.trim() === '') return { field: 'pattern', key: 'retention.wrong.pattern' };
  if (!isDays(rule.samples_days)) return { field: 'samples', key: 'retention.wrong.days' };
  if (!isDays(rule.minutes_days)) return { field: 'minutes', key: 'retention.wrong.days' };
  if (!isDays(rule.hours_days)) return { field: 'hours', key: 'retention.wrong.days' };
  const samples = rule.samples_days ?? 0;
  if (rule.minutes_days !== null && rule.minutes_days <= samples) return { field: 'minutes', key: 'retention.wrong.minutes' };
  if (typeof rule.hours_days === 'number' && rule.hours_days <= Math.max(samples, rule.minutes_days ?? 0)) {
    return { field: 'hours', key: 'retention.wrong.hours' };
  }
  return null;
}

const sameRule = (a: RetentionRule | undefined, b: RetentionRule): boolean =>
  !!a && a.pattern === b.pattern && a.samples_days === b.samples_days && a.minutes_days === b.minutes_days && a.hours_days === b.hours_days && a.keep_replaced === b.keep_replaced;

export const sameRules = (a: readonly RetentionRule[], b: readonly RetentionRule[]): boolean =>
  a.length === b.length && b.every((rule, i) => sameRule(a[i], rule));

/** Rules by which samples may go now that stayed before: those that end samples, from the first that differs on. */
export function takingAway(before: readonly RetentionRule[], after: readonly RetentionRule[]): RetentionRule[] {
  const first = after.findIndex((rule, i) => !sameRule(before[i], rule));
  const from = first >= 0 ? first : after.length < before.length ? 0 : after.length;
  return after.slice(from).filter((rule) => rule.samples_days !== null);
}
