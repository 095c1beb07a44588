// The real programs, as people start them: a server, the demo plant, a Modbus device of another maker.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { request, type APIRequestContext } from '../../console/node_modules/playwright-core/index.mjs';

export const ROOT = resolve(import.meta.dirname, '../..');
export const BINARY = process.env.LINESHAFT_BINARY ?? join(ROOT, 'build/dev/lineshaft');
const DEADLINE_MS = 60_000;
export const PERSON = { organisation: 'Northfield Steel', name: 'Ann', email: 'ann@example.com', password: 'nine copper ladles hum' };

const folder = mkdtempSync(join(tmpdir(), 'lineshaft-console-'));
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The first true answer of `ask`; fails with `what` when none comes in time. */
export async function until<T>(ask: () => Promise<T> | T, what: string, deadlineMs = DEADLINE_MS): Promise<NonNullable<T>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${deadlineMs / 1000} s in vain for ${what}; last answer ${JSON.stringify(answer)}`);
    await new Promise((go) => setTimeout(go, 50));
  }
}

/**
 * The first of so many free ports in a row, below those that the system gives to whoever connects. Runs that go on at
 * the same time have different CONSOLE_SLOTs (0 or 1): none takes what another has just found.
 */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = 10_000 * (1 + Number(process.env.CONSOLE_SLOT ?? 0)) + Math.floor(Math.random() * 10_000);
    const probes = Array.from({ length: count }, () => createServer());
    const free = await Promise.all(probes.map((probe, n) => new Promise<boolean>((done) => {
      probe.once('error', () => done(false)).listen(first + n, '127.0.0.1', () => done(true));
    })));
    await Promise.all(probes.map((probe) => new Promise((done) => probe.close(done))));
    if (!free.includes(false)) return first;
  }
}
export const freePort = (): Promise<number> => freePorts(1);

/** A program whose output is kept; it ends with the tests at the latest. */
export class Program {
  readonly log: string;
  readonly process: ChildProcess;

  constructor(name: string, command: string, args: readonly string[]) {
    this.log = join(folder, `${name}-${process.pid}-${Math.random().toString(36).slice(2, 8)}.log`);
    const out = openSync(this.log, 'a');
    this.process = spawn(command, args, { stdio: ['ignore', out, out] });
    running.add(this.process);
    this.process.once('exit', () => running.delete(this.process));
  }

  get output(): string {
    return readFileSync(this.log, 'utf8');
  }
  get ended(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.process.kill(signal);
    await until(() => this.ended, 'a program to end');
  }
}

export const stopAll = async (): Promise<void> => {
  for (const child of running) child.kill('SIGKILL');
  await until(() => running.size === 0, 'the programs to end');
};

/** `lineshaft serve` on a free port with a data directory of its own. */
export class Server {
  program!: Program;
  api!: APIRequestContext;
  address = '';
  history: string[] = []; // paths of the tags that came with history
  claimCode = '';
  #csrf = '';
  #port = 0;
  readonly data: string; // its directory
  readonly #args: readonly string[];

  private constructor(name: string, args: readonly string[]) {
    this.data = join(folder, name);
    this.#args = args;
  }

  static async start(name: string, args: readonly string[] = []): Promise<Server> {
    const server = new Server(name, args);
    server.#port = await freePort();
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const listen = `127.0.0.1:${this.#port}`;
    this.program = new Program('server', BINARY, ['serve', '--data', this.data, '--listen', listen, ...this.#args]);
    await until(() => this.program.ended || this.program.output.includes('\n  data '), 'the start of the server');
    if (this.program.ended) throw new Error(this.program.output);
    this.address = `https://${listen}`;
    this.claimCode = /claim code +(\S+)/.exec(this.program.output)?.[1] ?? '';
    this.api ??= await request.newContext({ baseURL: `${this.address}/api/v1/`, ignoreHTTPSErrors: true });
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.program.stop(signal);
  }

  /** Makes Ann the owner and signs this object in as her. */
  async claim(): Promise<void> {
    const answer = await this.send<{ csrf: string }>('POST', 'claim', { ...PERSON, code: this.claimCode });
    this.#csrf = answer.csrf;
  }

  async send<T>(method: string, path: string, data?: unknown): Promise<T> {
    const raw = typeof data === 'string';
    const headers = { 'X-CSRF-Token': this.#csrf, 'Content-Type': raw ? 'text/csv' : 'application/json' };
    const answer = await this.api.fetch(path, { method, headers, ...(data === undefined ? {} : { data: raw ? data : JSON.stringify(data) }) });
    if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`);
    const text = await answer.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }
  get<T>(path: string): Promise<T> {
    return this.send<T>('GET', path);
  }

  async tag(path: string): Promise<Tag> {
    const { items } = await this.get<{ items: Tag[] }>(`tags?text=${encodeURIComponent(path)}`);
    const found = items.find((tag) => tag.path === path || tag.path.endsWith(`/${path}`));
    if (!found) throw new Error(`there is no tag ${path}`);
    return found;
  }
  async connection(name: string): Promise<Connection> {
    const { items } = await this.get<{ items: Connection[] }>('connections');
    return items.find((one) => one.name === name)!;
  }
}

export interface Tag {
  id: number;
  path: string;
  type: string;
  unit_symbol: string;
  interpolation: string;
  last: { value: number | boolean | string; quality: string } | null;
}
export interface Connection {
  id: number;
  name: string;
  status: { state: string; values_per_second: number; last_error: string | null };
}
interface Overview {
  connections: { total: number; connected: number };
}

const MACHINES_MAX = 32; // of the demo plant, each on a port of its own

/** A claimed server in front of the demo plant, with `days` of history; every machine was reached once. */
export async function startPlant(days: number): Promise<Server> {
  const provision = join(folder, 'provision');
  mkdirSync(provision);
  const port = String(await freePorts(MACHINES_MAX));
  const plant = (...args: string[]) => {
    const done = spawnSync(BINARY, ['sim', 'plant', '--port', port, ...args], { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (done.status !== 0) throw new Error(done.stderr);
    return done.stdout;
  };
  const machines = plant('--print-connections');
  writeFileSync(join(provision, 'connections.json'), machines);
  for (const name of ['rights.json', 'cooperation.json', 'royalties.json']) copyFileSync(join(ROOT, 'examples/consortium', name), join(provision, name));
  plant('--backfill-csv', provision, '--days', String(days));
  const machinery = new Program('plant', BINARY, ['sim', 'plant', '--port', port]);
  const server = await Server.start('plant', ['--provision', provision]);
  await server.claim();
  // A file for each machine: the time, then a column for each tag, named by its path.
  server.history = readdirSync(provision).filter((name) => name.endsWith('.csv'))
    .flatMap((name) => readFileSync(join(provision, name), 'utf8').split('\n', 1)[0]!.trim().split(',').slice(1));
  // One or two of the machines are dead at times: that is a quirk of the plant.
  await until(async () => {
    if (machinery.ended) throw new Error(machinery.output);
    const { connections } = await server.get<Overview>('overview');
    const { length } = JSON.parse(machines) as unknown[];
    return connections.total === length && connections.connected >= length - 2;
  }, 'the machines', 120_000);
  return server;
}

const DEVICE = `
import asyncio, sys
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartAsyncTcpServer
block = ModbusSequentialDataBlock(1, [7 * n + 1 for n in range(10)])
context = ModbusServerContext(devices=ModbusDeviceContext(hr=block), single=True)
asyncio.run(StartAsyncTcpServer(context, address=("127.0.0.1", int(sys.argv[1]))))
`;

const PRESS = `
import asyncio, datetime, logging, sys
from asyncua import Server, ua, uamethod

@uamethod
def start(parent, program, speed):
    return f'{program} at {speed}'

@uamethod
def lubricate(parent):
    return None

def argument(name, kind, meaning):
    return ua.Argument(Name=name, DataType=ua.NodeId(kind), ValueRank=-1, ArrayDimensions=[], Description=ua.LocalizedText(meaning))

async def main(port):
    server = Server()
    await server.init()
    server.set_endpoint(f'opc.tcp://127.0.0.1:{port}')
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace('urn:press')
    press = await server.nodes.objects.add_object(ua.NodeId('press', index), 'Press 4')
    force = await press.add_variable(ua.NodeId('force', index), 'force', 0.0, ua.VariantType.Double)
    await press.add_variable(ua.NodeId('pieces', index), 'pieces', 7.0, ua.VariantType.Double)
    await press.add_method(ua.NodeId('start', index), 'start', start,
        [argument('program', ua.ObjectIds.String, 'Which one'), argument('speed', ua.ObjectIds.Double, 'Strokes a minute')],
        [argument('order', ua.ObjectIds.String, 'What was begun')])
    await press.add_method(ua.NodeId('lubricate', index), 'lubricate', lubricate, [], [])
    async with server:
        await server.historize_node_data_change(force, period=None, count=10000)
        morning = datetime.datetime(2026, 1, 1, 8, tzinfo=datetime.timezone.utc)
        for second in range(60):
            await force.write_value(ua.DataValue(ua.Variant(1800.0 + second, ua.VariantType.Double),
                SourceTimestamp=morning + datetime.timedelta(seconds=second)))
        await force.write_value(1840.5)
        print('ready', flush=True)
        await asyncio.Event().wait()

logging.disable(logging.CRITICAL)
asyncio.run(main(int(sys.argv[1])))
`;

/** A press served by asyncua: it has recorded 60 values of force, and has the methods start and lubricate. */
export const plugInPress = (port: number): Program =>
  new Program('press', join(ROOT, '.tools/venv/bin/python'), ['-c', PRESS, String(port)]);

/** A device served by pymodbus: holding register n of ten holds 7 n + 1. */
export const plugIn = (port: number): Program =>
  new Program('device', join(ROOT, '.tools/venv/bin/python'), ['-c', DEVICE, String(port)]);

/** Another master sets a register of a device: Write Single Register, function 6 of the Modbus specification. */
export async function setRegister(port: number, register: number, value: number): Promise<void> {
  const frame = Buffer.from([0, 1, 0, 0, 0, 6, 1, 6, register >> 8, register & 255, value >> 8, value & 255]);
  const socket = connect(port, '127.0.0.1');
  const answer = new Promise<Buffer>((done, fail) => socket.once('data', done).once('error', fail));
  socket.write(frame);
  if (!(await answer).equals(frame)) throw new Error('the device did not take the value');
  socket.destroy();
}
