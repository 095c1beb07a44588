// chdb.mjs CORPUS DIRECTORY CODEC: ClickHouse in this process, from files of its Native format with
// 100,000 values each, one insert a file. CODEC is that of the values: "ZSTD(1)", "ALP" (experimental).
import fs from 'node:fs';
import path from 'node:path';
import { readCorpus } from './corpus.mjs';
import * as m from './measure.mjs';

const [corpusFile, parent, codec] = process.argv.slice(2);
const corpus = readCorpus(corpusFile);
const directory = m.workingDirectory(parent);
const checks = new m.Checks();

// One block: the counts of columns and rows, then each column with its name and type in front.
function nativeFile([from, to], number) {
  const rows = (to - from) * corpus.tags;
  const [tags, times, values] = [new Uint16Array(rows), new BigInt64Array(rows), new Float64Array(rows)];
  for (let tag = 0, row = 0; tag < corpus.tags; ++tag) {
    tags.fill(tag, row, row + to - from);
    values.set(corpus.values(tag).subarray(from, to), row);
    const column = corpus.timesMs(tag);
    for (let i = from; i < to; ++i) times[row++] = BigInt(column[i]);
  }
  const text = (string) => Buffer.concat([varint(string.length), Buffer.from(string)]);
  const column = (name, type, data) => Buffer.concat([text(name), text(type), Buffer.from(data.buffer)]);
  const file = path.join(directory, `${number}.native`);
  fs.writeFileSync(
    file,
    Buffer.concat([
      varint(3),
      varint(rows),
      column('tag', 'UInt16', tags),
      column('ts', "DateTime64(3, 'UTC')", times),
      column('v', 'Float64', values),
    ]),
  );
  return file;
}
function varint(number) {
  const bytes = [];
  for (; number >= 128; number >>= 7) bytes.push((number & 127) | 128);
  return Buffer.from([...bytes, number]);
}

const files = corpus.batches(100).map(nativeFile);
const addedMb = m.watchOwnMemory();
const { Session } = await import('chdb');
const session = new Session(path.join(directory, 'store'));
const run = (sql) => session.query(sql, 'TSV').trim();
const ask = async (sql) => (await session.queryAsync(sql, { format: 'RowBinary' })).bytes();

const synced = 'fsync_after_insert = 1, fsync_part_directory = 1';
async function load(table, durable) {
  run(`CREATE TABLE ${table} (tag UInt16, ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)), v Float64 CODEC(${codec}))
       ENGINE = MergeTree ORDER BY (tag, ts) SETTINGS allow_experimental_codecs = 1${durable ? `, ${synced}` : ''}`);
  return m.ingest(corpus, { path: 'Native files', durable, batches: files }, (file) =>
    session.queryAsync(`INSERT INTO ${table} SELECT * FROM file('${file}', 'Native')`),
  );
}
const ingested = [await load('s', false)];
ingested.push(await load('synced', true));
run('DROP TABLE synced SYNC');
run('OPTIMIZE TABLE s FINAL');
const bytes = Number(run("SELECT sum(bytes_on_disk) FROM system.parts WHERE table = 's' AND active"));

const firstS = corpus.firstMs / 1000;
const atHour = firstS + 3600;
// Rows of fixed width, cut by the readers of their columns.
function* rows(bytes, ...columns) {
  const width = columns.reduce((sum, column) => sum + { tag: 2, time: 4, value: 8 }[column], 0);
  for (let at = 0; at < bytes.length; at += width) {
    let offset = at;
    yield columns.map((column) => {
      offset += { tag: 2, time: 4, value: 8 }[column];
      if (column === 'tag') return bytes.readUInt16LE(offset - 2);
      return column === 'time' ? bytes.readUInt32LE(offset - 4) : bytes.readDoubleLE(offset - 8);
    });
  }
}
const buffer = (answer) => Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);

let alteredValues = 0;
for (let tag = 0; tag < corpus.tags; tag += 10) {
  const answer = buffer(await ask(`SELECT v FROM s WHERE tag = ${tag} ORDER BY ts`));
  alteredValues += m.altered(corpus.values(tag), [...rows(answer, 'value')].flat());
}
checks.equal('values altered', alteredValues, 0);

const mean = (tag, seconds) => corpus.window(tag, atHour * 1000, (atHour + seconds) * 1000).mean;
const queries = {
  tag_minute_mean: await m.time(
    21,
    (i) => ask(`SELECT toStartOfMinute(ts) AS w, avg(v) FROM s WHERE tag = ${m.tagOfRun(corpus, i)} GROUP BY w ORDER BY w`),
    (answer) => {
      const row = [...rows(buffer(answer), 'time', 'value')].find(([time]) => time === atHour);
      checks.near('minute mean', row[1], mean(m.tagOfRun(corpus, 0), 60));
    },
  ),
  tag_raw: await m.time(21, (i) => ask(`SELECT ts, v FROM s WHERE tag = ${m.tagOfRun(corpus, i)} ORDER BY ts`)),
  hundred_tags: await m.time(
    9,
    () => ask('SELECT tag, toStartOfTenMinutes(ts) AS w, avg(v), max(v) FROM s WHERE tag < 100 GROUP BY tag, w'),
    (answer) => {
      const found = [...rows(buffer(answer), 'tag', 'time', 'value', 'value')].filter(([, time]) => time === atHour);
      checks.equal('tags', found.length, 100);
      for (const [tag, , got, max] of found) {
        checks.near('mean of ten minutes', got, mean(tag, 600));
        checks.equal('max of ten minutes', max, corpus.window(tag, atHour * 1000, (atHour + 600) * 1000).max);
      }
    },
  ),
  all_minute_mean: await m.time(
    5,
    () => ask('SELECT tag, toStartOfMinute(ts) AS w, avg(v) FROM s GROUP BY tag, w'),
    (answer) => {
      const found = [...rows(buffer(answer), 'tag', 'time', 'value')].filter(([, time]) => time === atHour);
      checks.equal('tags', found.length, corpus.tags);
      for (const [tag, , got] of found.slice(0, 20)) checks.near('mean of all', got, mean(tag, 60));
    },
  ),
  last_values: await m.time(
    9,
    () => ask('SELECT tag, argMax(v, ts) FROM s GROUP BY tag'),
    (answer) => {
      const found = [...rows(buffer(answer), 'tag', 'value')];
      checks.equal('last values', found.length, corpus.tags);
      for (const [tag, value] of found) checks.equal('last value', value, corpus.last(tag));
    },
  ),
  sum: await m.time(
    9,
    () => ask('SELECT sum(v) FROM s'),
    (answer) => checks.near('sum', buffer(answer).readDoubleLE(0), corpus.sum()),
  ),
};
checks.equal('samples', Number(run('SELECT count() FROM s')), corpus.count);
const peakMb = addedMb();
const version = run('SELECT version()');
session.close();

m.report(
  {
    peer: `ClickHouse ${version} (chDB), ${codec}`,
    lossless: true,
    altered_values: alteredValues,
    ingest: ingested,
    bytes_per_sample: bytes / corpus.count,
    queries,
    rss_peak_mb: Math.round(peakMb),
  },
  checks,
);
