import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grantsDifference, placesOf, tidyGrants } from './access.ts';
import type { Grant } from './types.ts';

const grant = (role: Grant['role'], place = '*'): Grant => ({ role, place });

test('an empty place is the whole organisation, slashes around a path say nothing, and each grant counts once', () => {
  assert.deepEqual(tidyGrants([grant('viewer', ' '), grant('operator', '/nf/melt/'), grant('viewer'), grant('operator', 'nf/melt')]),
    [grant('viewer'), grant('operator', 'nf/melt')]);
});

test('a difference tells what comes and what goes', () => {
  assert.deepEqual(grantsDifference([grant('viewer'), grant('operator', 'a')], [grant('operator', 'a'), grant('operator', 'b')]),
    { added: [grant('operator', 'b')], removed: [grant('viewer')] });
  assert.deepEqual(grantsDifference([grant('viewer')], [grant('viewer')]), { added: [], removed: [] });
});

test('places are the levels above tags, the wide ones first', () => {
  assert.deepEqual(placesOf(['nf/melt/eaf1/power', 'nf/rolling/speed']), ['nf', 'nf/melt', 'nf/rolling', 'nf/melt/eaf1']);
});
