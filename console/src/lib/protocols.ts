// What can be set of each protocol, as the server tells it: forms and tables of signals follow from it.
import { getJson } from './api.ts';
import type { Connection, ProtocolKind } from './types.ts';

let loading: Promise<ProtocolKind[]> | null = null;

/** The protocols of this server; asked for once. */
export function loadProtocols(): Promise<ProtocolKind[]> {
  loading ??= getJson<{ items: ProtocolKind[] }>('/protocols').then((answer) => answer.items);
  loading.catch(() => (loading = null));
  return loading;
}

/** What the settings of a new connection begin with. */
export function defaultSettings(kind: ProtocolKind): Record<string, unknown> {
  return Object.fromEntries(kind.settings.map((field) => [field.name, field.default ?? (field.kind === 'text' || field.kind === 'secret' ? '' : null)]));
}

/** The form is filled in: nothing required is empty, every number is in its range. */
export function settingsReady(kind: ProtocolKind, settings: Record<string, unknown>): boolean {
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
