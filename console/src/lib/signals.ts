// Signals of a connection as lines of a table: read from pasted text, checked, and written back.
import type { Area, EnumEntry, Signal, SignalType, WordOrder } from './types.ts';

export const AREAS: readonly Area[] = ['holding', 'input', 'coil', 'discrete'];
export const TYPES: readonly SignalType[] = [
  'bool', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'uint64', 'float32', 'float64', 'string',
];
export const ORDERS: readonly WordOrder[] = ['ABCD', 'BADC', 'CDAB', 'DCBA'];

/** One line as it is typed; empty means the default. */
export type SignalLine = Record<SignalField, string>;
export const FIELDS = [
  'path', 'area', 'address', 'type', 'order', 'scale', 'offset', 'unit', 'group', 'description', 'unit_id', 'bit',
  'bit_count', 'string_bytes', 'interpolation', 'range_low', 'range_high', 'deadband', 'writable', 'enum_set',
] as const;
export type SignalField = (typeof FIELDS)[number];

// Other heads that people's tables have for the same thing.
const ALIASES: Record<string, SignalField> = {
  name: 'path', signal: 'path', tag: 'path', register: 'address', datatype: 'type', data_type: 'type', word_order: 'order',
  byte_order: 'order', factor: 'scale', comment: 'description', slave: 'unit_id', low: 'range_low', high: 'range_high', enum: 'enum_set',
};

export interface LineProblem {
  field: SignalField;
  key: string; // the words are signal.wrong.<key>
}

export const emptyLine = (): SignalLine =>
  Object.fromEntries(FIELDS.map((field) => [field, ''])) as SignalLine;

/** A line with the values that a new one begins with. */
export const newLine = (): SignalLine => ({ ...emptyLine(), area: 'holding', type: 'uint16' });

function fieldOf(head: string): SignalField | null {
  const name = head.trim().toLowerCase().replace(/[\s-]+/g, '_');
  return FIELDS.find((field) => field === name) ?? ALIASES[name] ?? null;
}

export interface ReadTable {
  lines: SignalLine[];
  unknown: string[]; // heads that mean nothing here
  missing: SignalField[]; // required heads that are not there
}

/** Rows with a header to lines. */
export function readTable(rows: readonly (readonly string[])[]): ReadTable {
  const head = rows[0] ?? [];
  const fields = head.map(fieldOf);
  const missing = (['path', 'area', 'address', 'type'] as const).filter((field) => !fields.includes(field));
  const lines = rows.slice(1).map((row) => {
    const line = emptyLine();
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

const CHECKS: Partial<Record<SignalField, (text: string, line: SignalLine) => string | null>> = {
  path: (text) => (text === '' ? 'missing' : null),
  area: (text) => (AREAS.includes(text as Area) ? null : 'area'),
  address: (text) => (isInteger(text, 0, 65535) ? null : 'address'),
  type: (text, line) => {
    if (!TYPES.includes(text as SignalType)) return 'type';
    const isBitArea = line.area === 'coil' || line.area === 'discrete';
    return isBitArea && text !== 'bool' ? 'bit_area' : null;
  },
  order: (text) => (text === '' || ORDERS.includes(text as WordOrder) ? null : 'order'),
  scale: (text) => (text === '' || isNumber(text) ? null : 'number'),
  offset: (text) => (text === '' || isNumber(text) ? null : 'number'),
  unit_id: (text) => (text === '' || isInteger(text, 0, 255) ? null : 'unit_id'),
  bit: (text) => (text === '' || isInteger(text, 0, 63) ? null : 'bit'),
  bit_count: (text) => (text === '' || isInteger(text, 1, 64) ? null : 'bit'),
  string_bytes: (text, line) => {
    if (text === '') return line.type === 'string' ? 'string_bytes' : null;
    return isInteger(text, 1, 250) ? null : 'string_bytes';
  },
  interpolation: (text) => (['', 'step', 'linear'].includes(text) ? null : 'interpolation'),
  range_low: (text) => (text === '' || isNumber(text) ? null : 'number'),
  range_high: (text) => (text === '' || isNumber(text) ? null : 'number'),
  deadband: (text) => (text === '' || (isNumber(text) && Number(text) >= 0) ? null : 'number'),
  writable: (text) => (YES.test(text) || NO.test(text) ? null : 'writable'),
  enum_set: (text) => (parseEnum(text) ? null : 'enum_set'),
};

/** What is wrong with a line; empty if nothing is. */
export function checkLine(line: SignalLine): LineProblem[] {
  const problems: LineProblem[] = [];
  for (const field of FIELDS) {
    const key = CHECKS[field]?.(line[field], line);
    if (key) problems.push({ field, key });
  }
  return problems;
}

/** A full path: one that has no slash is a name below `prefix`. */
export function fullPath(path: string, prefix: string): string {
  const clean = prefix.replace(/^\/+|\/+$/g, '');
  return path.includes('/') || clean === '' ? path : `${clean}/${path}`;
}

/** Requires: checkLine finds nothing. */
export function toSignal(line: SignalLine, prefix: string): Signal {
  const signal: Signal = {
    path: fullPath(line.path, prefix),
    area: line.area as Area,
    address: Number(line.address),
    type: line.type as SignalType,
  };
  if (line.order) signal.order = line.order as WordOrder;
  for (const field of ['scale', 'offset', 'unit_id', 'bit', 'bit_count', 'string_bytes', 'range_low', 'range_high', 'deadband'] as const) {
    if (line[field] !== '') signal[field] = Number(line[field]);
  }
  for (const field of ['unit', 'group', 'description'] as const) if (line[field]) signal[field] = line[field];
  if (line.interpolation) signal.interpolation = line.interpolation as 'step' | 'linear';
  if (YES.test(line.writable)) signal.writable = true;
  const enums = parseEnum(line.enum_set);
  if (enums?.length) signal.enum_set = enums;
  return signal;
}

// What the server gives back for a field that was left alone.
const DEFAULTS: Partial<Record<SignalField, unknown>> = {
  order: 'ABCD', scale: 1, offset: 0, bit_count: 1, writable: false, deadband: 0,
};

/** The line of a signal that the server has; defaults stay empty. */
export function toLine(signal: Signal): SignalLine {
  const line = emptyLine();
  for (const field of FIELDS) {
    const value = signal[field];
    if (value === null || value === undefined || value === '' || value === DEFAULTS[field]) continue;
    line[field] = Array.isArray(value) ? value.map((entry) => `${entry.value}=${entry.name}`).join('|') : String(value);
  }
  return line;
}

/** A header and the lines, with the columns that are used. */
export function linesToRows(lines: readonly SignalLine[]): string[][] {
  const used = FIELDS.filter((field, i) => i < 4 || lines.some((line) => line[field] !== ''));
  return [[...used], ...lines.map((line) => used.map((field) => line[field]))];
}

export interface SignalChanges {
  added: string[];
  removed: string[];
  changed: string[];
}

/** What saving would change, by path. */
export function compareSignals(before: readonly Signal[], after: readonly Signal[]): SignalChanges {
  const text = (signal: Signal) => JSON.stringify({ ...toLine(signal), path: signal.path });
  const old = new Map(before.map((signal) => [signal.path, text(signal)]));
  const now = new Map(after.map((signal) => [signal.path, text(signal)]));
  return {
    added: [...now.keys()].filter((path) => !old.has(path)),
    removed: [...old.keys()].filter((path) => !now.has(path)),
    changed: [...now].filter(([path, line]) => old.has(path) && old.get(path) !== line).map(([path]) => path),
  };
}
