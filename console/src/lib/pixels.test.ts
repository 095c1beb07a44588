import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodePixels } from './pixels.ts';

// Writes the layout of docs/reference/api.md field by field, with three columns: an odd number, so
// that the second tag does not begin on an eight-byte boundary.
function answer(): ArrayBuffer {
  const bytes: number[] = [];
  const put = (size: number, set: (view: DataView) => void) => {
    const view = new DataView(new ArrayBuffer(size));
    set(view);
    for (let i = 0; i < size; i++) bytes.push(view.getUint8(i));
  };
  const u32 = (value: number) => put(4, (v) => v.setUint32(0, value, true));
  const i64 = (value: bigint) => put(8, (v) => v.setBigInt64(0, value, true));
  const f64 = (value: number) => put(8, (v) => v.setFloat64(0, value, true));
  bytes.push(0x4c, 0x53, 0x50, 0x31);
  u32(2);
  u32(3);
  u32(0);
  i64(1_600_000_000_000_000_000n);
  i64(1_600_000_003_000_500_000n);
  for (const [tag, flags, offset] of [[7, 3, 0], [4_000_000_000, 0, 100]] as const) {
    u32(tag);
    u32(flags);
    f64(flags & 2 ? 41.5 : Number.NaN);
    u32(flags & 2 ? 0x40000000 : 0);
    u32(0);
    for (let array = 0; array < 4; array++) for (let c = 0; c < 3; c++) f64(c === 1 ? Number.NaN : offset + array * 10 + c);
    for (let array = 0; array < 2; array++) for (let c = 0; c < 3; c++) f64(1_600_000_000_000.25 + c);
    for (const word of [5, 2, 1, 0, 2, 0, 0, 1, 0]) u32(word);
  }
  return new Uint8Array(bytes).buffer;
}

test('every field comes out where the format puts it', () => {
  const pixels = decodePixels(answer());
  assert.equal(pixels.from, 1_600_000_000_000);
  assert.equal(pixels.to, 1_600_000_003_000.5);
  assert.equal(pixels.columns, 3);
  const [a, b] = pixels.series;
  assert.deepEqual([a!.tag, a!.step, a!.before], [7, true, { value: 41.5, quality: 0x40000000 }]);
  assert.deepEqual([b!.tag, b!.step, b!.before], [4_000_000_000, false, null]);
  assert.deepEqual([...b!.first], [100, Number.NaN, 102]);
  assert.deepEqual([...b!.min], [110, Number.NaN, 112]);
  assert.deepEqual([...b!.max], [120, Number.NaN, 122]);
  assert.deepEqual([...b!.last], [130, Number.NaN, 132]);
  assert.equal(a!.lastTime[2], 1_600_000_000_002.25);
  assert.deepEqual([...a!.count], [5, 2, 1]);
  assert.deepEqual([...a!.bad], [0, 2, 0]);
  assert.deepEqual([...a!.endsBad], [0, 1, 0]);
});

test('other bytes are refused with a reason', () => {
  assert.throws(() => decodePixels(new ArrayBuffer(10)), /LSP1/);
  assert.throws(() => decodePixels(answer().slice(0, -4)), /do not hold/);
  const many = answer();
  new DataView(many).setUint32(4, 9, true);
  assert.throws(() => decodePixels(many), /do not hold/);
});
