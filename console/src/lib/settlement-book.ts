// What every part of the settlement page needs of the register. Types alone.
import type { PaidLicence } from './settlement.ts';
import type { Asset, Party } from './types.ts';

export interface SettlementBook {
  parties: readonly Party[];
  assets: readonly Asset[];
  licences: readonly PaidLicence[]; // with terms of payment
}
