// Who works with whom on what: pairs of parties from memberships, projects, agreements and licences,
// and places for them that are the same at every look. Pure.
import type { KeptAgreement, Licence, Project } from './cooperation.ts';
import type { Membership, Party } from './types.ts';

export type TieKind = 'membership' | 'project' | 'agreement' | 'licence';
export const TIE_KINDS: readonly TieKind[] = ['membership', 'project', 'agreement', 'licence'];

export interface Tie {
  kind: TieKind;
  id: string; // of the project, agreement or licence; the tier of a membership
  text: string;
  /** Grants: from the first party of the pair to the second, or back; others have no direction. */
  to?: string;
}

export interface Pair {
  a: string; // a < b
  b: string;
  ties: Tie[];
}

export interface NetworkSources {
  memberships: readonly Membership[];
  projects: readonly Project[];
  agreements: readonly KeptAgreement[];
  licences: readonly Licence[];
  today: string;
}

export function pairsOf(sources: NetworkSources): Pair[] {
  const pairs = new Map<string, Pair>();
  const at = (one: string, other: string): Pair => {
    const [a, b] = one < other ? [one, other] : [other, one];
    const key = `${a} ${b}`;
    if (!pairs.has(key)) pairs.set(key, { a, b, ties: [] });
    return pairs.get(key)!;
  };
  const all = (ids: readonly string[], tie: Tie): void => {
    ids.forEach((one, i) => ids.slice(i + 1).forEach((other) => at(one, other).ties.push(tie)));
  };
  for (const { centre, member, tier, from, to } of sources.memberships) {
    if (from <= sources.today && (to === null || to > sources.today)) at(centre, member).ties.push({ kind: 'membership', id: centre, text: tier });
  }
  for (const project of sources.projects) {
    if (project.to !== null && project.to <= sources.today) continue;
    all(project.answers.filter((one) => one.answer === 'accepted').map((one) => one.party), { kind: 'project', id: project.id, text: project.title });
  }
  for (const { id, agreement, in_force: inForce } of sources.agreements) {
    if (inForce) all(agreement.sides.map((side) => side.party), { kind: 'agreement', id, text: agreement.title });
  }
  for (const licence of sources.licences) {
    if (licence.status !== 'signed' || [licence.to, licence.ended_on].some((day) => day !== null && day <= sources.today)) continue;
    for (const from of licence.licensors) {
      for (const to of licence.licensees) if (from !== to) at(from, to).ties.push({ kind: 'licence', id: licence.id, text: licence.assets.join(', '), to });
    }
  }
  return [...pairs.values()].sort((x, y) => (x.a === y.a ? (x.b < y.b ? -1 : 1) : x.a < y.a ? -1 : 1));
}

export interface Place {
  party: Party;
  x: number; // from -1 to 1, as y
  y: number;
}

const INNER = 0.42;
const OUTER = 0.92;
const at = (angle: number, radius: number): { x: number; y: number } => ({ x: Math.cos(angle) * radius, y: Math.sin(angle) * radius });

/**
 * Centres stand on an inner circle, everybody else on an outer one, each near those it is tied to: in
 * the order of the mean direction of its centres, so that few lines cross. Ties of order: by id.
 */
export function placesOf(parties: readonly Party[], pairs: readonly Pair[]): Place[] {
  const byId = (x: Party, y: Party): number => (x.id < y.id ? -1 : 1);
  const centres = parties.filter((party) => party.kind === 'centre').toSorted(byId);
  const others = parties.filter((party) => party.kind !== 'centre').toSorted(byId);
  const angles = new Map(centres.map((party, i) => [party.id, -Math.PI / 2 + (2 * Math.PI * i) / centres.length]));
  const direction = (party: Party): number => {
    let [x, y] = [0, 0];
    for (const { a, b, ties } of pairs) {
      const centre = a === party.id ? b : b === party.id ? a : '';
      const angle = angles.get(centre);
      if (angle === undefined) continue;
      x += Math.cos(angle) * ties.length;
      y += Math.sin(angle) * ties.length;
    }
    // Rounded, so that the last bits of a sum decide nothing. Who is tied to no centre comes last.
    if (Math.hypot(x, y) < 1e-6) return Infinity;
    const from = (Math.atan2(y, x) + Math.PI / 2 + 4 * Math.PI) % (2 * Math.PI);
    return Math.round(from * 1e6) / 1e6;
  };
  const directions = new Map(others.map((party) => [party.id, direction(party)]));
  const ordered = others.toSorted((x, y) => {
    const [a, b] = [directions.get(x.id)!, directions.get(y.id)!];
    return a === b ? byId(x, y) : a - b;
  });
  const radius = centres.length === 1 ? 0 : INNER;
  const start = -Math.PI / 2 - (ordered.length > 1 ? Math.PI / ordered.length : 0);
  return [
    ...centres.map((party) => ({ party, ...at(angles.get(party.id)!, radius) })),
    ...ordered.map((party, i) => ({ party, ...at(start + (2 * Math.PI * i) / ordered.length, OUTER) })),
  ];
}
