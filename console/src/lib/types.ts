// The objects of the HTTP API, as docs/reference/api.md has them.

export type Role =
  | 'viewer' | 'operator' | 'engineer' | 'quality' | 'energy' | 'ip_officer' | 'finance' | 'partner' | 'auditor' | 'system' | 'security' | 'administrator';
export const ROLES: readonly Role[] = ['viewer', 'operator', 'engineer', 'quality', 'energy', 'ip_officer', 'finance', 'partner',
  'auditor', 'system', 'security', 'administrator'];

/** A role, and where it counts: '*', or the path of a level of the plant with all below it. */
export interface Grant {
  role: Role;
  place: string;
}

export interface Problem {
  id: string; // "LS-1002"; "" when the server did not answer at all
  title: string;
  detail: string;
  remedy: string;
  status: number;
  field?: string;
}

export interface Page<T> {
  items: T[];
  total: number;
}

export interface ServerStatus {
  version: string;
  claimed: boolean;
  name?: string;
  signup?: 'closed' | 'approval';
  notice?: string;
}

export interface Session {
  user: { id: number; email: string; name: string; grants: Grant[] };
  organisation: { id: number; name: string };
  csrf: string;
  operator: boolean; // of the organisation that runs the server
  permissions: string[]; // held at any place at all
  everywhere: string[]; // held in the whole organisation
  strength: Strength;
  provider: { handle: string; name: string; sign_out: string | null } | null; // by which the session began
  second_factor: { enrolled: number; demanded: boolean; due: string | null; missing: boolean };
  notice: string;
}

export type Strength =
  | 'password' | 'password-totp' | 'password-passkey' | 'passkey' | 'password-recovery'
  | 'provider' | 'provider-mfa' | 'provider-totp' | 'provider-passkey' | 'provider-recovery';

export interface Factor {
  id: number;
  kind: 'totp' | 'passkey';
  name: string;
  created: string;
  used: string | null;
  host?: string;
}

export interface Account {
  factors: Factor[];
  recovery_codes_left: number;
  passkeys_possible: boolean;
  passkeys_why_not: string;
  idle_hours_max: number;
  session_hours_max: number;
}

export interface OpenSession {
  id: string;
  own: boolean;
  created: string;
  used: string;
  ends: string;
  address: string;
  agent: string;
  strength: Strength;
}

export type FactorRule = 'nobody' | 'administrators' | 'everyone';

export interface Invitation {
  id: number;
  email: string;
  name: string;
  role: Role;
  created: string;
  expires: string;
  by: string;
  link?: string;
}

export interface User {
  id: number;
  email: string;
  name: string;
  grants: Grant[];
  created: string;
  second_factor?: { totp: number; passkeys: number; recovery_codes: number; demanded: boolean; due: string | null };
}

export interface Token {
  id: number;
  name: string;
  grants: Grant[];
  created: string;
  last_used?: string | null;
  expires?: string | null;
  token?: string;
}

export interface Attention {
  severity: 'error' | 'warning';
  title: string;
  detail: string;
  id?: string;
  word?: string;
  count?: number;
  name?: string;
  link?: string;
}

export interface Overview {
  time: string;
  started: string;
  version: string;
  values_per_second: number;
  values_stored: number | null; // as memory_bytes and storage: null for who does not run the server
  tags: number;
  tags_bad: number;
  connections: { total: number; connected: number; retrying: number; disabled: number };
  storage: {
    file_bytes: number;
    wal_bytes: number;
    memtable_bytes: number;
    disk_free_bytes: number | null;
    disk_full: boolean;
    disk_low: boolean;
    poisoned: boolean;
    damaged_blocks: number;
    repaired_blocks: number;
    scrub_finished: string | null;
    last_backup: string | null;
  } | null;
  memory_bytes: number | null;
  attention: Attention[];
}

export type ConnectionState = 'disabled' | 'connecting' | 'connected' | 'retrying';

/** A member of settings or of a signal, as GET /protocols tells it. */
export interface FieldSpec {
  name: string;
  kind: 'integer' | 'number' | 'boolean' | 'text' | 'secret' | 'word' | 'json';
  required: boolean;
  advanced: boolean;
  default?: unknown;
  min?: number;
  max?: number;
  choices?: string[];
}

