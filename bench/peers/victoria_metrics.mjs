// victoria_metrics.mjs CORPUS DIRECTORY BINARY VERSION: over HTTP, two connections: line protocol,
// JSON lines, and the remote-write protocol of Prometheus.
// Times in ms, values to 12 to 15 digits: lossy by design. No log: what was acknowledged is in memory
// for some seconds.
import fs from 'node:fs';
import path from 'node:path';
import { readCorpus } from './corpus.mjs';
import * as m from './measure.mjs';

const [corpusFile, parent, binary, version] = process.argv.slice(2);
const corpus = readCorpus(corpusFile);
const directory = m.workingDirectory(parent);
const data = path.join(directory, 'data');
const checks = new m.Checks();
const port = await m.freePort();
const client = new m.HttpClient(port, 2);

const start = () =>
  new m.Server(binary, [`-storageDataPath=${data}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=100y'], {
    log: path.join(directory, 'log'),
  }).ready(() => client.get('/health'));

function jsonLines([from, to]) {
  let text = '';
  for (let tag = 0; tag < corpus.tags; ++tag) {
    text +=
      `{"metric":{"__name__":"v","t":"${corpus.names[tag]}"},"values":[${corpus.values(tag).subarray(from, to)}]` +
      `,"timestamps":[${corpus.timesMs(tag).subarray(from, to)}]}\n`;
  }
  return Buffer.from(text);
}

// A WriteRequest of Prometheus: series with labels and samples, as protocol buffers in Snappy framing (all
// of it literals: compressing would cost both sides more than loopback saves).
function remoteWrite([from, to]) {
  const series = [];
  const labels = (name) => [field(1, [field(1, '__name__'), field(2, 'v')]), field(1, [field(1, 't'), field(2, name)])];
  for (let tag = 0; tag < corpus.tags; ++tag) {
    const [times, values] = [corpus.timesMs(tag), corpus.values(tag)];
    const samples = [];
    for (let i = from; i < to; ++i) {
      const value = Buffer.alloc(9, 0x09); // field 1, 64 bits
      value.writeDoubleLE(values[i], 1);
      samples.push(field(2, [value, Buffer.from([0x10, ...varint(times[i])])]));
    }
    series.push(field(1, [...labels(corpus.names[tag]), ...samples]));
  }
  const message = Buffer.concat(series);
  const parts = [Buffer.from(varint(message.length))];
  for (let at = 0; at < message.length; at += 65536) {
    const literal = message.subarray(at, at + 65536);
    parts.push(Buffer.from([61 << 2, (literal.length - 1) & 255, (literal.length - 1) >> 8]), literal);
  }
  return Buffer.concat(parts);
}
function field(number, content) {
  const bytes = typeof content === 'string' ? Buffer.from(content) : Buffer.concat(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);
}
function varint(number) {
  const bytes = [];
  for (; number >= 128; number = Math.floor(number / 128)) bytes.push((number % 128) | 128);
  return [...bytes, number];
}

const range = (promql, stepS) => {
  const [start, end] = [corpus.firstMs / 1000 + stepS, corpus.endMs / 1000 + stepS];
  return client.json(`/api/v1/query_range?${m.query({ query: promql, start, end, step: `${stepS}s`, nocache: 1 })}`);
};
const instant = (promql) =>
  client.json(`/api/v1/query?${m.query({ query: promql, time: corpus.endMs / 1000, nocache: 1 })}`);
const exportTag = async (tag) =>
  JSON.parse(await client.get(`/api/v1/export?${m.query({ 'match[]': `v{t="${corpus.names[tag]}"}` })}`));

// A window ends with its point: (t - step, t].
const pointOf = (series, t) => Number(series.values.find(([at]) => at === t)[1]);
const expected = (tag, t, stepS) => corpus.window(tag, (t - stepS) * 1000 + 1, t * 1000 + 1);
const numberOf = (series) => corpus.names.indexOf(series.metric.t);
const near = (what, got, want) => checks.near(what, got, want, 1e-7); // loses digits

async function load(way, make, target) {
  const server = await start();
  const batches = corpus.batches().map(make);
  const how = { path: way, durable: false, batches, connections: 2, server };
  const ingested = await m.ingest(corpus, how, (body) => client.request('POST', target, body));
  return [server, ingested];
}
const ingested = [];
for (const [way, make, target] of [
  ['line protocol', (batch) => corpus.lines(batch), '/write?precision=ms'],
  ['JSON lines', jsonLines, '/api/v1/import'],
]) {
  const [server, figures] = await load(way, make, target);
  ingested.push(figures);
  await server.stop();
  fs.rmSync(data, { recursive: true });
}
let [server, protobuf] = await load('remote write', remoteWrite, '/api/v1/write');

// Right after a flush the folder reads too small: sized after a merge and a clean restart.
await client.get('/internal/force_flush');
await client.get('/internal/force_merge');
const size = () => m.bytesOnDisk(data, (name) => name === 'cache' || name === 'tmp');
await m.settled(size);
await server.stop();
server = await start();
const bytes = await m.settled(size);

let alteredValues = 0;
for (let tag = 0; tag < corpus.tags; ++tag) {
  const { values, timestamps } = await exportTag(tag);
  alteredValues += m.altered(corpus.values(tag), values);
  checks.equal(`times altered of tag ${tag}`, m.altered(corpus.timesMs(tag), timestamps), 0);
}

const t = corpus.firstMs / 1000 + 3600;
const queries = {
  tag_minute_mean: await m.time(
    21,
    (i) => range(`avg_over_time(v{t="${corpus.names[m.tagOfRun(corpus, i)]}"}[1m])`, 60),
    ({ data: { result } }) =>
      near('minute mean', pointOf(result[0], t), expected(numberOf(result[0]), t, 60).mean),
  ),
  tag_raw: await m.time(21, (i) => exportTag(m.tagOfRun(corpus, i))),
  hundred_tags: await m.time(
    9,
    () => range('aggr_over_time(("avg_over_time","max_over_time"), v{t=~"t00.*"}[10m])', 600),
    ({ data: { result } }) => {
      checks.equal('series of 100 tags', result.length, 200);
      for (const series of result) {
        const { mean, max } = expected(numberOf(series), t, 600);
        near('ten minutes', pointOf(series, t), series.metric.rollup === 'max_over_time' ? max : mean);
      }
    },
  ),
  all_minute_mean: await m.time(
    5,
    () => range('avg_over_time(v[1m])', 60),
    ({ data: { result } }) => {
      checks.equal('series of all tags', result.length, corpus.tags);
      near('mean of all', pointOf(result[7], t), expected(numberOf(result[7]), t, 60).mean);
    },
  ),
  last_values: await m.time(
    9,
    () => instant('v'),
    ({ data: { result } }) => {
      checks.equal('last values', result.length, corpus.tags);
      for (const series of result) near('last value', Number(series.value[1]), corpus.last(numberOf(series)));
    },
  ),
  sum: await m.time(
    7,
    () => instant('sum(sum_over_time(v[4h]))'),
    ({ data: { result } }) => near('sum', Number(result[0].value[1]), corpus.sum()),
  ),
};
const count = await instant('sum(count_over_time(v[4h]))');
checks.equal('samples', Number(count.data.result[0].value[1]), corpus.count);
await server.stop();

m.report(
  {
    peer: `VictoriaMetrics ${version}`,
    lossless: false,
    altered_values: alteredValues,
    ingest: [...ingested, protobuf],
    bytes_per_sample: bytes / corpus.count,
    queries,
    rss_peak_mb: Math.round(m.Server.peakMb),
  },
  checks,
);
