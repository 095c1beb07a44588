import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysOf, partOf, type Organisation } from './organisations.ts';

const hour = (from: string, samples: number, tags: number) => ({ from, samples, requests: 1, refused: 0, tags, bytes: tags * 10 });

test('hours of a day add up, and of what there is the most counts', () => {
  const days = daysOf([hour('2026-11-25T22:00:00Z', 5, 3), hour('2026-11-26T00:00:00Z', 7, 9), hour('2026-11-26T01:00:00Z', 8, 4)]);
  assert.deepEqual(days, [
    { day: '2026-11-26', samples: 15, requests: 2, refused: 0, tags: 9, bytes: 90 },
    { day: '2026-11-25', samples: 5, requests: 1, refused: 0, tags: 3, bytes: 30 },
  ]);
});

test('what has no limit has no part of it', () => {
  const one = { quotas: { tags: 200, bytes: null }, used: { tags: 50, bytes: 7 } } as unknown as Organisation;
  assert.equal(partOf(one, 'tags'), 0.25);
  assert.equal(partOf(one, 'bytes'), null);
});
