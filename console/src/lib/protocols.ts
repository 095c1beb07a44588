// What can be set of each protocol, as the server tells it: forms and tables of signals follow from it.
import { getJson } from './api.ts';
import type { Connection, FieldSpec, ProtocolKind } from './types.ts';

let loading: Promise<ProtocolKind[]> | null = null;

/** The protocols of this server; asked for once. */
export function loadProtocols(): Promise<ProtocolKind[]> {
  loading ??= getJson<{ items: ProtocolKind[] }>('/protocols').then((answer) => answer.items);
  loading.catch(() => (loading = null));
  return loading;
}

/** What the settings of a new connection begin with. */
export function defaultSettings(kind: Pick<ProtocolKind, 'settings'>): Record<string, unknown> {
  return Object.fromEntries(kind.settings.map((field) => [field.name, field.default ?? (field.kind === 'text' || field.kind === 'secret' ? '' : null)]));
}

// Settings that mean nothing while another one is as it is.
const WANTED: [RegExp, (settings: Record<string, unknown>) => boolean][] = [
  [/^tls_/, (settings) => settings.tls === true],
  [/^(user_name|password|allow_clear_password)$/, (settings) => !('user' in settings) || settings.user === 'user-name'],
  [/^user_(certificate|key)_pem$/, (settings) => settings.user === 'certificate'],
];
export const isWanted = (field: FieldSpec, settings: Record<string, unknown>): boolean =>
  field.kind !== 'json' && WANTED.every(([name, wanted]) => !name.test(field.name) || wanted(settings));

/** Text of several lines: certificates and keys. */
export const isLong = (field: FieldSpec): boolean => /_pem$|^tls_(trusted|certificate|key)$/.test(field.name);

/** The form is filled in: nothing required is empty, every number is in its range. */
export function settingsReady(kind: Pick<ProtocolKind, 'settings'>, settings: Record<string, unknown>): boolean {
  return kind.settings.every((field) => {
    const value = settings[field.name];
    if (value === null || value === undefined || value === '') return !field.required && field.kind !== 'integer';
    if (field.kind !== 'integer') return true;
    return Number.isInteger(value) && Number(value) >= (field.min ?? -Infinity) && Number(value) <= (field.max ?? Infinity);
  });
}

/** Where a machine is, in a line. */
export function addressOf(connection: Pick<Connection, 'settings'>): string {
  const { host, port, url } = connection.settings;
  return url ? String(url) : `${String(host)}:${String(port)}`;
}
