// duckdb.mjs CORPUS DIRECTORY: in this process, chunks of columns through the appender. A flush of the
// appender is a transaction: its log is synced. Sized and asked after it was sorted by tag and time.
// Times are whole milliseconds in a BIGINT.
import path from 'node:path';
import { readCorpus } from './corpus.mjs';
import * as m from './measure.mjs';

const [corpusFile, parent] = process.argv.slice(2);
const corpus = readCorpus(corpusFile);
const directory = m.workingDirectory(parent);
const checks = new m.Checks();
// Before the clock runs.
const timesMs = corpus.names.map((_, tag) => BigInt64Array.from(corpus.timesNs(tag), (ns) => ns / 1_000_000n));

const addedMb = m.watchOwnMemory();
const { DuckDBInstance, DuckDBDataChunk, INTEGER, BIGINT, DOUBLE, version } = await import('@duckdb/node-api');
const { default: duckdb } = await import('@duckdb/node-bindings');
const CHUNK_ROWS = duckdb.vector_size();

const open = async (name) => (await DuckDBInstance.create(path.join(directory, name), { threads: '2' })).connect();

function append(appender, [from, to]) {
  const rows = (to - from) * corpus.tags;
  const [tags, times, values] = [new Int32Array(rows), new BigInt64Array(rows), new Float64Array(rows)];
  for (let tag = 0, row = 0; tag < corpus.tags; ++tag, row += to - from) {
    tags.fill(tag, row, row + to - from);
    times.set(timesMs[tag].subarray(from, to), row);
    values.set(corpus.values(tag).subarray(from, to), row);
  }
  for (let row = 0; row < rows; row += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, rows - row);
    const chunk = DuckDBDataChunk.create([INTEGER, BIGINT, DOUBLE], count);
    for (const [index, { buffer, BYTES_PER_ELEMENT: width }] of [tags, times, values].entries()) {
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
      duckdb.copy_data_to_vector(vector, 0, buffer, row * width, count * width);
    }
    appender.appendDataChunk(chunk);
  }
  appender.flushSync();
}

async function load(name, rows) {
  const connection = await open(name);
  await connection.run('CREATE TABLE s (tag INTEGER, ts BIGINT, v DOUBLE)');
  const appender = await connection.createAppender('s');
  const how = { path: 'appender', durable: true, batches: corpus.batches(rows) };
  const ingested = await m.ingest(corpus, how, (batch) => append(appender, batch));
  appender.closeSync();
  return [connection, ingested];
}

const [first, tenThousand] = await load('a.duckdb', 10);
first.closeSync();
const [unsorted, hundredThousand] = await load('b.duckdb', 100);
await unsorted.run(`ATTACH '${path.join(directory, 'sorted.duckdb')}' AS sorted`);
await unsorted.run('CREATE TABLE sorted.s AS SELECT * FROM s ORDER BY tag, ts');
await unsorted.run('DETACH sorted'); // checkpoints
unsorted.closeSync();
const bytes = m.bytesOnDisk(directory, (name) => !name.startsWith('sorted'));

const connection = await open('sorted.duckdb');
const ask = async (sql) => {
  const result = await connection.run(sql);
  return [result, await result.fetchAllChunks()];
};
const rowsOf = ([, chunks]) => chunks.flatMap((chunk) => chunk.getRows());
const minute = 'ts // 60000'; // faster than time_bucket of a TIMESTAMP, and the column is smaller
const atHour = corpus.firstMs + 3_600_000;
const isAtHour = (bucket, seconds) => Number(bucket) * seconds * 1000 === atHour;
const window = (tag, seconds) => corpus.window(tag, atHour, atHour + seconds * 1000);

let alteredValues = 0;
for (let tag = 0; tag < corpus.tags; tag += 10) {
  const answer = await ask(`SELECT v FROM s WHERE tag = ${tag} ORDER BY ts`);
  alteredValues += m.altered(corpus.values(tag), rowsOf(answer).flat());
}
checks.equal('values altered', alteredValues, 0);

const queries = {
  tag_minute_mean: await m.time(
    21,
    (i) => ask(`SELECT ${minute} AS w, avg(v) FROM s WHERE tag = ${m.tagOfRun(corpus, i)} GROUP BY w ORDER BY w`),
    (answer) => {
      const row = rowsOf(answer).find(([bucket]) => isAtHour(bucket, 60));
      checks.near('minute mean', row[1], window(m.tagOfRun(corpus, 0), 60).mean);
    },
  ),
  tag_raw: await m.time(21, (i) => ask(`SELECT ts, v FROM s WHERE tag = ${m.tagOfRun(corpus, i)} ORDER BY ts`)),
  hundred_tags: await m.time(
    9,
    () => ask(`SELECT tag, ts // 600000 AS w, avg(v), max(v) FROM s WHERE tag < 100 GROUP BY tag, w`),
    (answer) => {
      const found = rowsOf(answer).filter(([, bucket]) => isAtHour(bucket, 600));
      checks.equal('tags', found.length, 100);
      for (const [tag, , mean, max] of found) {
        checks.near('mean of ten minutes', mean, window(tag, 600).mean);
        checks.equal('max of ten minutes', max, window(tag, 600).max);
      }
    },
  ),
  all_minute_mean: await m.time(
    5,
    () => ask(`SELECT tag, ${minute} AS w, avg(v) FROM s GROUP BY tag, w`),
    (answer) => {
      const found = rowsOf(answer).filter(([, bucket]) => isAtHour(bucket, 60));
      checks.equal('tags', found.length, corpus.tags);
      for (const [tag, , mean] of found.slice(0, 20)) checks.near('mean of all', mean, window(tag, 60).mean);
    },
  ),
  last_values: await m.time(
    9,
    () => ask('SELECT tag, arg_max(v, ts) FROM s GROUP BY tag'),
    (answer) => {
      const found = rowsOf(answer);
      checks.equal('last values', found.length, corpus.tags);
      for (const [tag, value] of found) checks.equal('last value', value, corpus.last(tag));
    },
  ),
  sum: await m.time(
    9,
    () => ask('SELECT sum(v) FROM s'),
    (answer) => checks.near('sum', rowsOf(answer)[0][0], corpus.sum()),
  ),
};
checks.equal('samples', Number(rowsOf(await ask('SELECT count(*) FROM s'))[0][0]), corpus.count);

const parquet = path.join(directory, 'sorted.parquet');
await connection.run(`COPY s TO '${parquet}' (FORMAT parquet, PARQUET_VERSION v1, COMPRESSION zstd)`);

m.report(
  {
    peer: `DuckDB ${version().replace(/^v/, '')}`,
    lossless: true,
    altered_values: alteredValues,
    ingest: [tenThousand, hundredThousand],
    bytes_per_sample: bytes / corpus.count,
    other_sizes: { 'Parquet, zstd': m.bytesOnDisk(directory, (name) => name !== 'sorted.parquet') / corpus.count },
    queries,
    rss_peak_mb: Math.round(addedMb()),
  },
  checks,
);
