// A connection while it is being set up or changed: everything the steps of the form fill in.
import { getJson } from './api.ts';
import { checkLine, emptyLine, toLine, toSignal, type LineProblem, type SignalLine } from './signals.ts';
import type { Connection, ModbusSettings, Page, PollGroup, Signal, TestResult } from './types.ts';

export const DEFAULT_SETTINGS: ModbusSettings = {
  host: '', port: 502, unit_id: 1, timeout_ms: 1000, request_delay_ms: 0, registers_per_read_max: 125,
  bits_per_read_max: 2000, gap_max: 8, single_connection: false,
};
const DEFAULT_GROUP: PollGroup = { name: 'normal', interval_ms: 1000 };

export class Draft {
  id: number | null = null; // of the connection that is changed; null for a new one
  before: Connection | null = null;
  signalsBefore: Signal[] = [];

  name = $state('');
  enabled = $state(true);
  writesEnabled = $state(false);
  store = $state<'changes' | 'all'>('changes');
  settings = $state<ModbusSettings>({ ...DEFAULT_SETTINGS });
  groups = $state<PollGroup[]>([{ ...DEFAULT_GROUP }]);
  prefix = $state('');
  lines = $state<SignalLine[]>([]);
  /** What the last test said; null when there was none since the address changed. */
  tested = $state.raw<TestResult | null>(null);

  /** Problems of lines by their index; lines that are empty do not count. */
  problems = $derived.by(() => {
    const found = new Map<number, LineProblem[]>();
    this.lines.forEach((line, i) => {
      const problems = isBlank(line) ? [] : checkLine(line);
      if (problems.length) found.set(i, problems);
    });
    return found;
  });
  filled = $derived(this.lines.filter((line) => !isBlank(line)));
  /** Requires: no problems. */
  signals = $derived(this.problems.size ? [] : this.filled.map((line) => toSignal(line, this.prefix)));

  static async of(id: number): Promise<Draft> {
    const [connection, signals] = await Promise.all([
      getJson<Connection>(`/connections/${id}`),
      getJson<Page<Signal>>(`/connections/${id}/signals`),
    ]);
    const draft = new Draft();
    draft.id = id;
    draft.before = connection;
    draft.signalsBefore = signals.items;
    draft.name = connection.name;
    draft.enabled = connection.enabled;
    draft.writesEnabled = connection.writes_enabled ?? false;
    draft.store = connection.store ?? 'changes';
    draft.settings = { ...connection.settings };
    draft.groups = connection.groups.map((group) => ({ ...group }));
    draft.lines = signals.items.map(toLine);
    return draft;
  }

  /** The groups that signals name and the list lacks come with the default interval. */
  completeGroups(): void {
    for (const signal of this.signals) {
      if (signal.group && !this.groups.some((group) => group.name === signal.group)) {
        this.groups.push({ name: signal.group, interval_ms: DEFAULT_GROUP.interval_ms });
      }
    }
  }

  /** The body of POST and PUT, without signals. */
  body(): object {
    const { id: _id, status: _status, ...kept } = this.before ?? ({ protocol: 'modbus-tcp' } as Connection);
    return {
      ...kept, name: this.name.trim(), enabled: this.enabled, writes_enabled: this.writesEnabled, store: this.store,
      settings: { ...this.settings }, groups: this.groups.map((group) => ({ ...group })),
    };
  }
}

const EMPTY = JSON.stringify({ ...emptyLine(), area: '', type: '' });

/** A line where nobody has typed yet: what a new line begins with does not count. */
export function isBlank(line: SignalLine): boolean {
  return line.path === '' && line.address === '' && JSON.stringify({ ...line, area: '', type: '' }) === EMPTY;
}
