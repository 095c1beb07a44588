import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addItems, commonLevels, hasOpenEnds, keyOf, newTree, proposeSignals, rowsOf, signalsBelow, tickOf } from './browse.ts';
import type { BrowseItem } from './types.ts';

const item = (path: string, isSignal = true, has_more = false): BrowseItem => ({
  levels: path.split('/'), node: `n=${path}`, has_more, type: isSignal ? 'Double' : '', signal: isSignal ? { path } : null,
});
function plant() {
  const root = newTree();
  addItems(root, [item('hall', false, true), item('hall/press', false, true), item('hall/press/force'), item('hall/press/speed'), item('hall/oven/heat')], 32);
  return root;
}
const names = (root = plant(), opened: string[] = [], text = '') =>
  rowsOf(root, new Set(opened.map((path) => path.split('/').join('\u0000'))), text).map((row) => row.node.levels.join('/'));

test('a tree is made of paths, with folders that nobody named', () => {
  const root = plant();
  assert.deepEqual(signalsBelow(root).map((node) => node.levels.join('/')), ['hall/press/force', 'hall/press/speed', 'hall/oven/heat']);
  assert.equal(hasOpenEnds(root), false);
});

test('what was asked one level deep has open ends, which a later answer fills', () => {
  const root = newTree();
  addItems(root, [item('hall', false, true)], 1);
  assert.equal(hasOpenEnds(root), true);
  const hall = root.children[0]!;
  addItems(hall, [item('press', false, true), item('heat')], 1);
  assert.deepEqual(signalsBelow(root).map((node) => node.levels), [['hall', 'heat']]);
  addItems(hall.children[0]!, [], 1);
  assert.equal(hasOpenEnds(root), false);
});

test('rows are those of opened folders; a search shows the way to what it finds', () => {
  assert.deepEqual(names(), ['hall']);
  assert.deepEqual(names(plant(), ['hall']), ['hall', 'hall/press', 'hall/oven']);
  assert.deepEqual(names(plant(), [], 'HEAT'), ['hall', 'hall/oven', 'hall/oven/heat']);
  assert.deepEqual(names(plant(), [], 'nothing'), []);
});

test('a folder is ticked as its signals are', () => {
  const root = plant();
  const [force, speed, heat] = signalsBelow(root).map(keyOf);
  const press = root.children[0]!.children[0]!;
  assert.equal(tickOf(press, new Set()), 'none');
  assert.equal(tickOf(press, new Set([force!])), 'some');
  assert.equal(tickOf(press, new Set([force!, speed!, heat!])), 'all');
  press.isOpenEnded = true;
  assert.equal(tickOf(press, new Set([force!, speed!])), 'some', 'there may be more below');
});

test('paths are proposed below the place, without what all have in common, and never twice', () => {
  const nodes = signalsBelow(plant());
  assert.equal(commonLevels(nodes), 1);
  assert.deepEqual(proposeSignals(nodes, ' acme / line 2 ', new Set(['acme/line 2/oven/heat'])).map((signal) => signal.path),
    ['acme/line 2/press/force', 'acme/line 2/press/speed', 'acme/line 2/oven/heat 2']);
  assert.deepEqual(proposeSignals(nodes.slice(0, 1), 'acme/x', new Set()).map((signal) => signal.path), ['acme/x/force']);
  const deep = newTree();
  addItems(deep, [item(Array.from({ length: 20 }, (_, i) => `l${i}`).join('/')), item('a/b')], 32);
  const [path] = proposeSignals(signalsBelow(deep), 'acme/x', new Set()).map((signal) => signal.path);
  assert.equal(path!.split('/').length, 12);
  assert.ok(path!.endsWith('/l18/l19'));
});

test('levels that cannot stand in a path are made fit', () => {
  const root = newTree();
  addItems(root, [{ ...item('x'), levels: ['Zone 1/2', ' T\n'] }, item('y/z')], 32);
  assert.deepEqual(proposeSignals(signalsBelow(root), 'a/b', new Set()).map((signal) => signal.path), ['a/b/Zone 1-2/T-', 'a/b/y/z']);
});
