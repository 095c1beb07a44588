import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fillMessage } from './message.ts';
import { rulesFor, sameRules, takingAway, wordsOf, wrongIn } from './retention.ts';
import type { RetentionRule } from './types.ts';

const translate = (language: string, locale: string) => {
  const words = JSON.parse(readFileSync(join(import.meta.dirname, `../words/${language}.json`), 'utf8')) as Record<string, string>;
  return (key: string, params: Record<string, string | number> = {}) => fillMessage(words[key] ?? key, params, locale);
};
const en = translate('en', 'en-GB');
const zh = translate('zh', 'zh-CN');
const rule = (samples_days: number | null, minutes_days: number | null = null, hours_days: RetentionRule['hours_days'] = null,
  pattern = '**'): RetentionRule => ({ pattern, samples_days, minutes_days, hours_days, keep_replaced: false });

test('a rule is said in the words of either language', () => {
  assert.equal(wordsOf(rule(30, 365, 'forever'), en), 'Samples for 30 days, then minutes up to a year, then hours for ever');
  assert.equal(wordsOf(rule(1), en), 'Samples for a day, then nothing');
  assert.equal(wordsOf(rule(7, null, 730), en), 'Samples for 7 days, then hours up to 2 years, then nothing');
  assert.equal(wordsOf(rule(null), en), 'Everything for ever');
  assert.equal(wordsOf({ ...rule(1), keep_replaced: true }, en), 'Samples for a day, with what was replaced, then nothing');
  assert.equal(wordsOf(rule(30, 365, 'forever'), zh), '样本保留 30 天，之后分钟汇总保留至 1 年，之后小时汇总永久保留');
});

test('texts have no summaries', () => {
  assert.equal(wordsOf(rulesFor('string', rule(30, 365, 'forever')), en), 'Samples for 30 days, then nothing');
  assert.equal(wordsOf(rulesFor('bool', rule(30, 365, 'forever')), en), wordsOf(rule(30, 365, 'forever'), en));
});

test('what the server would refuse is said at its field', () => {
  assert.equal(wrongIn(rule(30, 365, 'forever')), null);
  assert.equal(wrongIn(rule(null)), null);
  assert.equal(wrongIn(rule(30, null, null, ' '))?.field, 'pattern');
  for (const days of [0, -1, 1.5, 36_501, Number.NaN]) assert.equal(wrongIn(rule(days))?.field, 'samples', String(days));
  assert.equal(wrongIn(rule(30, 30))?.field, 'minutes');
  assert.equal(wrongIn(rule(30, 60, 60))?.field, 'hours');
  assert.equal(wrongIn(rule(30, null, 30))?.field, 'hours');
});

test('a change takes data away by the rules that end samples, from the first that differs on', () => {
  const [ever, month, week] = [rule(null, null, null, 'a/**'), rule(30), rule(7, null, null, 'b/**')];
  assert.deepEqual(takingAway([], [ever]), []);
  assert.deepEqual(takingAway([], [ever, month]), [month]);
  assert.deepEqual(takingAway([ever, month], [ever, month]), []);
  assert.deepEqual(takingAway([month], [month, ever]), []);
  assert.deepEqual(takingAway([ever, month], [month, ever]), [month], 'another order: tags of a/** have another rule');
  assert.deepEqual(takingAway([week, ever, month], [week, month]), [month], 'what ever kept falls to the month');
  assert.deepEqual(takingAway([month, week], [month]), [month], 'one that is gone leaves its tags to those before');
});

test('rules are the same if all of them are, in their order', () => {
  assert.ok(sameRules([rule(1), rule(2)], [rule(1), { ...rule(2), tags: 7 }]));
  assert.ok(!sameRules([rule(1), rule(2)], [rule(2), rule(1)]));
  assert.ok(!sameRules([rule(1)], []));
  const one = rule(1, 2, 3);
  for (const other of [{ pattern: 'a' }, { samples_days: null }, { minutes_days: 5 }, { hours_days: 'forever' as const }, { keep_replaced: true }]) {
    assert.ok(!sameRules([one], [{ ...one, ...other }]), JSON.stringify(other));
  }
});
