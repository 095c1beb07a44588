// influxdb.mjs CORPUS DIRECTORY BINARY VERSION: line protocol over HTTP, two connections. Each write
// is in the log and synced before it is acknowledged.
import fs from 'node:fs';
import path from 'node:path';
import { readCorpus } from './corpus.mjs';
import * as m from './measure.mjs';

const [corpusFile, parent, binary, version] = process.argv.slice(2);
const corpus = readCorpus(corpusFile);
const directory = m.workingDirectory(parent);
const checks = new m.Checks();
const [port, rpcPort] = [await m.freePort(), await m.freePort()];
const client = new m.HttpClient(port, 2);

// Full compaction is asked for soon after the load: by default it would come after four hours.
const config = path.join(directory, 'influxdb.conf');
fs.writeFileSync(
  config,
  `bind-address = "127.0.0.1:${rpcPort}"
reporting-enabled = false
[meta]
  dir = "${directory}/meta"
[data]
  dir = "${directory}/data"
  wal-dir = "${directory}/wal"
  index-version = "tsi1"
  query-log-enabled = false
  cache-snapshot-write-cold-duration = "5s"
  compact-full-write-cold-duration = "10s"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[ifql]
  enabled = false
`,
);
const start = () =>
  new m.Server(binary, ['-config', config], { log: path.join(directory, 'log') }).ready(() => client.get('/ping'));

const ask = async (influxql) => {
  const answer = await client.json(`/query?${m.query({ db: 'bench', epoch: 'ms', q: influxql })}`);
  if (answer.results[0].error) throw new Error(answer.results[0].error);
  return answer.results[0].series;
};

let server = await start();
await client.request('POST', `/query?${m.query({ q: 'CREATE DATABASE bench' })}`);
const batches = corpus.batches().map((batch) => corpus.lines(batch));
const ingested = await m.ingest(corpus, { path: 'line protocol', durable: true, batches, connections: 2, server }, (body) =>
  client.request('POST', '/write?db=bench&precision=ms', body),
);
batches.length = 0;

const size = () => ['data', 'wal'].reduce((sum, part) => sum + m.bytesOnDisk(path.join(directory, part)), 0);
await m.settled(size, 25);
await server.stop();
server = await start();
const bytes = await m.settled(size);

const within = `time >= ${corpus.firstMs}ms AND time < ${corpus.endMs}ms`;
const named = (tag) => `t = '${corpus.names[tag]}'`;
const rowOf = (series, t) => series.values.find(([at]) => at === t);
const numberOf = (series) => corpus.names.indexOf(series.tags.t);
const t = corpus.firstMs + 3_600_000;

let alteredValues = 0;
for (let tag = 0; tag < corpus.tags; tag += 10) {
  const [series] = await ask(`SELECT v FROM v WHERE ${named(tag)}`);
  alteredValues += m.altered(corpus.values(tag), series.values.map(([, value]) => value));
  checks.equal(`times altered of tag ${tag}`, m.altered(corpus.timesMs(tag), series.values.map(([at]) => at)), 0);
}
checks.equal('values altered', alteredValues, 0);

const queries = {
  tag_minute_mean: await m.time(
    21,
    (i) => ask(`SELECT mean(v) FROM v WHERE ${named(m.tagOfRun(corpus, i))} AND ${within} GROUP BY time(1m)`),
    ([series]) =>
      checks.near('minute mean', rowOf(series, t)[1], corpus.window(m.tagOfRun(corpus, 0), t, t + 60_000).mean),
  ),
  tag_raw: await m.time(21, (i) => ask(`SELECT v FROM v WHERE ${named(m.tagOfRun(corpus, i))}`)),
  hundred_tags: await m.time(
    7,
    () => ask(`SELECT mean(v), max(v) FROM v WHERE t =~ /^t00/ AND ${within} GROUP BY time(10m), t`),
    (answer) => {
      checks.equal('series of 100 tags', answer.length, 100);
      for (const series of answer) {
        const { mean, max } = corpus.window(numberOf(series), t, t + 600_000);
        checks.near('mean of ten minutes', rowOf(series, t)[1], mean);
        checks.near('max of ten minutes', rowOf(series, t)[2], max);
      }
    },
  ),
  all_minute_mean: await m.time(
    3,
    () => ask(`SELECT mean(v) FROM v WHERE ${within} GROUP BY time(1m), t`),
    (answer) => {
      checks.equal('series of all tags', answer.length, corpus.tags);
      const expected = corpus.window(numberOf(answer[7]), t, t + 60_000).mean;
      checks.near('mean of all', rowOf(answer[7], t)[1], expected);
    },
  ),
  last_values: await m.time(
    9,
    () => ask('SELECT last(v) FROM v GROUP BY t'),
    (answer) => {
      checks.equal('last values', answer.length, corpus.tags);
      for (const series of answer) checks.equal('last value', series.values[0][1], corpus.last(numberOf(series)));
    },
  ),
  sum: await m.time(
    5,
    () => ask('SELECT sum(v) FROM v'),
    ([series]) => checks.near('sum', series.values[0][1], corpus.sum()),
  ),
};
checks.equal('samples', (await ask('SELECT count(v) FROM v'))[0].values[0][1], corpus.count);
await server.stop();

m.report(
  {
    peer: `InfluxDB ${version}`,
    lossless: true,
    altered_values: alteredValues,
    ingest: [ingested],
    bytes_per_sample: bytes / corpus.count,
    queries,
    rss_peak_mb: Math.round(m.Server.peakMb),
  },
  checks,
);
