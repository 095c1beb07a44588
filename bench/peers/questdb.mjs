// questdb.mjs CORPUS DIRECTORY JAR VERSION: line protocol over HTTP, two connections; once as it comes
// (a commit is in the log, which is not synced) and once with the log synced at each commit.
import fs from 'node:fs';
import path from 'node:path';
import { readCorpus } from './corpus.mjs';
import * as m from './measure.mjs';

const [corpusFile, parent, jar, version] = process.argv.slice(2);
const corpus = readCorpus(corpusFile);
const directory = m.workingDirectory(parent);
const checks = new m.Checks();
const port = await m.freePort();
const client = new m.HttpClient(port, 2);

const ask = async (sql) => (await client.json(`/exec?${m.query({ query: sql, timings: false })}`)).dataset;

function start(root, commitMode) {
  fs.mkdirSync(path.join(root, 'conf'), { recursive: true });
  fs.writeFileSync(
    path.join(root, 'conf/server.conf'),
    `cairo.commit.mode=${commitMode}
cairo.partition.encoder.parquet.compression.codec=ZSTD
http.bind.to=127.0.0.1:${port}
http.min.enabled=false
pg.enabled=false
line.tcp.enabled=false
telemetry.enabled=false
`,
  );
  const module = ['-p', jar, '-m', 'io.questdb/io.questdb.ServerMain', '-d', root];
  return new m.Server('java', ['-XX:+UseParallelGC', ...module], { log: path.join(directory, 'log'), cwd: root }).ready(
    async () => (await ask('SELECT 1')).length === 1,
  );
}

const batches = corpus.batches().map((batch) => corpus.lines(batch, true));
async function load(server, durable) {
  await ask(`CREATE TABLE v (timestamp TIMESTAMP, t SYMBOL CAPACITY 2048, v DOUBLE)
             TIMESTAMP(timestamp) PARTITION BY DAY WAL`);
  const ingested = await m.ingest(corpus, { path: 'line protocol', durable, batches, connections: 2, server }, (body) =>
    client.request('POST', '/write?precision=ms', body),
  );
  for (let i = 0; i < 600 && (await ask('SELECT count() FROM v'))[0][0] < corpus.count; ++i) await m.pause(100);
  return ingested;
}

const [syncedRoot, root] = [path.join(directory, 'synced'), path.join(directory, 'root')];
let server = await start(syncedRoot, 'sync');
const synced = await load(server, true);
await server.stop();
fs.rmSync(syncedRoot, { recursive: true });
server = await start(root, 'nosync');
const ingested = [await load(server, false), synced];
batches.length = 0;

// The log of what is in the table is removed after a while; it would count twice.
const size = () => m.bytesOnDisk(path.join(root, 'db'), (name) => /^wal\d/.test(name));
await m.settled(size);
await server.stop(); // gives back what it took in advance
const bytes = size();
server = await start(root, 'nosync');

let alteredValues = 0;
for (let tag = 0; tag < corpus.tags; tag += 20) {
  const rows = await ask(`SELECT timestamp, v FROM v WHERE t = '${corpus.names[tag]}'`);
  alteredValues += m.altered(corpus.values(tag), rows.map(([, value]) => value));
  checks.equal(`times altered of tag ${tag}`, m.altered(corpus.timesMs(tag), rows.map(([at]) => Date.parse(at))), 0);
}
checks.equal('values altered', alteredValues, 0);

const atHour = corpus.firstMs + 3_600_000;
const window = (name, seconds) => corpus.window(corpus.names.indexOf(name), atHour, atHour + seconds * 1000);
const isAtHour = ([at]) => Date.parse(at) === atHour;
const nameOfRun = (i) => corpus.names[m.tagOfRun(corpus, i)];
const queries = {
  tag_minute_mean: await m.time(
    21,
    (i) => ask(`SELECT timestamp, avg(v) FROM v WHERE t = '${nameOfRun(i)}' SAMPLE BY 1m`),
    (rows) => checks.near('minute mean', rows.find(isAtHour)[1], window(nameOfRun(0), 60).mean),
  ),
  tag_raw: await m.time(21, (i) => ask(`SELECT timestamp, v FROM v WHERE t = '${nameOfRun(i)}'`)),
  hundred_tags: await m.time(
    9,
    () => ask("SELECT timestamp, t, avg(v), max(v) FROM v WHERE t LIKE 't00%' SAMPLE BY 10m"),
    (rows) => {
      const found = rows.filter(isAtHour);
      checks.equal('tags', found.length, 100);
      for (const [, name, mean, max] of found) {
        checks.near('mean of ten minutes', mean, window(name, 600).mean);
        checks.equal('max of ten minutes', max, window(name, 600).max);
      }
    },
  ),
  all_minute_mean: await m.time(
    5,
    () => ask('SELECT timestamp, t, avg(v) FROM v SAMPLE BY 1m'),
    (rows) => {
      const found = rows.filter(isAtHour);
      checks.equal('tags', found.length, corpus.tags);
      for (const [, name, mean] of found.slice(0, 20)) checks.near('mean of all', mean, window(name, 60).mean);
    },
  ),
  last_values: await m.time(
    9,
    () => ask('SELECT t, v FROM v LATEST ON timestamp PARTITION BY t'),
    (rows) => {
      checks.equal('last values', rows.length, corpus.tags);
      for (const [name, value] of rows) checks.equal('last value', value, corpus.last(corpus.names.indexOf(name)));
    },
  ),
  sum: await m.time(
    9,
    () => ask('SELECT sum(v) FROM v'),
    ([[sum]]) => checks.near('sum', sum, corpus.sum()),
  ),
};
checks.equal('samples', (await ask('SELECT count() FROM v'))[0][0], corpus.count);

// Old partitions may be turned into Parquet; the newest may not, so a sample of the day after is written.
const day = new Date(corpus.firstMs).toISOString().slice(0, 10);
await ask(`INSERT INTO v VALUES (${(corpus.firstMs + 86_400_000) * 1000}, 't0000', 0)`);
await ask(`ALTER TABLE v CONVERT PARTITION TO PARQUET LIST '${day}'`);
await m.settled(size, 10);
await server.stop();
const parquetBytes = size();

m.report(
  {
    peer: `QuestDB ${version}`,
    lossless: true,
    altered_values: alteredValues,
    ingest: ingested,
    bytes_per_sample: bytes / corpus.count,
    other_sizes: { 'partition as Parquet': parquetBytes / corpus.count },
    queries,
    rss_peak_mb: Math.round(m.Server.peakMb),
  },
  checks,
);
