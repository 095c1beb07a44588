// The usual terms of payment of a licence as a form, and as docs/reference/settlement.md has them. Pure.

export interface TierLine {
  from: string;
  rate: string;
}

export interface TermsForm {
  kind: 'none' | 'free' | 'fixed' | 'running' | 'other';
  currency: string;
  fee: string; // fixed, and due on a day
  due: string;
  usage: 'amount' | 'quantity'; // running: money that the licensee takes, or pieces and tonnes
  digits: number; // behind the point of a quantity
  tiers: TierLine[];
  minimum: string; // of each period, or ""
  guarantee: string; // in all, due on a day, or ""
  guaranteed: string;
  gaps: 'hold' | 'estimate' | 'declared';
  withholding: string;
  vat: string;
  json: string; // other: as it stands
}

type Terms = Record<string, unknown>;

export const emptyTerms = (today: string): TermsForm => ({
  kind: 'none', currency: 'CNY', fee: '', due: today, usage: 'amount', digits: 0, tiers: [{ from: '0', rate: '' }],
  minimum: '', guarantee: '', guaranteed: today, gaps: 'hold', withholding: '', vat: '', json: '',
});

const instant = (day: string): string => `${day}T00:00:00Z`;
const dayOf = (time: unknown): string => String(time).slice(0, 10);

export interface TermsOf {
  licence: string;
  asset: string;
  payer: string;
}

/** What is sent. Requires: `json` is JSON if the terms are of another kind. */
export function termsOf(form: TermsForm, of: TermsOf): Terms | null {
  if (form.kind === 'none') return null;
  if (form.kind === 'other') return JSON.parse(form.json) as Terms;
  const common = { ...of, version: '1', currency: form.currency, usage: form.usage, gaps: form.gaps };
  if (form.kind === 'free') return { ...common, usage: 'amount', free: true };
  const taxes = { ...(form.withholding ? { withholding: form.withholding } : {}) };
  if (form.kind === 'fixed') return { ...common, usage: 'amount', fees: [{ id: 'fee', due: instant(form.due), amount: form.fee }], ...taxes };
  return {
    ...common,
    ...(form.usage === 'quantity' ? { quantity_digits: form.digits } : {}),
    tiers: form.tiers.map(({ from, rate }) => ({ from, rate })),
    ...(form.minimum ? { period_minimum: form.minimum } : {}),
    ...(form.guarantee ? { guarantees: [{ due: instant(form.guaranteed), total: form.guarantee }] } : {}),
    ...(form.usage === 'amount' && form.vat ? { vat: form.vat } : {}),
    ...taxes,
  };
}

/** The form of terms that it can show without losing anything; else they stand as JSON. */
export function formOf(terms: Terms | null, today: string): TermsForm {
  const empty = emptyTerms(today);
  if (!terms) return empty;
  const other: TermsForm = { ...empty, kind: 'other', json: JSON.stringify(terms, null, 1) };
  const text = (name: string): string => (typeof terms[name] === 'string' ? terms[name] : '');
  const list = (name: string): Terms[] => (Array.isArray(terms[name]) ? (terms[name] as Terms[]) : []);
  const form: TermsForm = {
    ...empty, currency: text('currency') || empty.currency, usage: terms.usage === 'quantity' ? 'quantity' : 'amount',
    gaps: (text('gaps') || 'hold') as TermsForm['gaps'], withholding: text('withholding'), vat: text('vat'), minimum: text('period_minimum'),
    digits: Number(terms.quantity_digits ?? 0),
  };
  if (terms.free === true) form.kind = 'free';
  else if (list('tiers').length) {
    form.kind = 'running';
    form.tiers = list('tiers').map((tier) => ({ from: String(tier.from), rate: String(tier.rate) }));
    const [guarantee] = list('guarantees');
    if (guarantee) Object.assign(form, { guarantee: String(guarantee.total), guaranteed: dayOf(guarantee.due) });
  } else {
    form.kind = 'fixed';
    const [fee] = list('fees');
    Object.assign(form, { fee: String(fee?.amount ?? ''), due: dayOf(fee?.due ?? today) });
  }
  const back = termsOf(form, { licence: text('licence'), asset: text('asset'), payer: text('payer') });
  return JSON.stringify(sorted(back)) === JSON.stringify(sorted(terms)) ? form : other;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}

export interface TermsLine {
  word: string; // key of a sentence
  params: Record<string, string>;
}

/** What the terms say, line by line; nothing for those that only JSON can show. */
export function linesOf(form: TermsForm): TermsLine[] {
  const currency = form.currency;
  if (form.kind === 'none' || form.kind === 'other') return [];
  if (form.kind === 'free') return [{ word: 'licences.says.free', params: {} }];
  const lines: TermsLine[] = [];
  if (form.kind === 'fixed') lines.push({ word: 'licences.says.fee', params: { amount: `${form.fee} ${currency}`, day: form.due } });
  for (const tier of form.kind === 'running' ? form.tiers : []) {
    const word = form.usage === 'amount' ? 'licences.says.tier' : 'licences.says.tier.quantity';
    lines.push({ word, params: { from: tier.from, rate: form.usage === 'amount' ? tier.rate : `${tier.rate} ${currency}`, currency } });
  }
  if (form.kind === 'running' && form.minimum) lines.push({ word: 'licences.says.minimum', params: { amount: `${form.minimum} ${currency}` } });
  if (form.kind === 'running' && form.guarantee) lines.push({ word: 'licences.says.guarantee', params: { amount: `${form.guarantee} ${currency}`, day: form.guaranteed } });
  if (form.withholding) lines.push({ word: 'licences.says.withholding', params: { rate: form.withholding } });
  return lines;
}
