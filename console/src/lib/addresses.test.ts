import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countAddresses } from './addresses.ts';

test('addresses of networks, ranges and names are counted as the server reads them', () => {
  assert.equal(countAddresses('192.168.1.0/24'), 254);
  assert.equal(countAddresses('10.0.0.0/31'), 2);
  assert.equal(countAddresses('10.0.0.1/32'), 1);
  assert.equal(countAddresses('10.0.0.5-10.0.1.4'), 256);
  assert.equal(countAddresses('10.0.0.5-20, plc-4.local'), 17);
  assert.equal(countAddresses('10.0.0.9-8'), null);
  assert.equal(countAddresses('10.0.0.0/8'), null);
  assert.equal(countAddresses(''), null);
  assert.equal(countAddresses('10.0.0.1,'), null);
});
