// Decodes `GET /values/pixels`: what a chart of that many columns can show, per tag. The layout stands
// in docs/reference/api.md. All times are milliseconds since 1970.

export interface PixelSeries {
  tag: number;
  step: boolean;
  before: { value: number; quality: number } | null; // the last sample before the range
  first: Float64Array;
  min: Float64Array;
  max: Float64Array;
  last: Float64Array;
  firstTime: Float64Array;
  lastTime: Float64Array;
  count: Uint32Array;
  bad: Uint32Array;
  endsBad: Uint32Array;
}

export interface Pixels {
  from: number;
  to: number;
  columns: number;
  series: PixelSeries[];
}

const HEADER_BYTES = 32;
const SERIES_HEADER_BYTES = 24;
const MAGIC = 0x3150534c; // "LSP1", little-endian
const TAGS_MAX = 8;

const seriesBytes = (columns: number): number => SERIES_HEADER_BYTES + columns * (6 * 8 + 3 * 4);

// Times come as nanoseconds in 64 bits; the quotient in milliseconds is exact enough for a screen.
const toMs = (ns: bigint): number => Number(ns / 1000n) / 1000;

/** Throws an Error that says what is wrong with the bytes. */
export function decodePixels(buffer: ArrayBuffer): Pixels {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw new Error('pixels: not an LSP1 answer');
  }
  const tags = view.getUint32(4, true);
  const columns = view.getUint32(8, true);
  if (tags > TAGS_MAX || buffer.byteLength !== HEADER_BYTES + tags * seriesBytes(columns)) {
    throw new Error(`pixels: ${buffer.byteLength} bytes do not hold ${tags} tags of ${columns} columns`);
  }
  const series: PixelSeries[] = [];
  for (let i = 0; i < tags; i++) {
    series.push(decodeSeries(buffer, HEADER_BYTES + i * seriesBytes(columns), columns));
  }
  return { from: toMs(view.getBigInt64(16, true)), to: toMs(view.getBigInt64(24, true)), columns, series };
}

function decodeSeries(buffer: ArrayBuffer, start: number, columns: number): PixelSeries {
  const view = new DataView(buffer);
  const flags = view.getUint32(start + 4, true);
  let at = start + SERIES_HEADER_BYTES;
  // A copy: an odd number of columns leaves the next tag off the eight-byte grid of Float64Array.
  const floats = () => {
    const array = new Float64Array(buffer.slice(at, at + columns * 8));
    at += columns * 8;
    return array;
  };
  const words = () => {
    const array = new Uint32Array(buffer.slice(at, at + columns * 4));
    at += columns * 4;
    return array;
  };
  return {
    tag: view.getUint32(start, true),
    step: (flags & 1) !== 0,
    before: (flags & 2) !== 0
      ? { value: view.getFloat64(start + 8, true), quality: view.getUint32(start + 16, true) }
      : null,
    first: floats(),
    min: floats(),
    max: floats(),
    last: floats(),
    firstTime: floats(),
    lastTime: floats(),
    count: words(),
    bad: words(),
    endsBad: words(),
  };
}