/** What is known of the devices of a maker: defaults of settings, and why. */
export interface Profile {
  name: string;
  title: string;
  limits: string[];
  source: string;
  settings: Record<string, unknown>;
  signal: Record<string, unknown>;
  zh: { title: string; limits: string[] };
}

/** The fetching of past values that runs, or the last one. */
export interface Backfill {
  state: 'none' | 'running' | 'done' | 'failed' | 'cancelled';
  dry_run?: boolean;
  after_outage?: boolean;
  signals?: number;
  signals_done?: number;
  signals_without?: number;
  values?: number;
  error?: string | null;
}

export interface MethodArgument {
  name: string;
  type: string;
  description: string;
  usable: boolean;
}

export interface PendingCall {
  token: string;
  machine: string;
  arguments: string;
  asked_by: string;
  expires: string;
  second_person: boolean;
}

export interface MachineMethod {
  name: string;
  confirm: 'none' | 'again' | 'second-person';
  inputs: MethodArgument[];
  outputs: MethodArgument[];
  error: string | null;
  pending: PendingCall | null;
}

export interface MethodList {
  machine: string;
  enabled: boolean;
  you: string;
  items: MachineMethod[];
}

export interface CallResult {
  results?: { name: string; type: string; value: unknown }[];
  pending?: PendingCall;
}

export interface ProtocolKind {
  name: string;
  profiles?: Profile[];
  /** Its machines may keep values that can be fetched later. */
  history?: boolean;
  browsing?: 'none' | 'by-node' | 'at-once';
  /** Ports at which its machines usually listen. */
  doors?: number[];
  settings: FieldSpec[];
  point: FieldSpec[];
}

export interface PollGroup {
  name: string;
  interval_ms: number;
}

/** A signal that one side changes again and again, as a sign of life. */
export interface Heartbeat {
  signal: string;
  interval_ms: number;
  direction: 'expect' | 'write';
}

export interface ConnectionStatus {
  state: ConnectionState;
  since: string;
  last_error: string | null;
  last_error_time: string | null;
  /** Since when the error is past; null while it may stand. */
  last_error_until: string | null;
  retry_in_ms: number | null;
  clock_ahead_ms: number | null;
  latency_ms: { last: number; mean: number; p99: number } | null;
  requests: number;
  errors: number;
  timeouts: number;
  late_answers: number;
  bytes_in: number;
  bytes_out: number;
  reconnects: number;
  values_per_second: number;
  tags: number;
  tags_bad: number;
  last_value_time: string | null;
}

export interface Connection {
  id: number;
  name: string;
  protocol: string;
  enabled: boolean;
  writes_enabled?: boolean;
  store?: 'changes' | 'all';
  heartbeat?: Heartbeat | null;
  settings: Record<string, unknown>;
  groups: PollGroup[];
  status: ConnectionStatus;
}

/** Of an OPC UA application. */
export interface Certificate {
  thumbprint: string;
  subject: string;
  issuer: string;
  application_uri: string | null;
  dns_names: string[];
  addresses: string[];
  not_before: string;
  not_after: string;
  why?: string;
}

export interface Certificates {
  own: Certificate;
  own_ecc: Certificate | null;
  waiting: Certificate[];
  trusted: Certificate[];
}

export interface ConnectionEvent {
  time: string;
  event: string;
  detail: string;
}

export interface EnumEntry {
  value: number;
  name: string;
}

export interface Signal {
  path: string;
  /** Where the value lies: the members of the protocol's point. */
  [place: string]: unknown;
  group?: string;
  unit?: string;
  description?: string;
  interpolation?: 'step' | 'linear';
  enum_set?: EnumEntry[];
  range_low?: number | null;
  range_high?: number | null;
  writable?: boolean;
  deadband?: number;
  write_low?: number | null;
  write_high?: number | null;
  write_interval_ms?: number;
  write_confirm?: 'none' | 'again' | 'second-person';
  tag_id?: number;
}

export interface Identification {
  vendor: string;
  product: string;
  revision: string;
}

export type Value = boolean | number | string;

