import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownPath, returnOf } from './provider-return.ts';

test('an answer of a provider is read at its address only, and nothing else of it', () => {
  assert.deepEqual(returnOf('/sign-in/provider', '?code=a%2Fb&state=s&iss=https%3A%2F%2Fid.example&session_state=x'),
    { state: 's', code: 'a/b', iss: 'https://id.example' });
  assert.deepEqual(returnOf('/sign-in/provider', '?error=access_denied&state=s'), { state: 's', error: 'access_denied' });
  assert.equal(returnOf('/sign-in/provider', '?code=a'), null);
  assert.equal(returnOf('/sign-in', '?code=a&state=s'), null);
  assert.equal(returnOf('/trends', '?code=a&state=s'), null);
});

test('a person goes on within the console', () => {
  const origin = 'https://plant.example:8443';
  assert.equal(ownPath('/trends?tag=1', origin), '/trends?tag=1');
  for (const other of ['', 'trends', '//evil.example', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)']) {
    assert.equal(ownPath(other, origin), '/', other);
  }
});
