import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptAgreement, Licence, Project } from './cooperation.ts';
import { pairsOf, placesOf, type NetworkSources } from './network.ts';
import type { Party } from './types.ts';

const SOURCES: NetworkSources = {
  today: '2026-06-01',
  memberships: [
    { centre: 'hub', member: 'firm', tier: 'full', from: '2020-01-01', to: null },
    { centre: 'hub', member: 'mill', tier: 'full', from: '2020-01-01', to: '2026-06-01' },
    { centre: 'hub', member: 'late', tier: '', from: '2026-06-02', to: null },
  ],
  projects: [{ id: 'p', title: 'P', to: null, answers: [{ party: 'mill', answer: 'accepted' }, { party: 'firm', answer: 'accepted' }, { party: 'hub', answer: 'invited' }] },
    { id: 'over', title: 'O', to: '2026-01-01', answers: [{ party: 'x', answer: 'accepted' }, { party: 'y', answer: 'accepted' }] }] as Project[],
  agreements: [{ id: 'a', in_force: null, agreement: { title: 'A', sides: [{ party: 'hub' }, { party: 'mill' }] } }] as KeptAgreement[],
  licences: [{ id: 'l', status: 'signed', to: null, ended_on: null, licensors: ['mill'], licensees: ['firm'], assets: ['x'] },
    { id: 'd', status: 'draft', to: null, ended_on: null, licensors: ['mill'], licensees: ['hub'], assets: ['x'] },
    { id: 'e', status: 'signed', to: null, ended_on: '2026-05-01', licensors: ['mill'], licensees: ['hub'], assets: ['x'] }] as Licence[],
};

test('a pair is tied by what runs today, and by nothing that is only drafted, invited or over', () => {
  const told = pairsOf(SOURCES).map(({ a, b, ties }) => `${a} ${b}: ${ties.map((tie) => `${tie.kind} ${tie.id}${tie.to ? ` to ${tie.to}` : ''}`).join(', ')}`);
  assert.deepEqual(told, ['firm hub: membership hub', 'firm mill: project p, licence l to firm']);
});

test('an agreement ties all its sides once it is in force', () => {
  const agreements = [{ ...SOURCES.agreements[0]!, in_force: '2026-01-01T00:00:00Z' }];
  const pairs = pairsOf({ ...SOURCES, agreements });
  const pair = pairs.find((one) => one.a === 'hub' && one.b === 'mill')!;
  assert.deepEqual(pair.ties.map((tie) => tie.id), ['a']);
});

const party = (id: string, kind: Party['kind'] = 'organisation'): Party => ({ id, kind, name: id, country: '', region: '', field: '', version: 1 });

test('places are the same whatever the order of what was read, and nobody stands on another', () => {
  const parties = [party('hub', 'centre'), party('lab', 'centre'), party('firm'), party('mill'), party('late'), party('zoo')];
  const pairs = pairsOf(SOURCES);
  const places = placesOf(parties, pairs);
  assert.deepEqual(placesOf(parties.toReversed(), pairs.toReversed()), places);
  const seen = new Set(places.map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`));
  assert.equal(seen.size, parties.length);
  for (const { x, y } of places) assert.ok(Math.hypot(x, y) <= 1);
  assert.deepEqual(placesOf([], []), []);
});

test('who belongs to a centre stands nearer to it than to the one across', () => {
  const parties = [party('east', 'centre'), party('west', 'centre'), ...['a', 'b', 'c', 'd'].map((id) => party(id))];
  const member = (centre: string, id: string) => ({ centre, member: id, tier: '', from: '2020-01-01', to: null });
  const pairs = pairsOf({ ...SOURCES, projects: [], agreements: [], licences: [], memberships: [member('east', 'a'), member('west', 'b'), member('east', 'c'), member('west', 'd')] });
  const places = new Map(placesOf(parties, pairs).map((place) => [place.party.id, place]));
  const far = (x: string, y: string) => Math.hypot(places.get(x)!.x - places.get(y)!.x, places.get(x)!.y - places.get(y)!.y);
  for (const [id, own, other] of [['a', 'east', 'west'], ['b', 'west', 'east'], ['c', 'east', 'west'], ['d', 'west', 'east']] as const) {
    assert.ok(far(id, own) < far(id, other), id);
  }
});
