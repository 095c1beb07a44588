import assert from 'node:assert/strict';
import { test } from 'node:test';
import { picture } from './flow-picture.ts';
import type { Flow } from './flows.ts';

const flow = (id: number, sources: [string, number][]) => ({ id, status: { sources: sources.map(([connection, tags]) => ({ connection, tags })) } }) as unknown as Flow;
const machine = (id: number, name: string, rate: number, state = 'connected') => ({ id, name, status: { values_per_second: rate, state } }) as never;

test('the busiest connections come first, each tied to the flows that use it', () => {
  const { sources, edges } = picture([flow(1, [['press', 3], ['oven', 2]]), flow(2, [['oven', 1]])], [machine(1, 'press', 5), machine(2, 'oven', 9, 'retrying'), machine(3, 'unused', 99)]);
  assert.deepEqual(sources.map((one) => [one.key, one.rate, one.trouble]), [['oven', 9, true], ['press', 5, false]]);
  assert.deepEqual(edges, [{ source: 'oven', flow: 1 }, { source: 'oven', flow: 2 }, { source: 'press', flow: 1 }]);
});

test('of many connections those with fewer values stand together', () => {
  const names = Array.from({ length: 30 }, (_, i) => `m${i}`);
  const { sources, edges } = picture([flow(1, names.map((name) => [name, 1]))], names.map((name, i) => machine(i + 1, name, 30 - i)));
  assert.equal(sources.length, 8);
  assert.deepEqual(sources.at(-1)!.names.length, 23);
  assert.equal(sources.at(-1)!.rate, 276); // 23 + 22 + ... + 1
  assert.equal(edges.length, 8);
});

test('programs, files and connections that are gone are one source without a name', () => {
  const { sources, edges } = picture([flow(1, [['', 3], ['gone', 2]])], []);
  assert.deepEqual(sources.map((one) => one.names), [[]]);
  assert.equal(edges.length, 1);
});
