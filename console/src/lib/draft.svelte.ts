// A connection while it is being set up or changed: everything the steps of the form fill in.
import { getJson } from './api.ts';
import { defaultSettings, loadProtocols } from './protocols.ts';
import { checkLine, isBlank, newLine, toLine, toSignal, type LineProblem, type SignalLine } from './signals.ts';
import type { Connection, Heartbeat, Page, PollGroup, Profile, ProtocolKind, Signal, TestResult } from './types.ts';

const DEFAULT_GROUP: PollGroup = { name: 'normal', interval_ms: 1000 };

export class Draft {
  id: number | null = null; // of the connection that is changed; null for a new one
  before: Connection | null = null;
  signalsBefore: Signal[] = [];

  name = $state('');
  enabled = $state(true);
  writesEnabled = $state(false);
  store = $state<'changes' | 'all'>('changes');
  heartbeat = $state<Heartbeat | null>(null);
  kinds: ProtocolKind[];
  kind = $state.raw<ProtocolKind>()!;
  settings = $state<Record<string, unknown>>({});
  groups = $state<PollGroup[]>([{ ...DEFAULT_GROUP }]);
  prefix = $state('');
  lines = $state<SignalLine[]>([]);
  /** What the last test said; null when there was none since the address changed. */
  tested = $state.raw<TestResult | null>(null);

  /** Problems of lines by their index; lines that are empty do not count. */
  problems = $derived.by(() => {
    const found = new Map<number, LineProblem[]>();
    this.lines.forEach((line, i) => {
      const problems = isBlank(line, this.kind) ? [] : checkLine(line, this.kind);
      if (problems.length) found.set(i, problems);
    });
    return found;
  });
  filled = $derived(this.lines.filter((line) => !isBlank(line, this.kind)));
  /** Requires: no problems. */
  signals = $derived(this.problems.size ? [] : this.filled.map((line) => toSignal(line, this.prefix, this.kind)));

  /** A new machine of the first protocol. */
  constructor(kinds: ProtocolKind[]) {
    this.kinds = kinds;
    this.choose(kinds[0]!.name);
  }

  static async fresh(): Promise<Draft> {
    return new Draft(await loadProtocols());
  }

  /** Another protocol: settings and signals begin anew, the address stays. */
  choose(protocol: string): void {
    const { host } = this.settings;
    this.kind = this.kinds.find((kind) => kind.name === protocol) ?? this.kinds[0]!;
    this.settings = defaultSettings(this.kind);
    if (host && 'host' in this.settings) this.settings.host = host;
    this.lines = [newLine(this.kind)];
    this.tested = null;
  }

  get profile(): Profile | null {
    return this.kind.profiles?.find((one) => one.name === this.settings.profile) ?? null;
  }

  /** What the profile of before had set goes back to its default; new signals begin as this one has them. */
  useProfile(name: string): void {
    const usual = defaultSettings(this.kind);
    for (const key of Object.keys(this.profile?.settings ?? {})) this.settings[key] = usual[key];
    this.settings.profile = name;
    Object.assign(this.settings, this.profile?.settings);
    const plain = this.kinds.find((kind) => kind.name === this.kind.name)!;
    const signal = this.profile?.signal ?? {};
    const untouched = this.lines.every((line) => isBlank(line, this.kind));
    this.kind = { ...plain, point: plain.point.map((field) => (field.name in signal ? { ...field, default: signal[field.name] } : field)) };
    if (untouched) this.lines = [newLine(this.kind)];
    this.tested = null;
  }

  static async of(id: number): Promise<Draft> {
    const [kinds, connection, signals] = await Promise.all([
      loadProtocols(),
      getJson<Connection>(`/connections/${id}`),
      getJson<Page<Signal>>(`/connections/${id}/signals`),
    ]);
    const draft = new Draft(kinds);
    draft.choose(connection.protocol);
    draft.id = id;
    draft.before = connection;
    draft.signalsBefore = signals.items;
    draft.name = connection.name;
    draft.enabled = connection.enabled;
    draft.writesEnabled = connection.writes_enabled ?? false;
    draft.store = connection.store ?? 'changes';
    draft.heartbeat = connection.heartbeat ? { ...connection.heartbeat } : null;
    draft.settings = { ...defaultSettings(draft.kind), ...connection.settings };
    draft.groups = connection.groups.map((group) => ({ ...group }));
    draft.lines = signals.items.map((signal) => toLine(signal, draft.kind));
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

  /** Settings as the server takes them: what is empty is left out, a secret that was not typed again stays. */
  sentSettings(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this.settings).filter(([, value]) => value !== '' && value !== null));
  }

  /** The body of POST and PUT, without signals. */
  body(): object {
    const { id: _id, status: _status, ...kept } = this.before ?? ({ protocol: this.kind.name } as Connection);
    return {
      ...kept, name: this.name.trim(), enabled: this.enabled, writes_enabled: this.writesEnabled, store: this.store, heartbeat: this.heartbeat,
      settings: this.sentSettings(), groups: this.groups.map((group) => ({ ...group })),
    };
  }
}
