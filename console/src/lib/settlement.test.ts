import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amountText, barsOf, isNegative, isZero, lastDay, lastMonth, sourceOf, trendHref, type Reading } from './settlement.ts';
import type { Asset } from './types.ts';

test('an amount keeps every digit, beyond what a number can hold', () => {
  assert.equal(amountText('12345678901234567890.60', 'en-GB'), '12,345,678,901,234,567,890.60');
  assert.equal(amountText('-0.01', 'en-GB'), '−0.01');
  assert.equal(amountText('1234', 'zh-CN'), '1,234');
  assert.equal(amountText('1234.50', 'de-DE'), '1.234,50');
  assert.equal(amountText('what is this', 'en-GB'), 'what is this');
});

test('nothing is nothing, with any sign and digits', () => {
  assert.deepEqual(['0', '0.00', '-0.00', '0.01', '-1.00'].map(isZero), [true, true, true, false, false]);
  assert.deepEqual(['0.00', '-0.00', '-0.01', '1'].map(isNegative), [false, false, true, false]);
});

test('days of a period end before the day that is not included', () => {
  assert.equal(lastDay('2024-03-01'), '2024-02-29');
  assert.deepEqual(lastMonth('2026-01-15'), { id: '2025-12', from: '2025-12-01', to: '2026-01-01' });
  assert.deepEqual(lastMonth('2026-12-01'), { id: '2026-11', from: '2026-11-01', to: '2026-12-01' });
});

test('the trend of a day is that day in UTC', () => {
  assert.equal(trendHref(7, '2026-02-28'), '/trends?tags=7&from=2026-02-28T00:00:00.000Z&to=2026-03-01T00:00:00.000Z');
});

test('a part is called after its asset; a pool and a hold by their own name', () => {
  const assets = [{ id: 'a', title: 'Nozzle' } as Asset];
  const part = { amount: '1', held: [] };
  assert.equal(sourceOf(assets, { ...part, kind: 'share', source: 'a' }), 'Nozzle');
  assert.equal(sourceOf(assets, { ...part, kind: 'inventor', source: 'b' }), 'b');
  assert.equal(sourceOf(assets, { ...part, kind: 'pool', source: 'a' }), 'a');
});

// Quantities 5, 10 and 0: half, whole and nothing. The gap from noon to noon is half of two days.
test('the chart of a meter shows gaps as parts of days, and never bars for them', () => {
  const day = (date: string, quantity: string, bad = 0, resets = 0) => ({ day: date, quantity, samples: 1, bad, resets, evidence: '' });
  const reading = {
    days: [day('2026-02-01', '5.0'), day('2026-02-02', '10.0', 1), day('2026-02-03', '0.0', 0, 1)],
    gaps: [{ id: 'g', from: '2026-02-02T12:00:00Z', to: '2026-02-03T12:00:00Z' }],
  } as unknown as Reading;
  assert.deepEqual(barsOf(reading), [
    { day: '2026-02-01', height: 0.5, bad: false, gap: 0 },
    { day: '2026-02-02', height: 1, bad: true, gap: 0.5 },
    { day: '2026-02-03', height: 0, bad: true, gap: 0.5 },
  ]);
  assert.deepEqual(barsOf({ days: [], gaps: [] } as unknown as Reading), []);
});
