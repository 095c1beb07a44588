import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditQuery, changedFields } from './audit.ts';

test('a change is shown field by field, and only what differs', () => {
  assert.deepEqual(changedFields({ name: 'a', tls: { on: true, port: 1 }, rules: [1] }, { name: 'a', tls: { on: false, port: 1 }, rules: [1, 2] }), [
    { name: 'tls.on', before: 'true', after: 'false' },
    { name: 'rules', before: '[1]', after: '[1,2]' },
  ]);
});

test('what was made or taken away has one side', () => {
  assert.deepEqual(changedFields(null, { name: 'a' }), [{ name: 'name', before: null, after: 'a' }]);
  assert.deepEqual(changedFields({ name: 'a' }, null), [{ name: 'name', before: 'a', after: null }]);
  assert.deepEqual(changedFields('{"cut', null), [{ name: '', before: '{"cut', after: null }]);
  assert.deepEqual(changedFields(null, null), []);
});

test('the address asks the server for what it says, and for nothing that is no time', () => {
  const query = new URLSearchParams('text=  mill &result=failed&from=2026-01-31T00:00:00Z&to=soon&open=5');
  assert.deepEqual(auditQuery(query), { text: 'mill', result: 'failed', from: '2026-01-31T00:00:00.000Z' });
});
