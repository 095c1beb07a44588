import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addMonths, daysBetween, groupOf, grouped, moneyText, monthText, periodOf, taskOf, weekdays, weeksOf } from './deadlines.ts';
import type { Deadline, DeadlineState } from './types.ts';

const deadline = (due: string, state: DeadlineState = 'open'): Deadline =>
  ({ due, state, task: 'Pay the annual fee', task_zh: '缴纳年费', number: 4 }) as Deadline;

test('money has its currency and every minor unit, and is never rounded', () => {
  assert.equal(moneyText({ amount: '82300.00', currency: 'CNY' }, 'en-GB').replaceAll('\u00a0', ' '), 'CNY 82,300.00');
  assert.equal(moneyText({ amount: '12345678901234567890.12', currency: 'CNY' }, 'en-GB').replaceAll('\u00a0', ' '), 'CNY 12,345,678,901,234,567,890.12');
  assert.equal(moneyText({ amount: '420', currency: 'JPY' }, 'en-GB').replaceAll('\u00a0', ' '), 'JPY 420');
});

test('a month is whole weeks from Monday on', () => {
  const weeks = weeksOf('2026-11'); // the first is a Sunday
  assert.equal(weeks.length, 6);
  assert.deepEqual([weeks[0]![0], weeks[0]![6], weeks[5]![0], weeks[5]![6]], ['2026-10-26', '2026-11-01', '2026-11-30', '2026-12-06']);
  assert.equal(weeksOf('2027-02').length, 4); // 28 days from a Monday on
  assert.deepEqual(weekdays('en-GB', 'short'), ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);
  assert.equal(addMonths('2026-11', 2), '2027-01');
  assert.equal(addMonths('2026-01', -1), '2025-12');
  assert.equal(monthText('2026-11', 'en-GB'), 'November 2026');
  assert.equal(daysBetween('2026-02-27', '2026-03-02'), 3);
});

test('what is late comes first, then what is due within ninety days', () => {
  const today = '2026-11-26';
  assert.equal(groupOf(deadline('2026-11-17', 'overdue'), today), 'late');
  assert.equal(groupOf(deadline('2026-01-17', 'missed'), today), 'late');
  assert.equal(groupOf(deadline('2026-11-26'), today), 'soon');
  assert.equal(groupOf(deadline('2027-02-24'), today), 'soon'); // 4 + 31 + 31 + 24 = 90 days
  assert.equal(groupOf(deadline('2027-02-25'), today), 'later');
  assert.equal(groupOf(deadline('2025-02-25', 'done'), today), 'settled');
  const rows = [deadline('2026-11-17', 'overdue'), deadline('2026-12-01'), deadline('2026-12-02'), deadline('2028-01-01')];
  assert.deepEqual(grouped(rows, today).map((one) => one.begins), ['late', 'soon', null, 'later']);
});

test('periods end on the day after their last', () => {
  assert.deepEqual(periodOf('year', '2026-11-26'), { from: '2026-11-26', to: '2027-11-26' });
  assert.deepEqual(periodOf('year', '2028-02-29'), { from: '2028-02-29', to: '2029-03-01' });
  assert.deepEqual(periodOf('next-year', '2026-11-26'), { from: '2027-01-01', to: '2028-01-01' });
});

test('a task is said in the language of the reader', () => {
  assert.equal(taskOf(deadline('2026-11-26'), 'en'), 'Pay the annual fee (4)');
  assert.equal(taskOf(deadline('2026-11-26'), 'zh'), '缴纳年费 (4)');
});
