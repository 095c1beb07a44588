import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listWindow, pagesOf, scrollToSee } from './window.ts';

test('at the top the window begins with the first row', () => {
  assert.deepEqual(listWindow(0, 300, 30, 100_000, 5), { first: 0, end: 15 });
});

test('in the middle it has spare rows at both ends', () => {
  assert.deepEqual(listWindow(30_000, 300, 30, 100_000, 5), { first: 995, end: 1015 });
});

test('at the end it stops with the last row', () => {
  assert.deepEqual(listWindow(100_000 * 30 - 300, 300, 30, 100_000, 5), { first: 99_985, end: 100_000 });
});

test('a list that shrank under the scroll position gives an empty window, not a wrong one', () => {
  assert.deepEqual(listWindow(50_000, 300, 30, 10, 5), { first: 10, end: 10 });
  assert.deepEqual(listWindow(0, 300, 30, 0, 5), { first: 0, end: 0 });
});

test('the pages of a window are those that hold its rows', () => {
  assert.deepEqual(pagesOf({ first: 190, end: 410 }, 200), [0, 1, 2]);
  assert.deepEqual(pagesOf({ first: 200, end: 400 }, 200), [1]);
  assert.deepEqual(pagesOf({ first: 5, end: 5 }, 200), []);
});

test('the list scrolls only as far as is needed to see a row', () => {
  assert.equal(scrollToSee(2, 0, 300, 30), 0);
  assert.equal(scrollToSee(10, 0, 300, 30), 30);
  assert.equal(scrollToSee(0, 90, 300, 30), 0);
});
