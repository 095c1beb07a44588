import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PixelSeries } from '../pixels.ts';
import { traceSeries } from './draw.ts';
import { badStretches, drawnExtent, extentIn, hasSamples, readingAt, type ChartSeries, type TailSample } from './series.ts';

type Column = { first: number; min?: number; max?: number; last?: number; count?: number; bad?: number; endsBad?: boolean } | 'bad' | null;

// Columns of 10 ms from 0 on; a lone sample stands in the middle of its column, several at 2 and 8 ms.
function series(columns: Column[], options: { step?: boolean; before?: number; tail?: TailSample[] } = {}): ChartSeries {
  const pick = (value: (column: Exclude<Column, string | null>, i: number) => number) =>
    Float64Array.from(columns, (column, i) => (column === null || column === 'bad' ? Number.NaN : value(column, i)));
  const count = (column: Column) => (column === null ? 0 : column === 'bad' ? 1 : (column.count ?? 1) + (column.bad ?? 0));
  const many = (column: Exclude<Column, string | null>) => (column.count ?? 1) > 1;
  const data: PixelSeries = {
    tag: 1,
    step: options.step ?? false,
    before: options.before === undefined ? null : { value: options.before, quality: 0 },
    first: pick((c) => c.first),
    min: pick((c) => c.min ?? c.first),
    max: pick((c) => c.max ?? c.first),
    last: pick((c) => c.last ?? c.first),
    firstTime: pick((c, i) => i * 10 + (many(c) ? 2 : 5)),
    lastTime: pick((c, i) => i * 10 + (many(c) ? 8 : 5)),
    count: Uint32Array.from(columns, count),
    bad: Uint32Array.from(columns, (c) => (c === 'bad' ? 1 : c === null ? 0 : (c.bad ?? 0))),
    endsBad: Uint32Array.from(columns, (c) => Number(c === 'bad' || (c !== null && !!c.endsBad))),
  };
  return { data, from: 0, to: columns.length * 10, tail: options.tail ?? [] };
}

// One pixel per millisecond; y upwards negative as on a canvas.
function trace(of: ChartSeries, now = of.to): { line: string; bands: number[][] } {
  let line = '';
  const bands: number[][] = [];
  traceSeries(of, { x: (ms) => ms, y: (value) => -value, now }, {
    line: { moveTo: (x, y) => (line += `M${x},${-y} `), lineTo: (x, y) => (line += `L${x},${-y} `) },
    band: { rect: (x, y, w, h) => void bands.push([x, -y, w, h]) },
    dot: () => undefined,
  });
  return { line: line.trim(), bands };
}

test('a line joins its samples, also over empty columns', () => {
  assert.equal(trace(series([{ first: 1 }, null, { first: 3 }])).line, 'M5,1 L25,3');
});

test('a step holds its value until the next sample and until now, not beyond', () => {
  assert.equal(trace(series([{ first: 1 }, null, { first: 3 }, null], { step: true }), 35).line, 'M5,1 L25,1 L25,3 L35,3');
});

test('a step that began before the chart is drawn from its left edge', () => {
  assert.equal(trace(series([null, { first: 3 }], { step: true, before: 7 })).line, 'M0,7 L15,7 L15,3 L20,3');
});

test('bad quality lifts the pen: a gap, never a bridge', () => {
  assert.equal(trace(series([{ first: 1 }, 'bad', { first: 3 }])).line, 'M5,1 M25,3');
  assert.equal(trace(series([{ first: 1 }, 'bad', { first: 3 }], { step: true })).line, 'M5,1 L10,1 M25,3 L30,3');
  assert.equal(trace(series([{ first: 1, endsBad: true, bad: 1 }, null, { first: 3 }])).line, 'M5,1 M25,3');
});

test('a column of many samples is entered at its first, left at its last, with a band over its extent', () => {
  const { line, bands } = trace(series([{ first: 1 }, { first: 2, min: -5, max: 9, last: 4, count: 50 }, { first: 3 }]));
  assert.equal(line, 'M5,1 L12,2 L18,4 L25,3');
  assert.deepEqual(bands, [[10, 9, 10, 14]]);
});

