// Royalty settlement in the terms of a page: amounts as people read them, who gets what, days of a
// meter. Amounts are decimal texts and stay so: nothing here adds or rounds money. Pure.
import type { Asset } from './types.ts';

export type RunState = 'draft' | 'approved' | 'posted' | 'reversed';
export type PartKind = 'share' | 'inventor' | 'pool' | 'release';

export interface RoyaltyRun {
  number: number;
  id: string;
  state: RunState;
  currency: string;
  from: string; // days, "2026-02-01"
  to: string; // not included
  digest: string;
  approvals: { name: string; time: string }[];
  approvals_needed: number;
  made: string;
  made_by: string;
  journal: number | null;
  reversal: number | null;
}

export interface Held {
  hold: string;
  amount: string;
}
export interface PayoutPart {
  kind: PartKind;
  source: string; // the asset, pool or hold
  amount: string;
  held: Held[];
}
export interface LicenceResult {
  licence: string;
  version: string;
  asset: string;
  payer: string;
  measured: string;
  gaps: { gap: string; value: string | null }[]; // null: held
  vat: string;
  base: string;
  base_so_far: string;
  royalty_due: string;
  fees: string;
  milestones: string;
  advances: string;
  advance_recouped: string;
  payment: string;
  withheld: string;
  held: Held[];
  receipts: string;
}
export interface AssetResult {
  asset: string;
  gross: string;
  net_of_tax: string;
  received: string;
  pools: { pool: string; payee: string; outstanding: string; recouped: string }[];
  passed: { to: string; rate: string; base_of: string; base: string; owed: string; paid: string }[];
  retained: string;
  award: string;
}
export interface UsageLine {
  id: string;
  licence: string;
  at: string;
  value: string;
  evidence: string;
}
export interface MeterDay {
  day: string;
  quantity: string;
  samples: number;
  bad: number;
  resets: number;
  evidence: string;
}
interface TimeSpan {
  from: string;
  to: string;
}
export interface Reading {
  licence: string;
  tag: string;
  kind: MeterKind;
  quantity: string;
  declared: string | null;
  difference: string | null;
  days: MeterDay[];
  gaps: (TimeSpan & { id: string })[];
  bridged: TimeSpan[];
}
export interface LicenceGap extends TimeSpan {
  id: string;
  licence: string;
}
export interface WholeRun extends RoyaltyRun {
  meters: Reading[];
  gaps: LicenceGap[];
  warnings: { code: string; subject: string; text: string; values: Record<string, string> }[];
  statement: {
    payouts: { payee: string; amount: string; parts: PayoutPart[] }[];
    licences: LicenceResult[];
    assets: AssetResult[];
    journal: { account: string; party: string; amount: string }[];
  };
}
export interface StatementRow {
  run: string;
  party: string;
  state: RunState;
  from: string;
  to: string;
  currency: string;
  gets: string;
  pays: string;
}
export interface PartyStatement {
  run: string;
  party: string;
  state: RunState;
  from: string;
  to: string;
  currency: string;
  digest: string;
  journal: number | null;
  amount: string | null; // null: it only pays
  parts: PayoutPart[];
  charges: LicenceResult[];
  licences: LicenceResult[];
  assets: AssetResult[];
  lines: UsageLine[];
  meters: Reading[];
  gaps: LicenceGap[];
}
export interface PayeeChange {
  payee: string;
  before: string;
  after: string;
  difference: string;
}

