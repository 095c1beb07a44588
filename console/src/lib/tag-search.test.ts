import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tagSearch } from './tag-search.ts';

test('words are looked for in path and description', () => {
  assert.deepEqual(tagSearch(' cooling panel '), { text: 'cooling panel', pattern: '' });
  assert.deepEqual(tagSearch('EAF 1/phase'), { text: 'EAF 1/phase', pattern: '' });
  assert.deepEqual(tagSearch(''), { text: '', pattern: '' });
});

test('with a star it is a path', () => {
  assert.deepEqual(tagSearch(' */melt shop/**/temp* '), { text: '', pattern: '*/melt shop/**/temp*' });
});

test('with a star and no slash it is the last level of a path', () => {
  assert.deepEqual(tagSearch('temp*'), { text: '', pattern: '**/temp*' });
});
