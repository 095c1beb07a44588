// The audit trail as the API gives it, and what the page makes of it.

export interface AuditEntry {
  id: number;
  time: string;
  actor: string;
  actor_kind: string;
  actor_id: number;
  door: string;
  address: string;
  request: string;
  action: string;
  object: string;
  detail: string;
  before: unknown;
  after: unknown;
  result: string;
}

export interface AuditPage {
  items: AuditEntry[];
  next: number | null;
}

export interface AuditStatus {
  entries: number;
  verified: number;
  removed_through: number;
  keep_months: number;
  trouble: string;
  key: string;
  checkpoint: string | null;
  witnesses: { name: string; key: string; size: number | null; time: string | null }[];
}

export interface AuditFeed {
  id: number;
  kind: string;
  host: string;
  port: number;
  path: string;
  position: number;
}

/** What the address of the page may hold. */
export const AUDIT_FILTERS = ['text', 'actor', 'action', 'object', 'result', 'from', 'to'] as const;
export const AUDIT_RESULTS = ['done', 'refused', 'failed'] as const;
export const AUDIT_FEED_KINDS = ['syslog-tls', 'syslog-tcp', 'https'] as const;
/** Where somebody came in; entries of old versions do not say. */
export const AUDIT_DOORS = ['console', 'api', 'cli', 'flow', 'server'] as const;

/** The query of the API for the filters of the address. */
export function auditQuery(query: URLSearchParams): Record<string, string> {
  const asked: Record<string, string> = {};
  for (const name of AUDIT_FILTERS) {
    const value = query.get(name)?.trim() ?? '';
    if (value === '') continue;
    const isTime = name === 'from' || name === 'to';
    const ms = isTime ? new Date(value).getTime() : 0;
    if (!Number.isFinite(ms)) continue;
    asked[name] = isTime ? new Date(ms).toISOString() : value;
  }
  return asked;
}

export interface ChangedField {
  name: string;
  before: string | null; // null: it was not there
  after: string | null;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const inText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Before and after as lines, one a field. Objects inside are opened once: "tls.server_name". */
export function changedFields(before: unknown, after: unknown): ChangedField[] {
  const flat = (value: unknown): Map<string, string> => {
    const fields = new Map<string, string>();
    if (!isObject(value)) {
      if (value !== null && value !== undefined && value !== '') fields.set('', inText(value));
      return fields;
    }
    for (const [name, one] of Object.entries(value)) {
      if (!isObject(one)) fields.set(name, inText(one));
      else for (const [inner, deep] of Object.entries(one)) fields.set(`${name}.${inner}`, inText(deep));
    }
    return fields;
  };
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((name) => ({ name, before: old.get(name) ?? null, after: now.get(name) ?? null }))
    .filter((field) => field.before !== field.after);
}