export interface TestResult {
  reachable: boolean;
  latency_ms: number | null;
  identification: Identification | null;
  error: Problem | null;
  values: { path: string; value: Value | null; raw: number[]; quality: string; error: string | null }[];
}

export interface ScanHit {
  host: string;
  port: number;
  protocol: string;
  tls: boolean;
  unit_id: number;
  identification: Identification | null;
  /** What a connection to it is set to. */
  settings: Record<string, unknown>;
}

/** Doors that were not knocked at: nothing may go there without encryption. */
export interface ScanLeftOut {
  protocol: string;
  port: number;
  hosts: string[];
}

export interface ScanResult {
  items: ScanHit[];
  left_out: ScanLeftOut[];
  total: number;
  /** `from` of the next part. */
  next: number | null;
}

export interface BrowseItem {
  levels: string[];
  node: string;
  has_more: boolean;
  type: string;
  signal: Signal | null;
}

export interface BrowseResult {
  items: BrowseItem[];
  cut: boolean;
}

export interface TableChange {
  name?: string;
  path?: string;
  fields: string[];
}

export interface TableDifference {
  applied: boolean;
  connections: Record<'added' | 'changed' | 'removed', TableChange[]>;
  signals: Record<'added' | 'changed' | 'removed', TableChange[]>;
  errors: { line: number; field: string; what: string }[];
}

export interface LastImport {
  time: string;
  who: string;
  added: string[];
  changed: string[];
  removed: string[];
}

export interface Template {
  id: number | null;
  name: string;
  description: string;
  protocol: string;
  groups: PollGroup[];
  signals: Signal[];
}

export interface PendingWrite {
  token: string;
  machine: string;
  value: Value;
  asked_by: string;
  expires: string;
  second_person: boolean;
}

export interface WriteResult {
  old?: Value | null;
  new?: Value;
  pending?: PendingWrite;
}

export interface WriteView {
  machine: string;
  enabled: boolean;
  low: number | null;
  high: number | null;
  interval_ms: number;
  confirm: 'none' | 'again' | 'second-person';
  you: string;
  pending: PendingWrite | null;
}

export type TagType = 'bool' | 'int64' | 'float32' | 'float64' | 'string';

export interface Last {
  time: string;
  value: Value;
  quality: string;
  quality_code: number;
}

export interface Tag {
  id: number;
  path: string;
  type: TagType;
  interpolation: 'step' | 'linear';
  unit: string;
  unit_symbol: string;
  description: string;
  enum_set: EnumEntry[];
  range_low: number | null;
  range_high: number | null;
  writable: boolean;
  source: string;
  last: Last | null;
}

/** null: for ever for samples, none for summaries. */
export interface RetentionRule {
  pattern: string;
  samples_days: number | null;
  minutes_days: number | null;
  hours_days: number | 'forever' | null;
  keep_replaced: boolean; // samples that others of the same time replace
  tags?: number; // for so many it is the first that matches; in answers
}

export interface Retention {
  version: number;
  rules: Required<RetentionRule>[];
  tags_total: number;
  tags_without_rule: number;
}

/** The rule that counts for a tag; `rule` null, and nothing else, if there is none. */
export interface TagRetention extends Partial<RetentionRule> {
  rule: number | null; // from 1
}

export interface RetentionReport {
  tags: number;
  rollups: number;
  erasures: number;
  files_rewritten: number;
}

export interface Erased {
  tags: number;
  samples: number;
}

export type ImportState = 'analysed' | 'running' | 'done' | 'failed' | 'interrupted';
export type ColumnUse = 'skip' | 'value' | 'time' | 'time_of_day' | 'tag' | 'quality' | 'type';

export interface ImportColumn {
  index: number;
  name: string;
  use: ColumnUse;
  path: string;
  type: TagType;
  unit: string;
  interpolation?: 'step' | 'linear';
}

export interface ImportPlan {
  encoding: string;
  bom: boolean;
  delimiter: string;
  decimal: string;
  header: boolean;
  layout: 'wide' | 'long' | 'transposed';
  time: {
    column: string | null;
    format: string;
    zone: string;
    start: string | null;
    step_ms: number | null;
  };
  columns: ImportColumn[];
  tags?: ImportColumn[];
  skip_refused?: boolean;
}

