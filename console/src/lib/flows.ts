// Flows: what the server tells of them.
import { getJson } from './api.ts';
import type { FieldSpec, Page } from './types.ts';

export interface FlowKind {
  name: string;
  settings: FieldSpec[];
  has_addresses: boolean;
}

export interface FlowRule {
  select: string;
  leave_out: boolean;
  name?: string;
  unit?: string;
  deadband?: number;
  min_interval_ms?: number;
}

export type FlowState = 'up' | 'down' | 'disabled';

export interface FlowQueue {
  samples: number;
  bytes: number;
  bytes_max: number;
  level: 'calm' | 'half' | 'full';
  oldest: string | null;
  dropped: number;
}

export interface FlowStatus {
  state: FlowState;
  since: string | null;
  at: string;
  clients: number;
  tags: number;
  tags_left_out: number;
  samples_in: number;
  samples_sent: number;
  samples_out: number;
  samples_per_second: number;
  last_error: string | null;
  queue: FlowQueue | null;
  loops: string[];
  sources: { connection: string; tags: number }[];
}

export interface Flow {
  id: number;
  version: number;
  name: string;
  kind: string;
  enabled: boolean;
  writes_enabled: boolean;
  settings: Record<string, unknown>;
  rules: FlowRule[];
  status: FlowStatus;
}

export interface FlowTag {
  tag_id: number;
  path: string;
  rule: number;
  name?: string;
  type?: string;
  unit?: string;
  unit_symbol?: string;
  writable?: boolean;
  address?: number;
  address_text?: string;
  why?: string;
}

export interface FlowTagPage extends Page<FlowTag> {
  tags: number;
  left_out: number;
  loops: string[];
}

let loading: Promise<FlowKind[]> | null = null;

/** The kinds of this server; asked for once. */
export function loadFlowKinds(): Promise<FlowKind[]> {
  loading ??= getJson<{ items: FlowKind[] }>('/flow-kinds').then((answer) => answer.items);
  loading.catch(() => (loading = null));
  return loading;
}

export const freshRule = (): Required<FlowRule> => ({ select: '**', leave_out: false, name: '{path}', unit: '', deadband: 0, min_interval_ms: 0 });
