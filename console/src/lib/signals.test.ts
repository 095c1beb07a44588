import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCsv } from './csv.ts';
import type { ProtocolKind } from './types.ts';
import { checkLine, compareSignals, fullPath, hasLimits, linesToRows, newLine, parseEnum, readTable, shownColumns, signalDifference, toLine, toSignal } from './signals.ts';

// As GET /protocols tells it, as far as these tests need it.
const MODBUS: ProtocolKind = {
  name: 'modbus-tcp', settings: [],
  point: [
    { name: 'area', kind: 'word', required: true, advanced: false, choices: ['holding', 'input', 'coil', 'discrete'] },
    { name: 'address', kind: 'integer', required: true, advanced: false, min: 0, max: 65535 },
    { name: 'type', kind: 'word', required: true, advanced: false, choices: ['bool', 'int16', 'uint16', 'float32', 'string'] },
    { name: 'order', kind: 'word', required: false, advanced: false, default: 'ABCD', choices: ['ABCD', 'BADC', 'CDAB', 'DCBA'] },
    { name: 'scale', kind: 'number', required: false, advanced: false, default: 1 },
    { name: 'offset', kind: 'number', required: false, advanced: false, default: 0 },
    { name: 'unit_id', kind: 'integer', required: false, advanced: true, default: null, min: 0, max: 255 },
    { name: 'bit', kind: 'integer', required: false, advanced: true, default: null, min: 0, max: 63 },
    { name: 'bit_count', kind: 'integer', required: false, advanced: true, default: 1, min: 1, max: 64 },
    { name: 'string_bytes', kind: 'integer', required: false, advanced: true, default: null, min: 0, max: 250 },
  ],
};
const line = (changes: object) => ({ ...newLine(MODBUS), path: 'power', address: '100', ...changes });

test('a pasted table is read by its heads, also by the names that others use', () => {
  const table = readTable(parseCsv('Name;Area;Register;Data type;Factor;Nonsense\npower;holding;100;float32;0.1;x'), MODBUS);
  assert.deepEqual(table.unknown, ['Nonsense']);
  assert.deepEqual(table.missing, []);
  const [first] = table.lines;
  assert.deepEqual([first!.path, first!.address, first!.type, first!.scale], ['power', '100', 'float32', '0.1']);
});

test('required heads that are not there are named', () => {
  assert.deepEqual(readTable([['path', 'address']], MODBUS).missing, ['area', 'type']);
});

test('a good line has no problems and becomes a signal without defaults', () => {
  assert.deepEqual(checkLine(line({ scale: '0.1', unit: 'KWT' }), MODBUS), []);
  assert.deepEqual(toSignal(line({ scale: '0.1', unit: 'KWT' }), 'org/site/eaf', MODBUS), {
    path: 'org/site/eaf/power', area: 'holding', address: 100, type: 'uint16', scale: 0.1, unit: 'KWT',
  });
});

test('each wrong field is named', () => {
  const wrong = (changes: object) => checkLine(line(changes), MODBUS).map((problem) => `${problem.field} ${problem.key}`);
  assert.deepEqual(wrong({ path: '' }), ['path missing']);
  assert.deepEqual(wrong({ area: 'memory' }), ['area word']);
  assert.deepEqual(wrong({ address: '65536' }), ['address integer']);
  assert.deepEqual(wrong({ address: '1.5' }), ['address integer']);
  assert.deepEqual(wrong({ type: 'float' }), ['type word']);
  assert.deepEqual(wrong({ area: 'coil' }), ['type bit_area']);
  assert.deepEqual(wrong({ type: 'string' }), ['string_bytes string_bytes']);
  assert.deepEqual(wrong({ scale: 'x' }), ['scale number']);
  assert.deepEqual(wrong({ deadband: '-1' }), ['deadband number']);
  assert.deepEqual(wrong({ enum_set: 'off,on' }), ['enum_set enum_set']);
});

test('names of numbers are read', () => {
  assert.deepEqual(parseEnum('0=off|1=melting down'), [{ value: 0, name: 'off' }, { value: 1, name: 'melting down' }]);
  assert.equal(parseEnum('off'), null);
});

test('a name without a slash goes below the prefix, a path stays', () => {
  assert.equal(fullPath('power', '/org/site/'), 'org/site/power');
  assert.equal(fullPath('a/b', 'org'), 'a/b');
});

test('a signal of the server becomes a line and the same signal again', () => {
  const signal = {
    path: 'org/site/state', area: 'input', address: 3, type: 'uint16', order: 'ABCD', bit: null, bit_count: 1, string_bytes: null,
    scale: 1, offset: 0, group: 'fast', unit: '', description: '', interpolation: 'step', enum_set: [{ value: 0, name: 'off' }],
    range_low: null, range_high: null, writable: true, deadband: 0, tag_id: 9,
  } as const;
  const again = toSignal(toLine({ ...signal, enum_set: [...signal.enum_set] }, MODBUS), '', MODBUS);
  assert.deepEqual(again, {
    path: 'org/site/state', area: 'input', address: 3, type: 'uint16', group: 'fast', interpolation: 'step', writable: true,
    enum_set: [{ value: 0, name: 'off' }],
  });
  const read = readTable(linesToRows([toLine({ ...signal, enum_set: [...signal.enum_set] }, MODBUS)], MODBUS), MODBUS);
  assert.deepEqual(toSignal(read.lines[0]!, '', MODBUS), again);
});

test('changes are told by path', () => {
  const a = toSignal(line({}), 'p', MODBUS);
  const b = toSignal(line({ path: 'x' }), 'p', MODBUS);
  const changed = { ...a, scale: 2 };
  assert.deepEqual(compareSignals([a, b], [changed, { ...b, path: 'p/y' }], MODBUS), { added: ['p/y'], removed: ['p/x'], changed: ['p/power'] });
  // What the server fills in is no change.
  assert.deepEqual(compareSignals([{ ...a, order: 'ABCD', scale: 1, tag_id: 4 }], [a], MODBUS).changed, []);
});

test('a change of a signal is told column by column', () => {
  const before = toSignal(line({ unit: 'KWT' }), 'p', MODBUS);
  const after = toSignal(line({ unit: 'KWT', writable: 'yes', write_high: '60', scale: '0.1' }), 'p', MODBUS);
  assert.deepEqual(signalDifference(before, after, MODBUS), [
    { field: 'scale', old: '', now: '0.1' }, { field: 'writable', old: '', now: 'true' }, { field: 'write_high', old: '', now: '60' },
  ]);
  assert.deepEqual(signalDifference(before, { ...before, order: 'ABCD', scale: 1, tag_id: 4 }, MODBUS), []);
});

test('ranges and writing have columns when they are asked for', () => {
  assert.ok(!shownColumns(MODBUS, false).includes('writable'));
  assert.deepEqual(shownColumns(MODBUS, true).slice(-6), ['write_high', 'write_interval_ms', 'write_confirm', 'unit', 'group', 'description']);
  assert.equal(hasLimits(line({})), false);
  assert.equal(hasLimits(line({ range_low: '0' })), true);
});