export interface Import {
  id: number;
  name: string;
  state: ImportState;
  plan: ImportPlan;
  rows: number;
  rows_good: number;
  rows_refused: number;
  refused: { line: number; column: string; problem: string }[];
  samples: number;
  duplicates: number;
  first_time: string | null;
  last_time: string | null;
  preview: string[][];
  notes?: string[];
  needs?: string[];
  progress: { rows: number; samples: number; rows_per_second: number } | null;
  error: Problem | null;
}

export type PartyKind = 'centre' | 'organisation' | 'person';
export type AssetKind = 'patent' | 'utility_model' | 'design' | 'trade_mark' | 'software' | 'data_set' | 'know_how';
export type AssetStatus = 'draft' | 'pending' | 'in_force' | 'ended';
export type EventKind = 'priority' | 'filed' | 'published' | 'examination_requested' | 'granted' | 'registered' | 'created' |
  'renewed' | 'lapsed' | 'restored' | 'expired' | 'withdrawn' | 'refused' | 'invalidated' | 'act';

/** What of the register one sees: all, or what a party is party to; party "": nothing. */
export interface RightsView {
  all: boolean;
  party: string;
  speaks_for: string; // also if all is seen; "": nobody
}

export interface Party {
  id: string;
  kind: PartyKind;
  name: string;
  country: string;
  region: string;
  field: string; // of a centre
  version: number;
}

export interface Membership {
  centre: string;
  member: string;
  tier: string;
  from: string; // days are "2026-11-26"
  to: string | null; // not included
}

/** A page of speakers says too which parties one's organisation is. */
export interface Speaker {
  user: number;
  party: string;
}

export interface Share {
  party: string;
  weight: number;
}

export interface Asset {
  id: string;
  kind: AssetKind;
  title: string;
  family: string;
  parent: string;
  office: string; // WIPO ST.3, or ""
  number: string;
  status: AssetStatus;
  version: number;
  counts?: Record<string, number>; // claims, classes...: some fees depend on them
  reductions?: string[]; // ids of the rule packs
  owners?: Share[]; // of today; not in what a change answers
}

export interface AssetEvent {
  sequence: number;
  kind: EventKind;
  date: string;
  note: string;
  document: string; // SHA-256, or ""
  act: string; // of an act: what it is, as the rule packs name it
  number: number; // which of several; 0: nobody said
  recorded: string;
  recorded_by: string;
}

export interface Money {
  amount: string; // with all minor units
  currency: string;
}

export type DeadlineState = 'open' | 'overdue' | 'missed' | 'done' | 'passed';

export interface Deadline {
  asset: string;
  title: string;
  asset_kind: AssetKind;
  office: string;
  pack: string;
  rule: string;
  number: number;
  task: string;
  task_zh: string;
  kind: 'task' | 'office' | 'expiry';
  state: DeadlineState;
  legal: string;
  due: string;
  certain: boolean; // false: holidays around it are not announced yet
  opens: string | null;
  grace_end: string | null;
  done: string | null;
  source: string;
  marks: { event: string; title: string }[]; // what settles it
  pay_on: string; // the day of the amounts
  fees: { fee: string; title: string; full: Money; amount: Money; reduction: string }[];
  surcharge: Money | null;
  cost: Money[];
  complete: boolean; // false: the pack lacks an amount
}

export interface DeadlineDay {
  day: string;
  deadlines: number;
}

export interface DeadlineCosts {
  from: string;
  to: string;
  sums: Money[];
  assets: { asset: string; title: string; deadlines: number; sums: Money[] }[];
  owners: { party: string; sums: Money[] }[]; // party "": nobody yet
  months: { month: string; sums: Money[] }[];
  deadlines: number;
  incomplete: number;
}

export interface RegisterImport {
  dry_run: boolean;
  new: number;
  change: number;
  same: number;
  items: { line: number; action: 'new' | 'change'; asset: Asset; events: { kind: EventKind; date: string; note: string }[]; applicants: string[]; owner: string }[];
}

export interface Ownership {
  sequence: number;
  from: string;
  shares: Share[];
  basis: string;
  document: string;
  corrects: number; // sequence; 0: none
  recorded: string;
  recorded_by: string;
}
