// Signals of a connection as lines of a table: read from pasted text, checked, and written back. Which
// columns say where a value lies is the protocol's matter.
import type { EnumEntry, FieldSpec, ProtocolKind, Signal } from './types.ts';

/** One line as it is typed, by the name of the column; empty means the default. */
export type SignalLine = Record<string, string>;

// What every protocol's signals have, behind the place of the value.
const COMMON: readonly string[] = [
  'unit', 'group', 'description', 'interpolation', 'range_low', 'range_high', 'deadband', 'writable', 'enum_set',
  'write_low', 'write_high', 'write_interval_ms', 'write_confirm',
];
const SHOWN: readonly string[] = ['unit', 'group', 'description'];
const LIMITS: readonly string[] = ['range_low', 'range_high', 'writable', 'write_low', 'write_high', 'write_interval_ms', 'write_confirm'];

/** Every column that a table of signals may have. */
export const columnsOf = (kind: ProtocolKind): string[] => ['path', ...kind.point.map((field) => field.name), ...COMMON];

/** Those that are typed into on the page, ranges and writing only when they are asked for; the others come with a pasted table. */
export const shownColumns = (kind: ProtocolKind, withLimits: boolean): string[] =>
  ['path', ...kind.point.filter((field) => !field.advanced).map((field) => field.name), ...(withLimits ? LIMITS : []), ...SHOWN];

/** Does a line say something in the columns of ranges and writing? */
export const hasLimits = (line: SignalLine): boolean => LIMITS.some((column) => (line[column] ?? '') !== '');

export const fieldOf = (kind: ProtocolKind, name: string): FieldSpec | undefined => kind.point.find((field) => field.name === name);

const requiredOf = (kind: ProtocolKind): string[] => ['path', ...kind.point.filter((field) => field.required).map((field) => field.name)];

// Other heads that people's tables have for the same thing.
const ALIASES: Record<string, string> = {
  name: 'path', signal: 'path', tag: 'path', register: 'address', datatype: 'type', data_type: 'type', word_order: 'order',
  byte_order: 'order', factor: 'scale', comment: 'description', slave: 'unit_id', low: 'range_low', high: 'range_high', enum: 'enum_set',
};

export interface LineProblem {
  field: string;
  key: string; // the words are signal.wrong.<key>
  params?: Record<string, string | number>;
}

// What most signals of a protocol are, where it is none of their words' first.
const USUAL: Record<string, SignalLine> = { 'modbus-tcp': { area: 'holding', type: 'uint16' } };

export const emptyLine = (kind: ProtocolKind): SignalLine => Object.fromEntries(columnsOf(kind).map((name) => [name, '']));

/** A line with the values that a new one begins with. */
export function newLine(kind: ProtocolKind): SignalLine {
  const line = emptyLine(kind);
  for (const field of kind.point) if (field.required && field.choices) line[field.name] = field.choices[0]!;
  return { ...line, ...USUAL[kind.name] };
}

/** A line where nobody has typed yet: what a new line begins with does not count. */
export function isBlank(line: SignalLine, kind: ProtocolKind): boolean {
  const fresh = newLine(kind);
  return Object.entries(line).every(([name, text]) => text === '' || (text === fresh[name] && fieldOf(kind, name)?.choices));
}

function columnOf(head: string, columns: readonly string[]): string | null {
  const name = head.trim().toLowerCase().replace(/[\s-]+/g, '_');
  const alias = ALIASES[name];
  if (columns.includes(name)) return name;
  return alias !== undefined && columns.includes(alias) ? alias : null;
}

export interface ReadTable {
  lines: SignalLine[];
  unknown: string[]; // heads that mean nothing here
  missing: string[]; // required heads that are not there
}

/** Rows with a header to lines. */
export function readTable(rows: readonly (readonly string[])[], kind: ProtocolKind): ReadTable {
  const head = rows[0] ?? [];
  const columns = columnsOf(kind);
  const fields = head.map((text) => columnOf(text, columns));
  const missing = requiredOf(kind).filter((field) => !fields.includes(field));
  const lines = rows.slice(1).map((row) => {
    const line = emptyLine(kind);
    row.forEach((cell, i) => {
      const field = fields[i];
      if (field) line[field] = cell.trim();
    });
    return line;
  });
  return { lines, unknown: head.filter((_, i) => fields[i] === null && head[i] !== ''), missing };
}

