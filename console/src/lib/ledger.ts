// The ledger in the terms of a page: what the API answers, and amounts in the reader's digits. Pure.
export const JOURNAL_KINDS = ['post', 'pending', 'post_pending', 'void_pending', 'reverse', 'open_account', 'close_account', 'close_period'] as const;
export type JournalKind = (typeof JOURNAL_KINDS)[number];

export interface LedgerFacts {
  size: number;
  root: string;
  name: string | null;
  key: string | null;
  read_only: string | null;
}

export interface LedgerAccount {
  id: number;
  name: string;
  owner: string;
  currency: string;
  kind: 'asset' | 'liability' | 'equity' | 'income' | 'expense';
  constraint: string;
  debits: string; // amounts are decimals as text: exact
  credits: string;
  balance: string;
  pending: string;
  closed: boolean;
}

export interface CurrencyTotal {
  currency: string;
  debits: string;
  credits: string;
  balance: string;
}

export interface AccountPage {
  items: LedgerAccount[];
  total: number;
  totals: CurrencyTotal[];
}

export interface Leg {
  account: number;
  name: string;
  owner: string;
  currency: string;
  amount: string;
}

export interface Journal {
  sequence: number;
  kind: JournalKind;
  key: string;
  effective: string;
  recorded: string;
  memo: string;
  legs: Leg[];
  legs_hidden: number;
  evidence: string[];
  leaf: string;
  entry?: string; // the bytes of the whole; not if legs are hidden
  reference?: number;
  expiry?: string;
  account?: { name: string; owner: string; currency: string };
  closed?: number;
  owner?: string;
  exchange?: { from: string; to: string; rate: string; source: string };
}

export interface JournalPage {
  items: Journal[];
  next: number | null;
}

export interface StatementLine {
  sequence: number;
  kind: JournalKind;
  effective: string;
  amount: string;
  balance: string;
  key: string;
  memo: string;
}

export interface Statement {
  account: LedgerAccount;
  opening: string;
  closing: string;
  lines: StatementLine[];
  next: number | null;
}

export interface LedgerWitness {
  name: string;
  key: string;
  size: number | null;
  time: string | null;
}

/** "-1,234.50" of "-1234.50": all digits that the currency has, none lost on the way. */
export function amountText(amount: string, locale: string): string {
  const decimals = amount.split('.')[1]?.length ?? 0;
  const format = new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  // A text is taken as a decimal, not as a double.
  return format.format(amount as unknown as number).replace('-', '\u2212');
}

/** What a journal is about, in few words. */
export const titleOf = (journal: Pick<Journal, 'memo' | 'account' | 'key'>): string => journal.memo || journal.account?.name || journal.key;
