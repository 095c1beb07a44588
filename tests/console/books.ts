// Books for the ledger's pages: accounts of the consortium's parties, royalties, a reservation, a reversal, yen and a rate.
import type { Server } from './programs.ts';

const CENTRE = 'hunhe-robotics';
const FIRM = 'shenhe-drives';

interface Receipt {
  sequence: number;
}

/** Posts a journal; its number. */
export async function post(server: Server, key: string, fields: Record<string, unknown>): Promise<number> {
  const body = { kind: 'post', key, effective: '2026-03-31', ...fields };
  return (await server.send<Receipt>('POST', 'ledger/journals', body)).sequence;
}

export const leg = (account: string | number, amount: string) => ({ account, amount });

/** Opens accounts and posts to them; the number of a royalty of three legs. */
export async function makeBooks(server: Server, parties: { centre: string; firm: string } = { centre: CENTRE, firm: FIRM }): Promise<number> {
  const open = (owner: string, kind: string, currency: string, of: string, constraint = 'none') =>
    post(server, `open ${owner} ${kind} ${currency}`, { kind: 'open_account', account: { name: `${owner}/${kind}${currency === 'CNY' ? '' : `/${currency}`}`, owner, currency, kind: of, constraint } });
  await open(parties.centre, 'receivable', 'CNY', 'asset');
  await open(parties.firm, 'payable', 'CNY', 'liability');
  await open(parties.centre, 'withholding', 'CNY', 'asset');
  await open(parties.centre, 'bank', 'JPY', 'asset');
  await open(parties.firm, 'bank', 'JPY', 'asset');
  const [receivable, payable, withholding] = [`${parties.centre}/receivable`, `${parties.firm}/payable`, `${parties.centre}/withholding`];
  const royalty = await post(server, 'month/2026-03', {
    memo: 'Royalty of March', legs: [leg(receivable, '1234567.80'), leg(withholding, '137174.20'), leg(payable, '-1371742.00')],
    evidence: ['ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  });
  await post(server, 'month/2026-02', { effective: '2026-02-28', memo: 'Royalty of February', legs: [leg(receivable, '980.05'), leg(payable, '-980.05')] });
  await post(server, 'undo/2026-02', { kind: 'reverse', reference: royalty + 1, memo: 'Counted twice' });
  await post(server, 'hold/2026-04', { kind: 'pending', memo: 'Disputed part of April', legs: [leg(receivable, '15.00'), leg(payable, '-15.00')] });
  await post(server, 'pay/2026-03', { memo: 'Paid in yen', legs: [leg(`${parties.centre}/bank/JPY`, '26500000'), leg(`${parties.firm}/bank/JPY`, '-26500000')] });
  return royalty;
}
