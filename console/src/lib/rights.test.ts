import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { refusalOf } from './refusal.ts';
import { dayText, EVENT_KINDS, familyTree, fractionText, nameOf, officeText, percentText, periodsOf, statusAfter, totalOf, type FamilyNode } from './rights.ts';
import type { Asset, EventKind, Ownership, Party } from './types.ts';

const entry = (sequence: number, from: string, corrects = 0): Ownership =>
  ({ sequence, from, corrects, shares: [], basis: 'b', document: '', recorded: '', recorded_by: '' });
const asset = (id: string, parent = ''): Asset =>
  ({ id, parent, kind: 'patent', title: id, family: 'f', office: 'CN', number: '', status: 'draft', version: 1 });

test('a share is an exact fraction in lowest terms', () => {
  assert.equal(fractionText(40, 60), '2/3');
  assert.equal(fractionText(25, 100), '1/4');
  assert.equal(fractionText(7, 7), '1');
  assert.equal(fractionText(333_333_333, 1_000_000_000_000), '333333333/1000000000000');
  assert.equal(totalOf([{ party: 'a', weight: 1 }, { party: 'b', weight: 2 }]), 3);
});

test('percent says when it is not exact, and never that a share is nothing', () => {
  assert.equal(percentText(60, 100, 'en-GB'), '60%');
  assert.equal(percentText(1, 8, 'en-GB'), '12.5%');
  assert.equal(percentText(2, 3, 'en-GB'), '≈ 66.67%');
  assert.equal(percentText(1, 10_000, 'en-GB'), '0.01%');
  assert.equal(percentText(1, 10_001, 'en-GB'), '< 0.01%');
  assert.equal(percentText(1, 1, 'zh-CN'), '100%');
});

test('a day is the same day in every zone', () => {
  assert.equal(dayText('2026-03-01', 'en-GB'), '01 Mar 2026');
  assert.equal(dayText('2026-03-01', 'zh-CN'), '2026年3月01日');
});

test('the status follows from events as the reference has it', () => {
  const table = readFileSync(join(import.meta.dirname, '../../../docs/reference/rights.md'), 'utf8').split('| event | status |')[1]!;
  const rows = [...table.matchAll(/^\| (`.+`) \| (?:`(\w+)`|stays[^|]*) \|$/gm)];
  const said = rows.flatMap(([, kinds, status]) => [...kinds!.matchAll(/`(\w+)`/g)].map(([, kind]) => [kind!, status ?? null] as const));
  assert.equal(said.length, EVENT_KINDS.length);
  for (const [kind, status] of said) assert.equal(statusAfter(kind as EventKind), status, kind);
});

test('offices are countries by name, or the two that are none', () => {
  const word = (key: string) => key;
  assert.equal(officeText('CN', 'en-GB', word), 'China');
  assert.equal(officeText('WO', 'en-GB', word), 'portfolio.office.WO');
  assert.equal(officeText('', 'en-GB', word), '');
});

test('who is not known by name has an id', () => {
  const party = { id: 'a', name: 'Firm A' } as Party;
  assert.deepEqual([nameOf([party], 'a'), nameOf([party], 'b')], ['Firm A', 'b']);
});

// The example of docs/reference/rights.md.
test('an entry counts until the next day of another, and a corrected one no longer', () => {
  const periods = periodsOf([entry(1, '2024-01-01'), entry(2, '2025-07-01'), entry(3, '2025-07-01', 2)]);
  assert.deepEqual(periods.map(({ entry: { sequence }, to, correctedBy }) => [sequence, to, correctedBy]),
    [[3, null, null], [2, null, 3], [1, '2025-07-01', null]]);
  assert.deepEqual(periodsOf([]), []);
});

test('an entry that is entered late still lies where its day is', () => {
  const periods = periodsOf([entry(1, '2025-01-01'), entry(2, '2024-01-01'), entry(3, '2026-01-01')]);
  assert.deepEqual(periods.map(({ entry: { sequence }, to }) => [sequence, to]), [[3, null], [1, '2026-01-01'], [2, '2025-01-01']]);
});

test('a family is a tree of what stems from what', () => {
  const shape = (nodes: FamilyNode[]): unknown[] => nodes.map((node) => [node.asset.id, ...shape(node.children)]);
  const assets = [asset('cn'), asset('wo', 'cn'), asset('us', 'wo'), asset('ep', 'wo'), asset('other', 'elsewhere')];
  assert.deepEqual(shape(familyTree(assets)), [['cn', ['wo', ['us'], ['ep']]], ['other']]);
});

test('a refusal stands at the field that the server names', () => {
  const problem = (detail: string) => ({ id: 'LS-1001', title: '', detail, remedy: '', status: 400 });
  assert.deepEqual(refusalOf(problem('date: 2027-01-01 has not come yet'), ['kind', 'date']), { field: 'date', text: '2027-01-01 has not come yet (LS-1001)' });
  assert.deepEqual(refusalOf(problem('shares[1]: weight: must be a whole number'), ['shares']), { field: 'shares', text: '[1] weight: must be a whole number (LS-1001)' });
  assert.equal(refusalOf(problem('version: is missing'), ['date']), null);
  assert.equal(refusalOf(problem("party 'a' is there with version 1"), ['id']), null);
});
