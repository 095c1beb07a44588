import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyTerms, formOf, linesOf, termsOf, type TermsForm } from './licence-terms.ts';

const TODAY = '2026-11-26';
const OF = { licence: 'l-1', asset: 'p-1', payer: 'firm' };
const form = (more: Partial<TermsForm>): TermsForm => ({ ...emptyTerms(TODAY), ...more });

// The fields are those of docs/reference/settlement.md.
test('the usual terms are written as the settlement reads them', () => {
  assert.equal(termsOf(form({}), OF), null);
  assert.deepEqual(termsOf(form({ kind: 'free' }), OF),
    { licence: 'l-1', asset: 'p-1', payer: 'firm', version: '1', currency: 'CNY', usage: 'amount', gaps: 'hold', free: true });
  assert.deepEqual(termsOf(form({ kind: 'fixed', fee: '100000.00', due: '2027-01-01' }), OF),
    { licence: 'l-1', asset: 'p-1', payer: 'firm', version: '1', currency: 'CNY', usage: 'amount', gaps: 'hold',
      fees: [{ id: 'fee', due: '2027-01-01T00:00:00Z', amount: '100000.00' }] });
  assert.deepEqual(termsOf(form({ kind: 'running', usage: 'quantity', digits: 3, tiers: [{ from: '0', rate: '3.50' }, { from: '1000.5', rate: '3' }],
    minimum: '1000.00', guarantee: '20000.00', guaranteed: '2027-07-01', gaps: 'estimate', withholding: '10 %' }), OF),
  { licence: 'l-1', asset: 'p-1', payer: 'firm', version: '1', currency: 'CNY', usage: 'quantity', gaps: 'estimate', quantity_digits: 3,
    tiers: [{ from: '0', rate: '3.50' }, { from: '1000.5', rate: '3' }], period_minimum: '1000.00',
    guarantees: [{ due: '2027-07-01T00:00:00Z', total: '20000.00' }], withholding: '10 %' });
});

test('terms that the form can show come back as they were, all others stay JSON', () => {
  for (const one of [form({ kind: 'free' }), form({ kind: 'fixed', fee: '1.00', withholding: '10 %' }),
    form({ kind: 'running', tiers: [{ from: '0', rate: '7 %' }, { from: '1000.00', rate: '5 %' }], vat: '13 %', minimum: '5.00' })]) {
    assert.deepEqual(formOf(termsOf(one, OF), TODAY), one);
  }
  const milestones = { ...termsOf(form({ kind: 'fixed', fee: '1.00' }), OF)!, milestones: [{ id: 'first-heat', amount: '2.00' }] };
  const shown = formOf(milestones, TODAY);
  assert.equal(shown.kind, 'other');
  assert.deepEqual(termsOf(shown, OF), milestones);
});

test('the terms are said in sentences', () => {
  assert.deepEqual(linesOf(form({ kind: 'running', tiers: [{ from: '0', rate: '7 %' }], guarantee: '5.00' })).map((line) => line.word),
    ['licences.says.tier', 'licences.says.guarantee']);
  assert.equal(linesOf(form({ kind: 'running', usage: 'quantity', tiers: [{ from: '0', rate: '3' }] }))[0]!.params.rate, '3 CNY');
  assert.deepEqual(linesOf(form({ kind: 'other' })), []);
});