const isInteger = (text: string, min: number, max: number): boolean =>
  /^-?\d+$/.test(text) && Number(text) >= min && Number(text) <= max;
const isNumber = (text: string): boolean => text !== '' && Number.isFinite(Number(text));
const YES = /^(1|true|yes|y)$/i;
export const isYes = (text: string | undefined): boolean => YES.test(text ?? '');
const NO = /^(0|false|no|n|)$/i;

/** "0=off|1=on" to entries; null if it is not that. */
export function parseEnum(text: string): EnumEntry[] | null {
  if (text === '') return [];
  const entries: EnumEntry[] = [];
  for (const part of text.split(/[|;]/)) {
    const match = /^\s*(-?\d+)\s*[=:]\s*(.+?)\s*$/.exec(part);
    if (!match) return null;
    entries.push({ value: Number(match[1]), name: match[2]! });
  }
  return entries;
}

export const CONFIRMS: readonly string[] = ['none', 'again', 'second-person'];
const numberOrNone = (text: string) => (text === '' || isNumber(text) ? null : 'number');
const CHECKS: Record<string, (text: string) => string | null> = {
  path: (text) => (text === '' ? 'missing' : null),
  interpolation: (text) => (['', 'step', 'linear'].includes(text) ? null : 'interpolation'),
  range_low: numberOrNone,
  range_high: numberOrNone,
  deadband: (text) => (text === '' || (isNumber(text) && Number(text) >= 0) ? null : 'number'),
  writable: (text) => (YES.test(text) || NO.test(text) ? null : 'writable'),
  enum_set: (text) => (parseEnum(text) ? null : 'enum_set'),
  write_low: numberOrNone,
  write_high: numberOrNone,
  write_interval_ms: (text) => (text === '' || isInteger(text, 0, 86_400_000) ? null : 'interval'),
  write_confirm: (text) => (['', ...CONFIRMS].includes(text) ? null : 'confirm'),
};

function checkPlace(field: FieldSpec, text: string): string | null {
  if (text === '') return field.required ? 'needed' : null;
  if (field.kind === 'integer') return isInteger(text, field.min ?? -Infinity, field.max ?? Infinity) ? null : 'integer';
  if (field.kind === 'number') return numberOrNone(text);
  if (field.kind === 'boolean') return YES.test(text) || NO.test(text) ? null : 'writable';
  return field.choices && !field.choices.includes(text) ? 'word' : null;
}
const allowed = (field: FieldSpec) => ({ min: String(field.min ?? ''), max: String(field.max ?? ''), words: field.choices?.join(', ') ?? '' });

// What the fields of a protocol mean together; the server refuses it too, but only in the end.
const TOGETHER: Record<string, (line: SignalLine) => LineProblem[]> = {
  'modbus-tcp': (line) => [
    ...((line.area === 'coil' || line.area === 'discrete') && line.type !== 'bool' ? [{ field: 'type', key: 'bit_area' }] : []),
    ...(line.type === 'string' && line.string_bytes === '' ? [{ field: 'string_bytes', key: 'string_bytes' }] : []),
  ],
};

/** What is wrong with a line; empty if nothing is. */
export function checkLine(line: SignalLine, kind: ProtocolKind): LineProblem[] {
  const problems: LineProblem[] = [];
  for (const column of columnsOf(kind)) {
    const field = fieldOf(kind, column);
    const text = line[column] ?? '';
    const key = field ? checkPlace(field, text) : CHECKS[column]?.(text);
    if (key) problems.push(field ? { field: column, key, params: allowed(field) } : { field: column, key });
  }
  return [...problems, ...(TOGETHER[kind.name]?.(line) ?? []).filter((one) => !problems.some((other) => other.field === one.field))];
}

