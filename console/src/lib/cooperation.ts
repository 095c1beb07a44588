// Projects, agreements and licences as the API has them, and in the terms of a page. Pure.
import type { Party, Share } from './types.ts';

export type Answer = 'invited' | 'accepted' | 'declined';
export type EntryKind = 'background' | 'result' | 'contribution';
export type ContributionKind = 'people' | 'money' | 'equipment' | 'data';
export const ENTRY_KINDS: readonly EntryKind[] = ['background', 'contribution', 'result'];
export const CONTRIBUTION_KINDS: readonly ContributionKind[] = ['people', 'money', 'equipment', 'data'];

export interface ProjectEntry {
  sequence: number;
  kind: EntryKind;
  party: string;
  asset: string;
  text: string;
  restrictions: string;
  contribution: ContributionKind | null;
  amount: string;
  document: string;
  data: { tag: string; from: string; to: string; samples: number; sha256: string } | null;
  recorded: string;
  recorded_by: string;
  withdrawn: string | null;
  withdrawn_by: string;
}

export interface Project {
  id: string;
  title: string;
  lead: string;
  from: string;
  to: string | null;
  version: number;
  parties: string[];
  answers: { party: string; answer: Answer; time: string | null; by: string }[];
  entries: ProjectEntry[];
}

export type ResultsOwner = 'contributor' | 'joint' | 'centre';
export type LicenceBack = 'none' | 'ordinary' | 'exclusive';
export type Access = 'none' | 'fair' | 'royalty_free';
export type ConsentRule = 'all' | 'majority';

export interface AgreementTerms {
  results: { owner: ResultsOwner; centre: string; licence_back: LicenceBack; fields: string[] };
  background: { project: Access; use: Access };
  publication: { days: number };
  exit: { days: number; keeps_access: boolean };
  consent: { rule: ConsentRule; more_than: string };
  money: { currency: string };
  law: { country: string; forum: string };
}

export interface Clause {
  id: string;
  title: string;
  text: string;
}

export interface Side {
  party: string;
  name: string;
  weight: number;
}

export interface Agreement {
  id: string;
  version: number;
  project: string;
  title: string;
  language: 'en' | 'zh';
  model: string;
  from: string;
  to: string | null;
  sides: Side[];
  terms: AgreementTerms;
  clauses: Clause[];
}

export interface Approval {
  party: string;
  time: string;
  by: string;
}

export interface AgreementSignature extends Approval {
  key: string;
  public_key: string;
  signature: string;
}

export interface KeptAgreement {
  id: string;
  version: number;
  agreement: Agreement;
  text: string;
  digest: string;
  signers: string[];
  approvals: Approval[];
  signatures: AgreementSignature[];
  made: string;
  made_by: string;
  in_force: string | null;
  newest: boolean;
  current: boolean;
}

export interface AgreementModel {
  id: string;
  name: { en: string; zh: string };
  terms: AgreementTerms;
}

export interface ClauseDifference {
  clause: string;
  change: 'same' | 'changed' | 'added' | 'removed';
  before: Clause | null;
  after: Clause | null;
}

export interface ShareChange {
  sequence: number;
  agreement: string;
  asset: string;
  from: string;
  shares: Share[];
  digest: string;
  proposed: string;
  proposed_by: string;
  consents: Approval[];
  missing: string[];
}

export interface SigningKey {
  id: string;
  public_key: string;
  user: number;
  owner: string;
  label: string;
  registered: string;
  revoked: string | null;
}

/** Clauses whose sentences follow from the terms. */
export const STANDARD_CLAUSES: readonly string[] = ['parties', 'term', 'results', 'background', 'publication', 'exit', 'consent', 'money', 'law'];

export type Stage = 'draft' | 'approved' | 'in_force' | 'replaced';

/** Where a version stands. */
export function stageOf(kept: KeptAgreement): Stage {
  if (kept.current) return 'in_force';
  if (kept.in_force) return 'replaced';
  return kept.approvals.length === kept.signers.length ? 'approved' : 'draft';
}

/** The name that an agreement or the register has for a party. */
export const called = (kept: KeptAgreement, parties: readonly Party[], id: string): string =>
  kept.agreement.sides.find((side) => side.party === id)?.name ?? parties.find((party) => party.id === id)?.name ?? id;

export interface Piece {
  text: string;
  kind: 'same' | 'added' | 'removed';
}

const PIECES_MAX = 4_000_000; // cells of the table of two clauses; beyond, the whole text is one piece

/** Words, blanks and signs of a text; every Chinese character is one by itself. */
const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]+|\s+|[^]/gu)?.flatMap((word) =>
  (/\p{Script=Han}/u.test(word) ? [...word] : [word])) ?? [];

/** What of two texts stayed, came and went: a longest common subsequence of their words. */
export function piecesOf(before: string, after: string): Piece[] {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  if (a.length * b.length > PIECES_MAX) return [{ text: before, kind: 'removed' }, { text: after, kind: 'added' }];
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1]! + 1
        : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const pieces: Piece[] = [];
  const add = (text: string, kind: Piece['kind']): void => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else pieces.push({ text, kind });
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      add(a[i++]!, 'same');
      j++;
    } else if (j >= b.length || (i < a.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)) {
      add(a[i++]!, 'removed');
    } else add(b[j++]!, 'added');
  }
  return pieces;
}

// --- licences ---

export type LicenceKind = 'exclusive' | 'sole' | 'ordinary' | 'open' | 'cross' | 'pool' | 'internal';
export const LICENCE_KINDS: readonly LicenceKind[] = ['exclusive', 'sole', 'ordinary', 'open', 'cross', 'pool', 'internal'];

export interface Licence {
  id: string;
  kind: LicenceKind;
  licensors: string[];
  licensees: string[];
  assets: string[];
  fields: string[];
  territories: string[];
  from: string;
  to: string | null;
  sublicensable: boolean;
  audit_right: boolean;
  most_favoured: boolean;
  parent: string;
  consent: string;
  terms: Record<string, unknown> | null;
  status: 'draft' | 'signed';
  version: number;
  ended_on: string | null;
  digest: string;
  approvals: Approval[];
}

export interface Conflict {
  kind: string;
  asset: string;
  licence: string;
  why: string;
}

export const sidesOf = (licence: Licence): string[] => [...new Set([...licence.licensors, ...licence.licensees])].sort();

/** Where a licence stands on a day. */
export function licenceStage(licence: Licence, today: string): 'draft' | 'coming' | 'running' | 'ended' {
  if (licence.status === 'draft') return 'draft';
  if (licence.from > today) return 'coming';
  const end = [licence.to, licence.ended_on].filter((day) => day !== null).sort()[0];
  return end !== undefined && end <= today ? 'ended' : 'running';
}