export type MeterKind = 'counter' | 'sum' | 'hours';
export const METER_KINDS: readonly MeterKind[] = ['counter', 'sum', 'hours'];
export interface Meter {
  licence: string;
  tag: string;
  kind: MeterKind;
  silence_max_s: number;
  version: number;
}
export const LINK_BASES = ['net_of_tax', 'gross', 'net_of_upstream', 'external'] as const;
export interface Plan {
  asset: string;
  mode: 'closed' | 'stream';
  award: { rate: string; inventors: { payee: string; weight: number }[] } | null;
  pools: { id: string; payee: string; priority: number }[];
  links: { to: string; rate: string; base: (typeof LINK_BASES)[number] }[];
  version: number;
}
export interface Report {
  id: string;
  licence: string;
  from: string;
  to: string;
  quantity: string;
  gap: string;
  document: string;
  recorded: string;
  recorded_by: string;
}
export interface Terms {
  licence: string;
  asset: string;
  payer: string;
  currency: string;
  usage: 'amount' | 'quantity';
  tiers?: { from: string; rate: string }[];
  [more: string]: unknown;
}
export interface PaidLicence {
  id: string;
  status: string;
  assets: string[];
  licensees: string[];
  terms: Terms | null;
}

/** A decimal text with its digits grouped: "12345.60" is "12,345.60". Every digit stays. */
export function amountText(amount: string, locale: string): string {
  const [, sign, whole, rest] = /^(-?)(\d+)(\.\d+)?$/.exec(amount) ?? [];
  if (whole === undefined) return amount;
  const point = new Intl.NumberFormat(locale).formatToParts(1.5).find((part) => part.type === 'decimal')?.value ?? '.';
  return `${sign ? '−' : ''}${new Intl.NumberFormat(locale).format(BigInt(whole))}${rest ? point + rest.slice(1) : ''}`;
}

export const isZero = (amount: string): boolean => !/[1-9]/.test(amount);
export const isNegative = (amount: string): boolean => amount.startsWith('-') && !isZero(amount);

/** The day before: people count the last day of a period in. */
export const lastDay = (to: string): string => new Date(Date.parse(to) - 86_400_000).toISOString().slice(0, 10);

/** The month before that of `today`, as a period: what is mostly settled. */
export function lastMonth(today: string): { id: string; from: string; to: string } {
  const [year, month] = today.split('-').map(Number) as [number, number];
  const to = `${today.slice(0, 7)}-01`;
  const from = new Date(Date.UTC(year, month - 2, 1)).toISOString().slice(0, 10);
  return { id: from.slice(0, 7), from, to };
}

/** What an asset is called; its id if one does not see it. */
export const titleOf = (assets: readonly Asset[], id: string): string => assets.find((asset) => asset.id === id)?.title ?? id;

/** What an id in a statement is called: a part comes from an asset, a pool or a hold. */
export const sourceOf = (assets: readonly Asset[], part: PayoutPart): string =>
  part.kind === 'share' || part.kind === 'inventor' ? titleOf(assets, part.source) : part.source;

/** The tag's trend on that day (UTC, as days of royalties are). */
export const trendHref = (tag: number, day: string): string =>
  `/trends?tags=${tag}&from=${day}T00:00:00.000Z&to=${new Date(Date.parse(day) + 86_400_000).toISOString()}`;

export interface DayBar {
  day: string;
  height: number; // 0..1 of the highest
  bad: boolean; // samples that are not good, or a counter that began anew
  gap: number; // 0..1 of the day of which nothing is known
}

/** What a chart of a meter shows of each day. */
export function barsOf(reading: Reading): DayBar[] {
  const highest = Math.max(...reading.days.map((one) => Number(one.quantity)), 0);
  return reading.days.map((one) => {
    const from = Date.parse(one.day);
    const to = from + 86_400_000;
    const unknown = reading.gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(to, Date.parse(gap.to)) - Math.max(from, Date.parse(gap.from))), 0);
    return {
      day: one.day,
      height: highest > 0 ? Number(one.quantity) / highest : 0,
      bad: one.bad > 0 || one.resets > 0,
      gap: Math.min(1, unknown / 86_400_000),
    };
  });
}

export const journalHref = (journal: number): string => `/ledger?journal=${journal}`;
export const statementHref = (run: string, party: string): string =>
  `/settlement/statements/${encodeURIComponent(run)}/${encodeURIComponent(party)}`;