test('the band of a summary reaches as far as the samples it was made of', () => {
  const of = series([null, { first: 2, min: -5, max: 9, last: 4, count: 50 }, null, null, { first: 3 }]);
  of.data.lastTime[1] = 39;
  const { line, bands } = trace(of);
  assert.equal(line, 'M12,2 L39,4 L45,3');
  assert.deepEqual(bands, [[10, 9, 29, 14]]);
});

test('columns in view hold samples or not', () => {
  const of = series([{ first: 1 }, null, null, 'bad']);
  assert.deepEqual([[0, 40], [0, 10], [10, 30], [15, 31], [-20, -5], [45, 60]].map(([from, to]) => hasSamples(of, from!, to!)),
    [true, true, false, true, false, false]);
});

test('live samples go on where the columns end; what the columns hold already is not drawn twice', () => {
  const tail = [{ ms: 5, value: 1, bad: false }, { ms: 22, value: 2, bad: false }, { ms: 24, value: 0, bad: true }, { ms: 28, value: 3, bad: false }];
  assert.equal(trace(series([{ first: 1 }, null], { tail })).line, 'M5,1 L22,2 M28,3');
});

test('the extent in view counts what is held from before', () => {
  const of = series([{ first: 50 }, null, { first: 3, min: 1, max: 8, count: 4, last: 3 }], { step: true });
  assert.deepEqual(extentIn(of, 10, 30), { min: 1, max: 50 });
  assert.deepEqual(extentIn(series([{ first: 50 }, null, { first: 3 }]), 20, 30), { min: 3, max: 3 });
  assert.equal(extentIn(series([null, null]), 0, 20), null);
});

test('a line that leaves the view between its samples does not run out of the scale', () => {
  // 10 at 5 ms, 30 at 45 ms: half a unit per ms, so 12.5 at 10 ms and 20 at 25 ms.
  const columns: Column[] = [{ first: 10 }, null, null, null, { first: 30 }];
  assert.deepEqual(drawnExtent(series(columns), 0, 25), { min: 10, max: 20 });
  assert.deepEqual(drawnExtent(series(columns), 10, 25), { min: 10, max: 20 });
  assert.deepEqual(extentIn(series(columns), 0, 25), { min: 10, max: 10 }, 'what was measured is another thing');
  assert.deepEqual(drawnExtent(series([{ first: 10 }, null, 'bad', null, { first: 30 }]), 0, 15), { min: 10, max: 10 }, 'no line over a gap');
  assert.deepEqual(drawnExtent(series([{ first: 10 }, null], { tail: [{ ms: 25, value: 20, bad: false }] }), 0, 15), { min: 10, max: 15 });
  assert.deepEqual(drawnExtent(series(columns, { step: true }), 0, 25), { min: 10, max: 10 });
});

test('a reading is that of its column, or of the sample before', () => {
  const of = series([{ first: 1 }, null, { first: 2, min: 0, max: 9, last: 4, count: 5 }, 'bad']);
  assert.deepEqual(readingAt(of, 12), { ms: 5, value: 1, bad: false, span: null });
  assert.deepEqual(readingAt(of, 21), { ms: 28, value: 4, bad: false, span: { min: 0, max: 9 } });
  assert.equal(readingAt(of, 33)!.bad, true);
  assert.equal(readingAt(series([null, { first: 2 }]), 5), null);
});

test('stretches of bad quality run from the last good sample to the next', () => {
  assert.deepEqual(badStretches(series([{ first: 1, endsBad: true, bad: 1 }, null, { first: 3 }, 'bad', null]), 50), [
    { from: 5, to: 25 },
    { from: 30, to: 50 },
  ]);
});

test('what lies out of view is not drawn, but the line comes from its nearest sample and goes to its nearest', () => {
  const of = series([{ first: 1 }, { first: 2 }, null, { first: 3 }, { first: 4 }, null, { first: 5 }, { first: 6 }]);
  let line = '';
  traceSeries(of, { x: (ms) => ms, y: (value) => -value, now: 80, left: 30, right: 50 }, {
    line: { moveTo: (x, y) => (line += `M${x},${-y} `), lineTo: (x, y) => (line += `L${x},${-y} `) },
    band: { rect: () => undefined },
    dot: () => undefined,
  });
  // In view are 35 and 45 ms; before them the sample at 15 ms, after them that at 65 ms.
  assert.equal(line, 'M15,2 L35,3 L45,4 L65,5 ');
});
