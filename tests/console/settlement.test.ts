// Royalty settlement: a run from a declared use to a posted journal by keyboard, two people, what if, statements.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, seriousFindings, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { Server, until } from './programs.ts';

const PASSWORD = 'seven grey cranes turn';
const TERMS = {
  licence: 'pour', version: '1', asset: 'alloy', payer: 'foundry', currency: 'CNY', usage: 'quantity', quantity_digits: 1,
  tiers: [{ from: '0', rate: '2' }, { from: '1000', rate: '1.5' }], withholding: '10 %', gaps: 'hold',
};

interface Run {
  state: string;
  journal: number | null;
}

describe('the settlement', () => {
  let server: Server;
  let context: BrowserContext;
  let page: Page;

  // Ann speaks for the centre that grants, Cara for the foundry that pays.
  before(async () => {
    server = await Server.start('settlement');
    await server.claim();
    for (const [id, kind, name] of [['centre', 'centre', 'Harbour Centre'], ['university', 'organisation', 'North University'], ['foundry', 'organisation', 'River Foundry'], ['wang', 'person', 'Wang Fang']]) {
      await server.send('PUT', 'rights/parties', { id, kind, name });
    }
    await server.send('PUT', 'rights/assets', { id: 'alloy', kind: 'software', title: 'Pouring control' });
    await server.send('POST', 'rights/assets/alloy/ownership', { from: '2020-01-01', basis: 'agreement', shares: [{ party: 'centre', weight: 3 }, { party: 'university', weight: 1 }] });
    for (const [email, name, role] of [['bo@example.com', 'Bo', 'administrator'], ['cara@example.com', 'Cara', 'viewer']]) {
      await server.send('POST', 'users', { email, name, role, password: PASSWORD });
    }
    await server.send('PUT', 'users/1/party', { party: 'centre' });
    await server.send('PUT', 'users/3/party', { party: 'foundry' });
    await server.send('PUT', 'rights/licences', { id: 'pour', kind: 'ordinary', licensors: ['centre'], licensees: ['foundry'], assets: ['alloy'], from: '2026-01-01', terms: TERMS });
    const { digest } = await server.get<{ digest: string }>('rights/licences/pour');
    await server.send('POST', 'rights/licences/pour/approve', { digest });
    const cara = await signedIn(server, { email: 'cara@example.com', password: PASSWORD });
    const session = await (await cara.request.get(`${server.address}/api/v1/session`)).json() as { csrf: string };
    const answer = await cara.request.post(`${server.address}/api/v1/rights/licences/pour/approve`, { headers: { 'X-CSRF-Token': session.csrf }, data: { digest } });
    assert.equal(answer.status(), 200, await answer.text());
    await cara.close();
    context = await signedIn(server);
    page = await openPage(context, '/', /40[0349]/);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
  });

  const run = (id: string) => server.get<Run>(`royalty/runs/${id}`);
  const row = (its: Page, text: string | RegExp) => its.locator('main tbody tr').filter({ hasText: text });
  const dialog = (its: Page, name: string | RegExp) => its.getByRole('dialog', { name });
  const texts = async (its: Page, text: string) => (await row(its, text).first().innerText()).replaceAll(/\s+/g, ' ');
  const as = async <T>(email: string, path: string, use: (its: Page) => Promise<T>): Promise<T> => {
    const other = await signedIn(server, { email, password: PASSWORD });
    const its = await openPage(other, path);
    const result = await use(its);
    await closeContext(other);
    return result;
  };

  test('says what will stand there, and how to begin', async () => {
    await pressOn(page, link(page, 'Settlement'));
    await heading(page, 'No run yet').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, link(page, 'Plans'));
    await heading(page, 'No plan yet').waitFor();
  });

  test('a plan gives inventors their part first', async () => {
    await pressOn(page, button(page, 'New plan'));
    const form = dialog(page, 'New plan');
    await typeInto(page, form.getByLabel('Award to inventors'), '130 %');
    await pressOn(page, form.getByRole('button', { name: 'Another inventor' }));
    await chooseIn(page, form.getByLabel('Inventors: Inventor 1'), 'Wang Fang');
    await typeInto(page, form.getByLabel('Inventors: Weight 1'), '1');
    await pressOn(page, form.getByRole('button', { name: 'Save' }));
    await form.getByText(/LS-\d+/).waitFor();
    await typeInto(page, form.getByLabel('Award to inventors'), '30 %');
    await pressOn(page, form.getByRole('button', { name: 'Save' }));
    await form.waitFor({ state: 'detached' });
    assert.match(await texts(page, 'Pouring control'), /30 %: Wang Fang|3\/10: Wang Fang/);
  });

  test('who pays declares the use, and sees no more than that', async () => {
    await as('cara@example.com', '/settlement', async (its) => {
      await heading(its, 'No statement yet').waitFor();
      assert.equal(await link(its, 'Runs').count(), 0);
      await pressOn(its, link(its, 'Reports'));
      await pressOn(its, button(its, 'Declare use'));
      const form = dialog(its, 'Declare use');
      await form.getByLabel('From', { exact: true }).fill('2026-03-01');
      await form.getByLabel('To', { exact: true }).fill('2026-04-01');
      await typeInto(its, form.getByLabel('Quantity'), '1250');
      assert.deepEqual(await seriousFindings(its), []);
      await pressOn(its, form.getByRole('button', { name: 'Send the report' }));
      await form.waitFor({ state: 'detached' });
      assert.match(await texts(its, 'pour-2026-03'), /pour-2026-03 pour 01 Mar 2026 – 31 Mar 2026 1,250/);
    });
  });

  // 1,000 tonnes at 2.00 and 250 at 1.50 are 2,375.00; less 10 % 2,137.50; 30 % of it 641.25; of the
  // 1,496.25 that are left three quarters 1,122.19 (exactly 1,122.1875) and one 374.06.
  test('a run shows who gets what, and what it is made of', async () => {
    await pressOn(page, link(page, 'Runs'));
    await pressOn(page, button(page, 'New run'));
    const form = dialog(page, 'New run');
    await typeInto(page, form.getByLabel('Name'), '2026-03');
    await form.getByLabel('From').first().fill('2026-03-01');
    await form.getByLabel('To', { exact: true }).first().fill('2026-03-01');
    await pressOn(page, form.getByRole('button', { name: 'Make the run' }));
    await form.getByText(/must be after from/).waitFor();
    await form.getByLabel('To', { exact: true }).first().fill('2026-04-01');
    await pressOn(page, form.getByRole('button', { name: 'Make the run' }));
    await heading(page, 'Run 2026-03').waitFor();
    assert.match(await texts(page, '1,122.19'), /Harbour Centre share of Pouring control 1,122\.19 1,122\.19/);
    assert.match(await texts(page, '641.25'), /Wang Fang inventor of Pouring control 641\.25 641\.25/);
    assert.match(await texts(page, '2,375.00'), /pour Pouring control River Foundry 1,250\.0 1,250\.0 2,375\.00 2,375\.00 237\.50 – 2,137\.50/);
    assert.deepEqual(await seriousFindings(page), []);
  });

  // Half of 1,496.25 is 748.125: 748.13 and 748.12.
  test('what if shows every difference and keeps nothing', async () => {
    await pressOn(page, button(page, 'What if'));
    await chooseIn(page, field(page, 'Other shares of the asset'), 'Pouring control');
    await typeInto(page, field(page, 'Shares: Weight 1'), '1');
    await pressOn(page, button(page, 'Show the difference'));
    const table = page.locator('main [role=status] tbody tr');
    await table.first().waitFor();
    const lines = (await table.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
    assert.deepEqual(lines, ['Harbour Centre 1,122.19 748.13 −374.06', 'North University 374.06 748.12 +374.06', 'Wang Fang 641.25 641.25 0']);
    await chooseIn(page, field(page, 'Other rates of the licence'), 'pour');
    await typeInto(page, field(page, 'Tiers: Rate 1'), 'much');
    await pressOn(page, button(page, 'Show the difference'));
    await page.getByRole('alert').getByText(/LS-\d+/).first().waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await page.reload();
    await field(page, 'Other rates of the licence').waitFor();
    await pressOn(page, button(page, 'What if'));
    await until(() => !page.url().includes('view='), 'the question to go');
  });

  test('two different people approve it, then it is posted', async () => {
    await pressOn(page, button(page, 'Approve…'));
    await dialog(page, 'Approve this statement').getByText('another person has to look too').waitFor();
    await pressOn(page, dialog(page, 'Approve this statement').getByRole('button', { name: 'Approve this statement' }));
    await page.getByText('1 of 2: ann@example.com').waitFor();
    await pressOn(page, button(page, 'Approve…'));
    await dialog(page, 'Approve this statement').getByText('You have approved it already').waitFor();
    await pressOn(page, dialog(page, 'Approve this statement').getByRole('button', { name: 'Approve this statement' }));
    await dialog(page, 'Approve this statement').getByText('LS-1003').waitFor();
    await page.keyboard.press('Escape');
    await as('bo@example.com', '/settlement/runs/2026-03', async (its) => {
      await pressOn(its, button(its, 'Approve…'));
      await pressOn(its, dialog(its, 'Approve this statement').getByRole('button', { name: 'Approve this statement' }));
      await its.getByText('2 of 2: ann@example.com').waitFor();
      await pressOn(its, button(its, 'Post…'));
      await pressOn(its, dialog(its, 'Post to the ledger').getByRole('button', { name: 'Post to the ledger' }));
      await button(its, 'Reverse…').waitFor();
    });
    assert.equal((await run('2026-03')).state, 'posted');
  });

  test('a statement leads from the amount to the evidence, and is a file', async () => {
    await page.goto('/settlement/statements');
    await pressOn(page, row(page, '641.25').getByRole('link'));
    await heading(page, 'Wang Fang').waitFor();
    await page.getByText('CNY 641.25').waitFor();
    await row(page, 'inventor of').getByRole('link', { name: 'Pouring control' }).waitFor();
    await pressOn(page, page.locator('dd').getByRole('link', { name: 'pour', exact: true }));
    await until(() => page.url().endsWith('#licence-pour'), 'the licence');
    const { lines } = await server.get<{ lines: { evidence: string }[] }>('royalty/statements/2026-03/wang');
    assert.equal(lines.length, 31);
    await page.getByText(lines[0]!.evidence).first().waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    for (const [name, start] of [['CSV', 'row,id,'], ['PDF', '%PDF-1.4']]) {
      const [file] = await Promise.all([page.waitForEvent('download'), pressOn(page, link(page, name!))]);
      assert.equal(file.suggestedFilename(), `statement-2026-03-wang.${name!.toLowerCase()}`);
      const bytes: Buffer[] = [];
      for await (const piece of await file.createReadStream()) bytes.push(piece as Buffer);
      assert.equal(Buffer.concat(bytes).subarray(0, start!.length).toString(), start);
    }
  });

  test('money that is paid is noted, never more than is owed', async () => {
    await pressOn(page, button(page, 'Note a payment…'));
    const form = dialog(page, 'Note a payment');
    await typeInto(page, form.getByLabel('Amount, CNY'), '641.26');
    await pressOn(page, form.getByRole('button', { name: 'Note a payment' }));
    await form.getByText(/is more than the/).waitFor();
    await typeInto(page, form.getByLabel('Amount, CNY'), '641.25');
    await pressOn(page, form.getByRole('button', { name: 'Note a payment' }));
    await form.waitFor({ state: 'detached' });
    await page.getByText(/Payment noted in journal \d+/).waitFor();
  });

  test('a party sees its own statement alone', async () => {
    await as('cara@example.com', '/settlement', async (its) => {
      await row(its, '2026-03').waitFor();
      assert.equal(await row(its, '2026-03').count(), 1);
      await pressOn(its, link(its, 'River Foundry'));
      await its.getByText('CNY 2,375.00').waitFor();
    });
  });

  test('a posted run is taken back by name only', async () => {
    await page.goto('/settlement/runs/2026-03');
    await pressOn(page, button(page, 'Reverse…'));
    const confirm = dialog(page, 'Reverse the run');
    assert.ok(await confirm.getByRole('button', { name: 'Reverse the run' }).isDisabled());
    await tabTo(page, confirm.getByRole('textbox'));
    await page.keyboard.type('2026-03');
    await pressOn(page, confirm.getByRole('button', { name: 'Reverse the run' }));
    await page.getByText('Reversed by journal').waitFor();
    assert.equal((await run('2026-03')).state, 'reversed');
  });

  test('a meter is a tag that the picker finds', async () => {
    await server.send('POST', 'tags', { path: 'plant/furnace/steel poured', type: 'float64' });
    await page.goto('/settlement/meters');
    await heading(page, 'No meter yet').waitFor();
    await pressOn(page, button(page, 'New meter'));
    const form = dialog(page, 'New meter');
    await typeInto(page, form.getByLabel('Tag', { exact: true }), 'no/such/tag');
    await pressOn(page, form.getByRole('button', { name: 'Save' }));
    await form.getByText(/no tag 'no\/such\/tag'/).waitFor();
    await pressOn(page, form.getByRole('button', { name: 'Find a tag…' }));
    await tabTo(page, page.getByRole('checkbox', { name: /steel poured/ }));
    await page.keyboard.press('Space');
    await until(async () => (await form.getByLabel('Tag', { exact: true }).inputValue()) === 'plant/furnace/steel poured', 'the tag in the field');
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, form.getByRole('button', { name: 'Save' }));
    await form.waitFor({ state: 'detached' });
    assert.match(await texts(page, 'steel poured'), /pour .*steel poured Counter a gap after 300 s of silence/);
    await pressOn(page, button(page, 'Delete the meter of pour'));
    await tabTo(page, dialog(page, /Delete/).getByRole('textbox'));
    await page.keyboard.type('pour');
    await pressOn(page, dialog(page, /Delete/).getByRole('button', { name: /Delete/ }));
    await heading(page, 'No meter yet').waitFor();
  });
});
