// Grants in words: what somebody may do, where, and what a change would do.
import type { Grant, Role } from './types.ts';

export const EVERYWHERE = '*';

/** The permissions that can be given for a place, and those of the whole organisation or the server: docs/reference/permissions.md. */
export const AT_PLACES: readonly string[] = ['tag.read', 'tag.write', 'tag.manage', 'tag.write_history', 'tag.erase_history', 'connection.read', 'import.run'];
export const WHOLE: readonly string[] = ['connection.manage', 'user.read', 'user.manage', 'token.manage', 'certificate.manage', 'audit.read', 'audit.manage', 'retention.manage',
  'backup.run', 'storage.maintain', 'rights.read', 'rights.manage', 'ledger.read', 'settlement.manage', 'metrics.read', 'platform.manage'];

/** Of a change that waits for a second person; `user` null: the policy changes. */
export interface RightsRequest {
  id: number;
  asked_by: number;
  asked: string;
  expires: string;
  user: number | null;
  grants?: Grant[];
  policy?: RightsPolicy;
}
export interface RightsPolicy {
  two_persons: boolean;
  separate_auditor: boolean;
}
export interface Explanation {
  user: number;
  email: string;
  name: string;
  allowed: boolean;
  because: Grant[];
  missing: Role[];
  of_server: boolean;
  withheld: boolean;
}

const keyOf = (grant: Grant) => `${grant.role}@${grant.place}`;

/** Each once, in the order in which they were given. */
export function tidyGrants(grants: readonly Grant[]): Grant[] {
  const seen = new Set<string>();
  const kept = grants.map(({ role, place }) => ({ role, place: place.trim().replace(/^\/+|\/+$/g, '') || EVERYWHERE }));
  return kept.filter((grant) => !seen.has(keyOf(grant)) && seen.add(keyOf(grant)));
}

/** What comes and what goes. */
export function grantsDifference(before: readonly Grant[], after: readonly Grant[]): { added: Grant[]; removed: Grant[] } {
  const has = (list: readonly Grant[], grant: Grant) => list.some((other) => keyOf(other) === keyOf(grant));
  return { added: after.filter((one) => !has(before, one)), removed: before.filter((one) => !has(after, one)) };
}

/** The levels above tags, each once, those of few levels first: places that a role can be given for. */
export function placesOf(paths: readonly string[]): string[] {
  const places = new Set<string>();
  for (const path of paths) {
    const levels = path.split('/');
    for (let n = 1; n < levels.length; n++) places.add(levels.slice(0, n).join('/'));
  }
  return [...places].sort((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1));
}
