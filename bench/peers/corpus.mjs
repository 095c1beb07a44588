// The corpus file of bench/corpus.cpp, the batches that are sent of it, and the answers that a right
// load must give.
import fs from 'node:fs';

const HEAD_BYTES = 24;
const NAME_BYTES = 16;

export function readCorpus(path) {
  const bytes = fs.readFileSync(path);
  if (bytes.toString('latin1', 0, 8) !== 'LSCORPUS' || bytes.readUInt32LE(8) !== 1) {
    throw new Error(`${path} is no corpus of version 1`);
  }
  const tags = bytes.readUInt32LE(12);
  const samples = Number(bytes.readBigUInt64LE(16));
  const names = [];
  for (let tag = 0; tag < tags; ++tag) {
    const at = HEAD_BYTES + tag * (NAME_BYTES + 8);
    names.push(bytes.toString('latin1', at, at + NAME_BYTES).replace(/\0+$/, ''));
  }
  const body = HEAD_BYTES + tags * (NAME_BYTES + 8);
  const column = (Type, tag, half) =>
    new Type(bytes.buffer, bytes.byteOffset + body + (2 * tag + half) * samples * 8, samples);
  return new Corpus(tags, samples, names, column);
}

class Corpus {
  constructor(tags, samples, names, column) {
    Object.assign(this, { tags, samples, names, count: tags * samples });
    this.timesNs = (tag) => column(BigInt64Array, tag, 0);
    this.values = (tag) => column(Float64Array, tag, 1);
    this.timeColumns = new Map();
    this.firstMs = Math.round(this.timesMs(0)[0] / 3_600_000) * 3_600_000;
    this.endMs = this.firstMs + samples * 1000;
  }

  // Whole milliseconds as numbers. Nothing is lost: the corpus has no finer times.
  timesMs(tag) {
    let column = this.timeColumns.get(tag);
    if (column === undefined) {
      column = Float64Array.from(this.timesNs(tag), (ns) => Number(ns / 1_000_000n));
      this.timeColumns.set(tag, column);
    }
    return column;
  }

  // In the order of time. A batch holds `rows` samples of every tag: [first, last) of each tag's column.
  batches(rows = 10) {
    const count = Math.ceil(this.samples / rows);
    return Array.from({ length: count }, (_, i) => [i * rows, Math.min((i + 1) * rows, this.samples)]);
  }

  // A batch as line protocol, times in ms. A whole number is written with a point if `points` says so.
  lines([from, to], points = false) {
    let text = '';
    for (let tag = 0; tag < this.tags; ++tag) {
      const [times, values, name] = [this.timesMs(tag), this.values(tag), this.names[tag]];
      for (let i = from; i < to; ++i) {
        const point = points && Number.isInteger(values[i]) ? '.0' : '';
        text += `v,t=${name} v=${values[i]}${point} ${times[i]}\n`;
      }
    }
    return Buffer.from(text);
  }

  // --- what a right load answers ---
  sum() {
    let sum = 0;
    for (let tag = 0; tag < this.tags; ++tag) {
      let part = 0;
      for (const value of this.values(tag)) part += value;
      sum += part;
    }
    return sum;
  }
  // Of the samples with fromMs <= time < toMs.
  window(tag, fromMs, toMs) {
    const times = this.timesMs(tag);
    const values = this.values(tag);
    let [count, sum, max] = [0, 0, -Infinity];
    for (let i = 0; i < times.length; ++i) {
      if (times[i] < fromMs || times[i] >= toMs) continue;
      count += 1;
      sum += values[i];
      max = Math.max(max, values[i]);
    }
    return { count, mean: sum / count, max };
  }
  last(tag) {
    return this.values(tag)[this.samples - 1];
  }
}
