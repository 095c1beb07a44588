// The ledger: its books page by page, a proof that the browser works out itself, a lie that it notices, and what others take home.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, seriousFindings, signedIn, type BrowserContext, type Page } from './browser.ts';
import { leg, makeBooks, post } from './books.ts';
import { BINARY, Server, until } from './programs.ts';

const textOf = async (part: { innerText: () => Promise<string> }) => (await part.innerText()).replaceAll(/\s+/g, ' ');

describe('the ledger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lineshaft-ledger-'));
  let server: Server;
  let context: BrowserContext;
  let page: Page;
  let royalty: number;

  before(async () => {
    server = await Server.start('ledger');
    await server.claim();
    for (const [id, name] of [['hunhe', 'Hunhe Centre'], ['shenhe', 'Shenhe Drives']]) {
      await server.send('PUT', 'rights/parties', { id, kind: 'organisation', name });
    }
    royalty = await makeBooks(server, { centre: 'hunhe', firm: 'shenhe' });
    context = await signedIn(server);
    page = await openPage(context, '/', /40[0349]/);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const rows = (its = page) => its.locator('main .list tbody tr');
  const panel = (name: string, its = page) => its.getByRole('complementary', { name });

  test('stands in the rail and lists journals, the newest first, with what they moved', async () => {
    await pressOn(page, link(page, 'Ledger'));
    await heading(page, 'Ledger').waitFor();
    await rows().first().waitFor();
    assert.equal(await rows().count(), 10);
    assert.match(await textOf(rows().nth(0)), /Paid in yen pay\/2026-03 Posting hunhe\/bank\/JPY 26,500,000 JPY shenhe\/bank\/JPY −26,500,000 JPY/);
    assert.match(await textOf(rows().nth(4)), /31 Mar 2026 Royalty of March .* hunhe\/receivable 1,234,567\.80 CNY hunhe\/withholding 137,174\.20 CNY shenhe\/payable −1,371,742\.00 CNY/);
    assert.deepEqual(await seriousFindings(page), []);
  });

  test('a journal is proved in the browser: hashed, followed to the root, compared with what is signed', async () => {
    await pressOn(page, rows().getByRole('link', { name: 'Royalty of March' }));
    const aside = panel('Royalty of March');
    await aside.getByText(/^Proved: this is one of the 10 journals that .* has signed$/).waitFor();
    await aside.getByText('hashed the journal\'s own bytes').waitFor();
    await pressOn(page, aside.locator('summary'));
    const steps = await textOf(aside.locator('details'));
    const { root } = await server.get<{ root: string }>('ledger');
    const { leaf, proof } = await server.get<{ leaf: string; proof: string[] }>(`ledger/journals/${royalty}/proof`);
    for (const hash of [leaf, ...proof, root]) assert.ok(steps.includes(hash));
    assert.deepEqual(await seriousFindings(page), []);
    assert.equal(new URL(page.url()).search, `?journal=${royalty}`);
    await page.keyboard.press('Escape');
    await until(() => !page.url().includes('journal='), 'the panel to close');
  });

  test('a server that shows another amount, or another proof, is found out', async () => {
    const liar = await openPage(context, '/-');
    const shown = await server.get<{ entry: string; memo: string }>(`ledger/journals/${royalty}`);
    await liar.route(`**/ledger/journals/${royalty}`, (route) => route.fulfill({ json: { ...shown, entry: `${shown.entry.slice(0, -2)}00` } }));
    await liar.goto(`/ledger?journal=${royalty}`);
    await panel(shown.memo, liar).getByText(/^Not proved: this is not what was signed/).waitFor();
    await liar.unroute(`**/ledger/journals/${royalty}`);
    await liar.route('**/proof?*', async (route) => {
      const answer = await (await route.fetch()).json();
      await route.fulfill({ json: { ...answer, proof: answer.proof.toReversed() } });
    });
    await liar.reload();
    await panel(shown.memo, liar).getByText(/^Not proved/).waitFor();
    assert.deepEqual(await seriousFindings(liar), []);
    await liar.close();
  });

  test('accounts have balances by currency, and a statement with the balance after each line', async () => {
    await pressOn(page, link(page, 'Accounts'));
    await page.getByRole('status').filter({ hasText: '5 accounts' }).waitFor();
    assert.match(await textOf(page.locator('main tfoot')), /Sum 0\.00 CNY Sum 0 JPY/);
    await chooseIn(page, field(page, 'Books of'), 'Shenhe Drives');
    await page.getByRole('status').filter({ hasText: '2 accounts' }).waitFor();
    await chooseIn(page, field(page, 'Currency'), 'CNY');
    await page.getByRole('status').filter({ hasText: '1 account' }).waitFor();
    assert.equal(new URL(page.url()).search, '?party=shenhe&currency=CNY');
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, link(page, 'shenhe/payable'));
    const aside = panel('shenhe/payable');
    await aside.getByText('Royalty of February').waitFor();
    const text = await textOf(aside);
    assert.match(text, /Royalty of March 31 Mar 2026 −1,371,742\.00 −1,371,742\.00/);
    assert.match(text, /Royalty of February 28 Feb 2026 −980\.05 −1,372,722\.05 Counted twice 31 Mar 2026 · Reversal 980\.05 −1,371,742\.00/);
    assert.match(text, /Reserved −15\.00 CNY/);
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, aside.getByRole('link', { name: 'Counted twice' }));
    await panel('Counted twice').getByRole('link', { name: `Journal ${royalty + 1}` }).waitFor();
  });

  test('a checkpoint is taken home, and later the browser checks that the ledger continues it', async () => {
    await page.keyboard.press('Escape');
    await pressOn(page, link(page, 'Checkpoint and export'));
    await pressOn(page, button(page, 'Copy checkpoint'));
    const kept = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(kept, /^lineshaft-[0-9a-f]{12}\/ledger\n10\n/);
    const download = page.waitForEvent('download');
    await pressOn(page, button(page, 'Download checkpoint'));
    const saved = join(folder, 'kept');
    await (await download).saveAs(saved);
    for (let i = 0; i < 7; i++) await post(server, `more ${i}`, { legs: [leg(1, '1.00'), leg(2, '-1.00')] });
    const compare = async (text: string) => {
      await field(page, 'Checkpoint that you kept').fill(text);
      await pressOn(page, button(page, 'Compare'));
    };
    await compare(kept);
    await page.getByText('The ledger continues it: its 10 journals are unchanged.').waitFor();
    await compare(kept.replace('\n10\n', '\n9\n'));
    await page.getByText(/^(This checkpoint is not signed by the key of this ledger\.|The ledger does not continue it)/).waitFor();
    await compare('no checkpoint');
    await page.getByText(/^This is no checkpoint/).waitFor();
    assert.deepEqual(await seriousFindings(page), []);

    const file = page.waitForEvent('download');
    await pressOn(page, link(page, 'Download export'));
    const exported = join(folder, 'ledger.export');
    await (await file).saveAs(exported);
    const { key } = await server.get<{ key: string }>('ledger');
    const told = execFileSync(BINARY, ['ledger', 'verify', exported, '--key', key, '--checkpoint', saved, '-o', 'json'], { encoding: 'utf8' });
    assert.equal((JSON.parse(told) as { entries: number }).entries, 17);
  });

  test('a party sees its own accounts and legs, and still the proof', async () => {
    const user = await server.send<{ id: number }>('POST', 'users', { name: 'Bo', email: 'bo@example.com', role: 'viewer', password: 'seven grey cranes turn' });
    const other = await signedIn(server, { email: 'bo@example.com', password: 'seven grey cranes turn' });
    const theirs = await openPage(other, '/ledger');
    await heading(theirs, 'Your account speaks for no party').waitFor();
    await server.send('PUT', `users/${user.id}/party`, { party: 'shenhe' });
    await theirs.goto(`/ledger?journal=${royalty}`);
    const aside = panel('Royalty of March', theirs);
    await aside.getByText('2 legs in the books of others are not shown').waitFor();
    await aside.getByText(/^Proved: this is one of the 17 journals/).waitFor();
    assert.ok(!(await textOf(theirs.locator('main'))).includes('hunhe/'));
    await pressOn(theirs, link(theirs, 'Accounts'));
    await theirs.getByRole('status').filter({ hasText: '2 accounts' }).waitFor();
    assert.equal(await field(theirs, 'Books of').count(), 0, 'there is nothing to choose');
    assert.deepEqual(await seriousFindings(theirs), []);
    await closeContext(other);
  });

  test('older journals are a page away', async () => {
    for (let i = 0; i < 50; i++) await post(server, `page ${i}`, { legs: [leg(1, '1.00'), leg(2, '-1.00')] });
    await page.goto('/ledger');
    await rows().nth(49).waitFor();
    await pressOn(page, button(page, 'Older'));
    await until(async () => (await rows().count()) === 17, 'the rest');
    await page.reload();
    await until(async () => (await rows().count()) === 17, 'the same page');
    await pressOn(page, button(page, 'Newest'));
    await rows().nth(49).waitFor();
  });
});

