import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNumbers } from './numbers.ts';

test('numbers and ranges, in any order, each once', () => {
  assert.deepEqual(parseNumbers('5-8, 1 6', 0, 255), [1, 5, 6, 7, 8]);
  assert.deepEqual(parseNumbers('1', 0, 255), [1]);
});

test('anything else is no list', () => {
  for (const text of ['', 'a', '1-', '8-5', '-1', '256', '0-999999999']) assert.equal(parseNumbers(text, 0, 255), null);
});
