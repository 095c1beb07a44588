// The register of intellectual property in the terms of a page: shares, days, families. Pure.
import type { Asset, AssetKind, AssetStatus, EventKind, Ownership, Party, PartyKind, Share } from './types.ts';

export const PARTY_KINDS: readonly PartyKind[] = ['centre', 'organisation', 'person'];
export const ASSET_KINDS: readonly AssetKind[] = ['patent', 'utility_model', 'design', 'trade_mark', 'software', 'data_set', 'know_how'];
export const ASSET_STATUSES: readonly AssetStatus[] = ['draft', 'pending', 'in_force', 'ended'];
export const EVENT_KINDS: readonly EventKind[] = ['priority', 'filed', 'published', 'examination_requested', 'granted', 'registered',
  'created', 'renewed', 'lapsed', 'restored', 'expired', 'withdrawn', 'refused', 'invalidated', 'act'];
const STATUS_AFTER: Partial<Record<EventKind, AssetStatus>> = {
  filed: 'pending', granted: 'in_force', registered: 'in_force', created: 'in_force', restored: 'in_force',
  lapsed: 'ended', expired: 'ended', withdrawn: 'ended', refused: 'ended', invalidated: 'ended',
};
/** The status that follows from an event; null: it stays. As docs/reference/rights.md has it. */
export const statusAfter = (kind: EventKind): AssetStatus | null => STATUS_AFTER[kind] ?? null;

/** Offices to choose from: codes of WIPO ST.3. An asset may have another. */
export const OFFICES: readonly string[] = ['CN', 'WO', 'US', 'EP', 'JP', 'KR', 'DE', 'FR', 'GB', 'IN', 'HK', 'TW'];

export const hasOffice = (kind: AssetKind): boolean => !['software', 'data_set', 'know_how'].includes(kind);

export const totalOf = (shares: readonly Share[]): number => shares.reduce((sum, share) => sum + share.weight, 0);

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** The exact share in lowest terms: "2/3"; "1" for the whole. */
export function fractionText(weight: number, total: number): string {
  const common = divisor(weight, total);
  return weight === total ? '1' : `${weight / common}/${total / common}`;
}

/** The share in percent to two decimals, with a sign where that is not exact: "60%", "≈ 66.67%", "< 0.01%". */
export function percentText(weight: number, total: number, locale: string): string {
  const format = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
  if (weight * 10_000 < total) return `< ${format.format(0.0001)}`;
  // A weight is at most 10^9 and a total 10^12: the product stays exact.
  const exact = (weight * 10_000) % total === 0;
  return `${exact ? '' : '≈ '}${format.format(weight / total)}`;
}

/** "26 Nov 2026" of "2026-11-26": a day, the same in every zone. */
export function dayText(day: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone: 'UTC', year: 'numeric', month: 'short', day: '2-digit' }).format(Date.parse(day));
}

/** The office in words; names of countries come from the browser. */
export function officeText(code: string, locale: string, word: (key: string) => string): string {
  if (code === 'WO' || code === 'EP') return word(`portfolio.office.${code}`);
  try {
    return new Intl.DisplayNames([locale], { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}

export const nameOf = (parties: readonly Party[], id: string): string => parties.find((party) => party.id === id)?.name ?? id;

export interface Period {
  entry: Ownership;
  to: string | null; // the day from which another entry counts; null: none yet
  correctedBy: number | null; // it counts no longer
}

/** Entries as periods, the latest first; a corrected one stands below what corrects it. */
export function periodsOf(entries: readonly Ownership[]): Period[] {
  const correctedBy = new Map(entries.filter((entry) => entry.corrects).map((entry) => [entry.corrects, entry.sequence]));
  const ordered = entries.toSorted((a, b) => (a.from === b.from ? b.sequence - a.sequence : a.from < b.from ? 1 : -1));
  let next: string | null = null;
  let day = '';
  let to: string | null = null;
  return ordered.map((entry) => {
    if (entry.from !== day) [next, day, to] = [entry.from, entry.from, next];
    return { entry, to, correctedBy: correctedBy.get(entry.sequence) ?? null };
  });
}

export interface FamilyNode {
  asset: Asset;
  children: FamilyNode[];
}

/** Assets below what they stem from; those whose parent is not among them come first. */
export function familyTree(assets: readonly Asset[]): FamilyNode[] {
  const ids = new Set(assets.map((asset) => asset.id));
  const below = (parent: string | null): FamilyNode[] => assets
    .filter((asset) => (parent === null ? !ids.has(asset.parent) : asset.parent === parent))
    .map((asset) => ({ asset, children: below(asset.id) }));
  return below(null);
}
