// What the peers' scripts share: servers on loopback, their CPU, memory and disk, timing, checks, and
// the object that each script prints.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';

export const TOOLS = path.resolve(import.meta.dirname, '../../.tools/peers');

// --- processes ---

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Server {
  static peakMb = 0; // over all servers of this script: some are started twice

  constructor(command, args, options = {}) {
    this.log = options.log;
    const out = fs.openSync(this.log, 'a');
    this.process = spawn(command, args, { stdio: ['ignore', out, out], ...options });
    this.pid = this.process.pid;
    this.ended = new Promise((resolve) => this.process.once('exit', resolve));
    process.once('exit', () => this.process.kill('SIGKILL'));
  }
  async ready(check, seconds = 60) {
    for (let i = 0; i < seconds * 10; ++i) {
      if (this.process.exitCode !== null) break;
      if (await check().catch(() => false)) return this;
      await pause(100);
    }
    throw new Error(`the server did not get ready:\n${fs.readFileSync(this.log, 'utf8').slice(-2000)}`);
  }
  cpuSeconds() {
    const fields = fs.readFileSync(`/proc/${this.pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }
  async stop() {
    Server.peakMb = Math.max(Server.peakMb, peakRssMb(this.pid));
    this.process.kill('SIGTERM');
    await this.ended;
  }
}

function statusKb(pid, field) {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)[1]);
}
const peakRssMb = (pid) => statusKb(pid, 'VmHWM') / 1024;
const rssMb = (pid) => statusKb(pid, 'VmRSS') / 1024;

// For engines inside this process: what it takes from now on, beyond what it has already.
export function watchOwnMemory() {
  const before = rssMb('self');
  fs.writeFileSync('/proc/self/clear_refs', '5'); // forgets the peak so far
  return () => peakRssMb('self') - before;
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// --- disk ---

// What the files below `directory` take of the disk; sparse parts and what `leaveOut` names do not count.
export function bytesOnDisk(directory, leaveOut = () => false) {
  let bytes = 0;
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (leaveOut(entry.name)) continue;
    if (entry.isDirectory()) {
      bytes += bytesOnDisk(file, leaveOut);
    } else {
      const stat = fs.lstatSync(file, { throwIfNoEntry: false }); // gone: a merge has ended
      bytes += Math.min(stat?.blocks * 512 || 0, roundedUp(stat?.size ?? 0));
    }
  }
  return bytes;
}
const roundedUp = (bytes) => Math.ceil(bytes / 4096) * 4096; // a disk may hand out more at first

// Until the size has been the same for some seconds: merges run in the background.
export async function settled(size, quietSeconds = 5, limitSeconds = 180) {
  let last = size();
  let quiet = 0;
  for (let i = 0; i < limitSeconds && quiet < quietSeconds; ++i) {
    await pause(1000);
    const now = size();
    quiet = now === last ? quiet + 1 : 0;
    last = now;
  }
  return last;
}

// --- HTTP ---

export class HttpClient {
  constructor(port, connections = 1) {
    this.port = port;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: connections, noDelay: true });
  }
  // The body as a Buffer. Throws for a status of 400 or more.
  request(method, target, body, headers = {}) {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      const options = { host: '127.0.0.1', port: this.port, agent: this.agent, method, path: target };
      const request = http.request({ ...options, headers: { ...headers, ...length } }, (response) => {
        const parts = [];
        response.on('data', (part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(parts);
          if (response.statusCode < 400) resolve(answer);
          else reject(new Error(`${target.slice(0, 200)}: ${response.statusCode} ${answer.toString().slice(0, 500)}`));
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }
  get(target) {
    return this.request('GET', target);
  }
  async json(target) {
    return JSON.parse(await this.get(target));
  }
}

export const query = (fields) => new URLSearchParams(fields).toString();

// --- timing ---

const round = (number, digits = 3) => Number(number.toPrecision(digits));
const rank = (sorted, share) => sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1];

// Sends every batch, over so many connections at once, by `path`. Without a server: in this process.
export async function ingest(corpus, { path, durable, batches, connections = 1, server }, send) {
  const waited = [];
  let next = 0;
  const cpuOf = () => server?.cpuSeconds() ?? ownCpuSeconds();
  const cpuBefore = cpuOf();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (next < batches.length) {
        const batch = batches[next++];
        const asked = performance.now();
        await send(batch);
        waited.push(performance.now() - asked);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  waited.sort((a, b) => a - b);
  return {
    path,
    durable,
    samples_per_s: Math.round(corpus.count / seconds),
    cpu_s: round(cpuOf() - cpuBefore),
    batch: Math.round(corpus.count / batches.length),
    connections,
    ack_ms: { p50: round(rank(waited, 0.5)), p99: round(rank(waited, 0.99)) },
  };
}

export function ownCpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

// Runs `ask(i)` some times to warm up, whose first answer is handed to `check`, then `runs` times.
const WARM_UPS = 3;
export async function time(runs, ask, check = () => {}) {
  check(await ask(0));
  for (let i = 1; i < WARM_UPS; ++i) await ask(-i);
  const took = [];
  for (let i = 1; i <= runs; ++i) {
    const asked = performance.now();
    await ask(i);
    took.push(performance.now() - asked);
  }
  took.sort((a, b) => a - b);
  return { min: round(took[0]), median: round(rank(took, 0.5)), max: round(took.at(-1)), runs };
}

// The tag of the i-th run of a query about one: never the same twice, so that no answer is kept.
export const tagOfRun = (corpus, i) => (i * 37 + 205) % corpus.tags;

// --- checks ---

export class Checks {
  failed = [];
  equal(what, got, expected) {
    if (got !== expected) this.failed.push(`${what}: ${got} instead of ${expected}`);
  }
  near(what, got, expected, relative = 1e-9) {
    const far = Math.abs(got - expected) > relative * Math.max(1e-9, Math.abs(expected));
    if (far || Number.isNaN(got)) this.failed.push(`${what}: ${got} instead of ${expected}`);
  }
}

// How many of the values read back are not those sent, bit for bit.
export function altered(sent, read) {
  let count = Math.abs(sent.length - read.length);
  for (let i = 0; i < Math.min(sent.length, read.length); ++i) count += Object.is(sent[i], read[i]) ? 0 : 1;
  return count;
}

// --- the report ---

// A working directory that is gone at the end, whatever the end is.
export function workingDirectory(parent) {
  const directory = fs.mkdtempSync(path.join(path.resolve(parent), 'peer-'));
  process.once('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  return directory;
}

export function report(fields, checks) {
  console.log(JSON.stringify({ ...fields, checks: checks.failed.length === 0 ? 'passed' : checks.failed }));
  process.exit(checks.failed.length === 0 ? 0 : 1);
}
