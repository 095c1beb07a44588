import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amountText } from './ledger.ts';

test('amounts keep every digit, also those that a double has not', () => {
  assert.equal(amountText('-1234.50', 'en-GB'), '\u22121,234.50');
  assert.equal(amountText('0.00', 'en-GB'), '0.00');
  assert.equal(amountText('1234567', 'en-GB'), '1,234,567'); // yen
  assert.equal(amountText('12345678901234567890.125', 'en-GB'), '12,345,678,901,234,567,890.125');
  assert.equal(amountText('90071992547409.93', 'zh-CN'), '90,071,992,547,409.93');
});
