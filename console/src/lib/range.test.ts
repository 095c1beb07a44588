import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clampSpan, liveText, pan, parseLive, readRange, SPAN_MAX_MS, spanOf, writeRange, zoom } from './range.ts';

const HOUR = 3600e3;

test('a range that follows the clock is read and written as people say it', () => {
  for (const text of ['5m', '15m', '1h', '8h', '1d', '7d', '30d', '365d', '90s']) {
    assert.equal(liveText(parseLive(text)!), text);
  }
  assert.equal(parseLive('x'), null);
  assert.equal(parseLive('0s'), null);
  assert.equal(parseLive('999999d'), null);
});

test('an address gives back the range that was put into it', () => {
  for (const range of [
    { kind: 'live', ms: 15 * 60e3 },
    { kind: 'fixed', from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 2, 3, 4, 5, 6) },
  ] as const) {
    const query = new URLSearchParams('tags=1&last=1h&from=x');
    writeRange(query, range);
    assert.deepEqual(readRange(query), range);
    assert.equal(query.get('tags'), '1');
  }
});

test('an address that makes no sense has no range', () => {
  for (const text of ['', 'last=abc', 'from=2026-01-01T00:00:00Z', 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z']) {
    assert.equal(readRange(new URLSearchParams(text)), null);
  }
});

test('zooming keeps what is under the pointer in its place', () => {
  const span = zoom({ from: 0, to: 10 * HOUR }, 0.5, 2 * HOUR);
  assert.deepEqual(span, { from: HOUR, to: 6 * HOUR });
});

test('panning keeps the length', () => {
  assert.deepEqual(pan({ from: 8 * HOUR, to: 16 * HOUR }, 0.25), { from: 10 * HOUR, to: 18 * HOUR });
  assert.deepEqual(pan({ from: HOUR, to: 2 * HOUR }, -3), { from: 0, to: HOUR });
});

test('a span never gets shorter than a millisecond nor longer than twenty years', () => {
  assert.equal(clampSpan({ from: 5, to: 5 }).to - clampSpan({ from: 5, to: 5 }).from, 1);
  const wide = clampSpan({ from: 0, to: 1e15 });
  assert.equal(wide.to - wide.from, SPAN_MAX_MS);
});

test('the live range ends now', () => {
  assert.deepEqual(spanOf({ kind: 'live', ms: HOUR }, 5 * HOUR), { from: 4 * HOUR, to: 5 * HOUR });
});
