import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageOf, decimalsFor, decimalsOf, formatBytes, formatCount, formatFloat, formatMs, formatValue } from './format.ts';

const words = { on: 'on', off: 'off' };

test('a float shows five significant digits and no noise', () => {
  assert.equal(formatFloat(153.40000000000003, 'en'), '153.4');
  assert.equal(formatFloat(1534.2837, 'en'), '1,534.3');
  assert.equal(formatFloat(0.981234, 'en'), '0.98123');
  assert.equal(formatFloat(1234567.89, 'en'), '1,234,568');
  assert.equal(formatFloat(0, 'en'), '0');
});

test('a known range keeps the decimals still', () => {
  const shown = { type: 'float64', range_low: 0, range_high: 1800 } as const;
  assert.equal(formatFloat(1534.2, 'en', shown), '1,534.2');
  assert.equal(formatFloat(20, 'en', shown), '20.0');
});

test('very small and very large numbers go to powers of ten', () => {
  assert.equal(formatFloat(1.5e-9, 'en'), '1.5000e-9');
  assert.equal(formatFloat(6.02e23, 'en'), '6.0200e+23');
});

test('what is not a number says so', () => {
  assert.equal(formatValue('NaN', { type: 'float64' }, 'en', words), 'NaN');
  assert.equal(formatValue('Infinity', { type: 'float64' }, 'en', words), '∞');
  assert.equal(formatValue('-Infinity', { type: 'float32' }, 'en', words), '−∞');
});

test('integers are exact, also beyond 2^53', () => {
  assert.equal(formatValue('9223372036854775807', { type: 'int64' }, 'en', words), '9,223,372,036,854,775,807');
  assert.equal(formatValue(1234567, { type: 'int64' }, 'en', words), '1,234,567');
});

test('a named number shows its name, an unnamed one itself', () => {
  const shown = { type: 'int64', enum_set: [{ value: 2, name: 'melting' }] } as const;
  assert.equal(formatValue(2, shown, 'en', words), 'melting');
  assert.equal(formatValue(7, shown, 'en', words), '7');
});

test('booleans use the words of the language', () => {
  assert.equal(formatValue(true, { type: 'bool' }, 'en', words), 'on');
  assert.equal(formatValue(0, { type: 'bool' }, 'en', words), 'off');
});

test('decimals follow the magnitude', () => {
  assert.deepEqual([1, 9.9, 10, 1000, 99999, 0.01].map(decimalsFor), [4, 4, 3, 1, 0, 6]);
});

test('sizes are decimal, with three digits', () => {
  assert.equal(formatBytes(0, 'en'), '0 B');
  assert.equal(formatBytes(999, 'en'), '999 B');
  assert.equal(formatBytes(1500, 'en'), '1.50 kB');
  assert.equal(formatBytes(999_950, 'en'), '1.00 MB');
  assert.equal(formatBytes(64_000_000, 'en'), '64.0 MB');
  assert.equal(formatBytes(1.84e12, 'en'), '1.84 TB');
});

test('rates and times', () => {
  assert.equal(formatCount(2.54, 'en'), '2.5');
  assert.equal(formatCount(66.8, 'en'), '67');
  assert.equal(formatCount(2014.4, 'en'), '2,014');
  assert.equal(formatMs(0.417, 'en'), '0.42 ms');
  assert.equal(formatMs(18.4, 'en'), '18 ms');
  assert.equal(formatMs(3, 'en'), '3.0 ms');
  assert.equal(formatMs(1000, 'en', true), '1 s');
  assert.equal(formatMs(2300, 'en'), '2.3 s');
});

test('an age is told in the largest unit that has passed', () => {
  assert.deepEqual(ageOf(0, 17_900), { unit: 'seconds', n: 17 });
  assert.deepEqual(ageOf(0, 60_000), { unit: 'minutes', n: 1 });
  assert.deepEqual(ageOf(0, 47 * 3_600_000), { unit: 'hours', n: 47 });
  assert.deepEqual(ageOf(0, 48 * 3_600_000), { unit: 'days', n: 2 });
  assert.deepEqual(ageOf(5_000, 0), { unit: 'now', n: 0 });
});

test('a signal shows the decimals that its values have, float32 as well', () => {
  // 4.67 as a float32 is 4.67000007629...; a third has no end.
  assert.deepEqual([7, 4.67, Math.fround(4.67), 0.1 + 0.2, 1 / 3, 0, -1854.5].map(decimalsOf), [0, 2, 2, 1, 6, 0, 1]);
  const shown = { type: 'float64', range_low: 0, range_high: 81 } as const;
  assert.equal(formatFloat(78.3, 'en', { ...shown, decimals: 1 }), '78.3');
  assert.equal(formatFloat(78, 'en', { ...shown, decimals: 1 }), '78.0');
  assert.equal(formatFloat(78.123456, 'en', { ...shown, decimals: 6 }), '78.123');
});

test('what was read just now is not old', () => {
  assert.deepEqual(ageOf(0, 4_999), { unit: 'now', n: 4 });
  assert.deepEqual(ageOf(0, 5_000), { unit: 'seconds', n: 5 });
});
