import assert from 'node:assert/strict';
import test from 'node:test';
import { withLeftOut } from './scan.ts';

test('what the parts of a scan left out is told once for each door, with how many addresses', () => {
  const first = withLeftOut([], [
    { protocol: 'modbus-tcp', port: 502, hosts: ['10.0.1.7', '10.0.1.8'] },
    { protocol: 's7', port: 102, hosts: ['10.0.1.8'] },
  ]);
  const second = withLeftOut(first, [
    { protocol: 'modbus-tcp', port: 503, hosts: ['10.0.1.9'] },
    { protocol: 'modbus-tcp', port: 502, hosts: ['10.0.1.9', '10.0.1.10', '10.0.1.11'] },
    { protocol: 's7', port: 102, hosts: [] },
  ]);
  assert.deepEqual(second, [
    { protocol: 'modbus-tcp', port: 502, first: '10.0.1.7', others: 4 },
    { protocol: 's7', port: 102, first: '10.0.1.8', others: 0 },
    { protocol: 'modbus-tcp', port: 503, first: '10.0.1.9', others: 0 },
  ]);
  assert.equal(first[0]!.others, 1, 'the part before is left alone');
});