/** A full path: one that has no slash is a name below `prefix`. */
export function fullPath(path: string, prefix: string): string {
  const clean = prefix.replace(/^\/+|\/+$/g, '');
  return path.includes('/') || clean === '' ? path : `${clean}/${path}`;
}

const isNumeric = (field: FieldSpec | undefined): boolean => field?.kind === 'integer' || field?.kind === 'number';

/** Requires: checkLine finds nothing. */
export function toSignal(line: SignalLine, prefix: string, kind: ProtocolKind): Signal {
  const signal: Signal = { path: fullPath(line.path!, prefix) };
  for (const field of kind.point) {
    const text = line[field.name] ?? '';
    if (text === '') continue;
    signal[field.name] = isNumeric(field) ? Number(text) : field.kind === 'boolean' ? YES.test(text) : text;
  }
  for (const name of ['range_low', 'range_high', 'deadband', 'write_low', 'write_high', 'write_interval_ms'] as const) if (line[name]) signal[name] = Number(line[name]);
  for (const name of ['unit', 'group', 'description'] as const) if (line[name]) signal[name] = line[name];
  if (line.interpolation) signal.interpolation = line.interpolation as 'step' | 'linear';
  if (isYes(line.writable)) signal.writable = true;
  if (line.write_confirm) signal.write_confirm = line.write_confirm as 'none';
  const enums = parseEnum(line.enum_set ?? '');
  if (enums?.length) signal.enum_set = enums;
  return signal;
}

/** The line of a signal that the server has; what it fills in for a field that was left alone stays empty. */
export function toLine(signal: Signal, kind: ProtocolKind): SignalLine {
  const line = emptyLine(kind);
  for (const column of columnsOf(kind)) {
    const value = signal[column];
    const usual = fieldOf(kind, column)?.default ?? ({ writable: false, deadband: 0, write_interval_ms: 0, write_confirm: 'none' } as Record<string, unknown>)[column];
    if (value === null || value === undefined || value === '' || value === usual) continue;
    line[column] = Array.isArray(value) ? (value as EnumEntry[]).map((entry) => `${entry.value}=${entry.name}`).join('|') : String(value);
  }
  return line;
}

/** Where a value lies, in a line: the required members of its place but the type, and the way from there. */
export const placeText = (signal: Signal | undefined, kind: ProtocolKind): string =>
  kind.point.filter((field) => (field.required && field.name !== 'type') || field.name === 'browse_path').map((field) => String(signal?.[field.name] ?? '')).join(' ').trim();

/** A header and the lines, with the columns that are used. */
export function linesToRows(lines: readonly SignalLine[], kind: ProtocolKind): string[][] {
  const always = requiredOf(kind);
  const used = columnsOf(kind).filter((column) => always.includes(column) || lines.some((line) => line[column] !== ''));
  return [used, ...lines.map((line) => used.map((column) => line[column] ?? ''))];
}

export interface SignalChanges {
  added: string[];
  removed: string[];
  changed: string[];
}

/** What saving would change, by path. */
export function compareSignals(before: readonly Signal[], after: readonly Signal[], kind: ProtocolKind): SignalChanges {
  const text = (signal: Signal) => JSON.stringify({ ...toLine(signal, kind), path: signal.path });
  const old = new Map(before.map((signal) => [signal.path, text(signal)]));
  const now = new Map(after.map((signal) => [signal.path, text(signal)]));
  return {
    added: [...now.keys()].filter((path) => !old.has(path)),
    removed: [...old.keys()].filter((path) => !now.has(path)),
    changed: [...now].filter(([path, line]) => old.has(path) && old.get(path) !== line).map(([path]) => path),
  };
}

export interface FieldChange {
  field: string;
  old: string; // as it is typed; empty: the default
  now: string;
}

/** What is different between two states of a signal, column by column; its path is another signal's. */
export function signalDifference(before: Signal, after: Signal, kind: ProtocolKind): FieldChange[] {
  const [old, now] = [toLine(before, kind), toLine(after, kind)];
  return columnsOf(kind).filter((field) => field !== 'path' && old[field] !== now[field]).map((field) => ({ field, old: old[field] ?? '', now: now[field] ?? '' }));
}
