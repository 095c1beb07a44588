import assert from 'node:assert/strict';
import { test } from 'node:test';
import { licenceStage, piecesOf, stageOf, type KeptAgreement, type Licence } from './cooperation.ts';

const told = (before: string, after: string): string =>
  piecesOf(before, after).map(({ text, kind }) => (kind === 'same' ? text : kind === 'added' ? `+${text}+` : `-${text}-`)).join('');

test('two texts are compared word by word', () => {
  assert.equal(told('shown 45 days before', 'shown 60 days before'), 'shown -45-+60+ days before');
  assert.equal(told('', 'new'), '+new+');
  assert.equal(told('old', ''), '-old-');
  assert.equal(told('the same.', 'the same.'), 'the same.');
  assert.equal(told('weight 45; end', 'weight 45; more; end'), 'weight 45; +more; +end');
});

test('Chinese texts are compared character by character', () => {
  assert.equal(told('全部成果归甲方所有', '全部成果归乙方所有'), '全部成果归-甲-+乙+方所有');
});

test('either side of a comparison can be read off it', () => {
  const [before, after] = ['a b c d e f', 'x b d c f g'];
  const pieces = piecesOf(before, after);
  assert.equal(pieces.filter((one) => one.kind !== 'added').map((one) => one.text).join(''), before);
  assert.equal(pieces.filter((one) => one.kind !== 'removed').map((one) => one.text).join(''), after);
});

test('a version is a draft, approved, in force or replaced', () => {
  const kept = (more: Partial<KeptAgreement>) => stageOf({ signers: ['a', 'b'], approvals: [], in_force: null, current: false, ...more } as KeptAgreement);
  const word = { party: 'a', time: '', by: '' };
  assert.equal(kept({ approvals: [word] }), 'draft');
  assert.equal(kept({ approvals: [word, word] }), 'approved');
  assert.equal(kept({ in_force: '2026-01-01T00:00:00Z', current: true }), 'in_force');
  assert.equal(kept({ in_force: '2026-01-01T00:00:00Z' }), 'replaced');
});

test('a licence runs from its first day until the earlier of its ends', () => {
  const stage = (more: Partial<Licence>) => licenceStage({ status: 'signed', from: '2026-01-01', to: null, ended_on: null, ...more } as Licence, '2026-06-01');
  assert.equal(stage({ status: 'draft' }), 'draft');
  assert.equal(stage({}), 'running');
  assert.equal(stage({ from: '2026-06-02' }), 'coming');
  assert.equal(stage({ to: '2026-06-01' }), 'ended');
  assert.equal(stage({ to: '2026-06-02' }), 'running');
  assert.equal(stage({ to: '2030-01-01', ended_on: '2026-05-01' }), 'ended');
});
