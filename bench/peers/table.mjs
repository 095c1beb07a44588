// table.mjs FILE: what bench/peers.sh measured, as tables in Markdown: medians over the rounds.
import fs from 'node:fs';

const lines = fs.readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));

const median = (numbers) => {
  const sorted = numbers.filter((number) => number !== undefined).sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1];
};
const digits = (number) =>
  number === undefined ? '-' : number >= 100 ? number.toFixed() : number >= 10 ? number.toFixed(1) : number.toFixed(2);
const group = (items, keyOf) => {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
};

// Every way in of a peer, durable or not.
function ingestCell(runs, durable) {
  const ways = group(runs.flatMap((run) => run.ingest.filter((way) => way.durable === durable)), (way) => `${way.path}, ${way.batch}`);
  const cells = [...ways.values()].map((same) => ({
    rate: median(same.map((way) => way.samples_per_s)),
    path: same[0].path,
    batch: same[0].batch,
    p50: median(same.map((way) => way.ack_ms.p50)),
    p99: median(same.map((way) => way.ack_ms.p99)),
    cpu: median(same.map((way) => way.cpu_s)),
  }));
  return cells
    .map((way) => `${(way.rate / 1e6).toFixed(2)} M/s (${way.path}, ${way.batch / 1000}k, ${digits(way.p50)} / ${digits(way.p99)} ms, ${digits(way.cpu)} s)`)
    .join('; ') || '-';
}

const QUERIES = {
  tag_minute_mean: '1 tag, 1-min mean',
  tag_raw: '1 tag, all values',
  hundred_tags: '100 tags, mean + max of 10 min',
  all_minute_mean: 'all tags, 1-min mean',
  last_values: 'last value of all',
  sum: 'sum of all',
};

function tables(results) {
  const peers = [...group(results, (run) => run.peer)];
  const stored = peers.map(([peer, runs]) => [
    peer,
    digits(median(runs.map((run) => run.bytes_per_sample))),
    runs[0].lossless ? 'all' : `${Math.max(...runs.map((run) => run.altered_values)).toLocaleString('en')} altered`,
    ingestCell(runs, true),
    ingestCell(runs, false),
    digits(median(runs.map((run) => run.rss_peak_mb))),
    runs.every((run) => run.checks === 'passed') ? 'right' : 'WRONG',
  ]);
  const asked = peers.filter(([, runs]) => runs[0].queries.sum).map(([peer, runs]) => [
    peer,
    ...Object.keys(QUERIES).map((name) => digits(median(runs.map((run) => run.queries[name]?.median)))),
  ]);
  const storedHead = ['engine', 'bytes/sample', 'values kept', 'ingest, durable', 'ingest, not durable', 'peak MB', 'answers'];
  return [markdown(storedHead, stored), markdown(['engine, ms', ...Object.values(QUERIES)], asked)];
}

const markdown = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

for (const [source, runs] of group(lines, (line) => line.source)) {
  const results = runs.map((line) => line.result);
  console.log(`\n### ${source}\n`);
  console.log(tables(results).join('\n\n'));
  for (const [peer, [first]] of group(results, (run) => run.peer)) {
    for (const [what, bytes] of Object.entries(first.other_sizes ?? {})) console.log(`\n${peer}: ${what}: ${digits(bytes)} bytes/sample`);
    if (first.checks !== 'passed') console.log(`\n${peer}: ${first.checks.join('; ')}`);
  }
}
console.log('\nIngest: samples/s (way in, batch; acknowledged after p50 / p99; CPU for all samples). Queries: medians.');
