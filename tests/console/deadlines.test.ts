// Deadlines, their costs, and the register from and to files: by keyboard, on the consortium of the demo.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, seriousFindings, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { ROOT, Server, until } from './programs.ts';

interface Deadline {
  asset: string;
  rule: string;
  number: number;
  due: string;
  state: string;
}

describe('deadlines', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lineshaft-deadlines-'));
  const today = new Date().toISOString().slice(0, 10);
  let server: Server;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    mkdirSync(join(folder, 'provision'));
    copyFileSync(join(ROOT, 'examples/consortium/rights.json'), join(folder, 'provision/rights.json'));
    server = await Server.start('deadlines', ['--provision', join(folder, 'provision')]);
    await server.claim();
    await until(async () => (await server.get<{ total: number }>('rights/assets')).total === 20, 'the provisioned assets');
    // Made today, so that the test is the same on every day: its fee of the second year is a year away.
    await server.send('PUT', 'rights/assets', { id: 'new-cn', kind: 'patent', title: 'Casting with two moulds', office: 'CN' });
    for (const kind of ['filed', 'granted']) await server.send('POST', 'rights/assets/new-cn/events', { kind, date: today });
    await server.send('POST', 'rights/assets/new-cn/ownership', { from: today, basis: 'own work',
      shares: [{ party: 'chen-yuhang', weight: 1 }, { party: 'wang-suya', weight: 2 }] });
    context = await signedIn(server);
    page = await openPage(context, '/portfolio', /40[0349]/);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const lines = () => page.locator('main tbody tr.line');
  const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
  const of = (asset: string, more = '') => server.get<{ items: Deadline[]; total: number }>(`deadlines?asset=${asset}${more}`);
  const total = async (query = '') => (await server.get<{ total: number }>(`deadlines?limit=1${query}`)).total;
  const counted = (n: number) => page.getByRole('status').filter({ hasText: n === 1 ? /^1 deadline$/ : new RegExp(`^${n} deadlines$`) }).waitFor();

  test('stand in a list in order of day, in groups, with their costs', async () => {
    await pressOn(page, link(page, 'Deadlines'));
    await lines().first().waitFor();
    await counted(await total());
    await page.locator('tr.group', { hasText: 'Later' }).waitFor();
    const days = await lines().locator('time').evaluateAll((all) => all.map((one) => one.getAttribute('datetime')!));
    assert.deepEqual(days, days.toSorted());
    assert.deepEqual(await seriousFindings(page), []);
  });

  test('are narrowed to what one party owns a share of, and to what is to come', async () => {
    await chooseIn(page, field(page, 'Owner'), 'Wang Suya');
    await counted(await total('&party=wang-suya'));
    const first = lines().first();
    await first.getByText('Casting with two moulds').waitFor();
    await chooseIn(page, field(page, 'State'), 'Still to come');
    await counted(await total('&party=wang-suya&state=open'));
    assert.equal(new URL(page.url()).search, '?party=wang-suya&state=open');
    // A word that is typed at once after another one would be taken for its end.
    await page.keyboard.press('ArrowUp');
    await heading(page, 'Nothing is due').waitFor();
    assert.equal(new URL(page.url()).search, '?party=wang-suya&state=overdue');
    await page.keyboard.press('ArrowUp');
    await until(() => new URL(page.url()).search === '?party=wang-suya', 'everything to be done again');
  });

  test('are marked as paid after a look at what it costs, and the asset has the event', async () => {
    const before = await of('new-cn');
    const fee = before.items.find((one) => one.rule === 'annual-fee')!;
    assert.equal(fee.number, 2);
    const line = lines().filter({ hasText: 'Pay the annual fee (2)' });
    await pressOn(page, line.getByRole('button'));
    const mark = dialog('Mark as paid…');
    assert.match((await mark.innerText()).replaceAll(/\s+/g, ' '), /Annual fee CNY 900\.00/);
    assert.deepEqual(await seriousFindings(page), []);
    await mark.getByLabel('On').fill('2001-01-01'); // before anything: it is what the person says
    await typeInto(page, mark.getByLabel('Document (SHA-256)'), 'no hash');
    await pressOn(page, mark.getByRole('button', { name: 'Mark as paid…' }));
    await mark.getByText(/is no SHA-256/).waitFor();
    await mark.getByLabel('Document (SHA-256)').fill('');
    await mark.getByLabel('On').fill(today);
    await typeInto(page, mark.getByLabel('Note'), 'receipt 4711');
    await pressOn(page, mark.getByRole('button', { name: 'Mark as paid…' }));
    await mark.waitFor({ state: 'detached' });
    await line.waitFor({ state: 'detached' });
    assert.equal((await of('new-cn')).total, before.total - 1);
    await pressOn(page, lines().first().getByRole('link'));
    const aside = page.getByRole('complementary', { name: 'Casting with two moulds' });
    await aside.getByText('Renewed (2)').waitFor();
    await aside.getByText('receipt 4711').waitFor();
  });

  test('stand beside their asset, and a task with a choice asks what was done', async () => {
    const aside = page.getByRole('complementary', { name: 'Casting with two moulds' });
    await pressOn(page, aside.getByRole('button', { name: /^Mark as done… File abroad/ }));
    await chooseIn(page, dialog('Mark as done…').getByLabel('What was done'), 'Decided not to file abroad');
    await pressOn(page, dialog('Mark as done…').getByRole('button', { name: 'Mark as done…' }));
    await dialog('Mark as done…').waitFor({ state: 'detached' });
    await aside.getByText('Decided not to file abroad').waitFor();
    const { items } = await of('new-cn', '&state=all');
    assert.equal(items.find((one) => one.rule === 'file-abroad')!.state, 'done');
  });

  test('a step before the office is entered as an event, and begins a deadline', async () => {
    const aside = page.getByRole('complementary', { name: 'Casting with two moulds' });
    await pressOn(page, aside.getByRole('button', { name: 'Add event…' }));
    const add = dialog('Add event');
    await chooseIn(page, add.getByLabel('Event'), 'Step before the office');
    await chooseIn(page, add.getByLabel('Which step'), 'Later office action received');
    await typeInto(page, add.getByLabel('Number'), '2');
    await pressOn(page, add.getByRole('button', { name: 'Add event' }));
    await add.waitFor({ state: 'detached' });
    await aside.getByText('Answer the office action (2)').waitFor();
    await page.keyboard.press('Escape');
  });

  test('a calendar of the month is walked by the keyboard', async () => {
    await page.goto('/portfolio/deadlines?view=calendar&month=2027-04');
    await heading(page, 'April 2027').waitFor();
    const day = page.locator('[data-day="2027-04-12"]');
    await day.getByText('heat-balance-cn: Pay the annual fee (7)').waitFor();
    await button(page, '12 Apr 2027, 1 deadline').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await tabTo(page, page.locator('[data-day="2027-04-01"]'));
    for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key); // to the 12th
    await page.keyboard.press('Enter');
    await until(() => page.url().includes('day=2027-04-12'), 'the day in the address');
    await counted(1);
    await page.keyboard.press('PageDown');
    await heading(page, 'May 2027').waitFor();
    await until(() => page.evaluate(() => (document.activeElement as HTMLElement).dataset.day === '2027-05-01'), 'the first of May to have the focus');
    await page.keyboard.press('ArrowLeft');
    await heading(page, 'April 2027').waitFor();
  });

  test('costs of a period are divided among months, owners and assets', async () => {
    await pressOn(page, link(page, 'Costs'));
    await chooseIn(page, field(page, 'Period'), 'Next five years');
    await chooseIn(page, field(page, 'Owner'), 'Chen Yuhang');
    // Of the new patent the application with its printing, 950, and the years 3 to 5, 900 + 1,200 + 1,200: 4,250. A third of each is
    // one owner's: 316.67 + 300 + 400 + 400.
    const owners = page.locator('section', { has: heading(page, 'By owner') });
    await owners.getByRole('row', { name: /Chen Yuhang CNY 1,416\.67/ }).waitFor();
    await owners.getByRole('row', { name: /Wang Suya CNY 2,833\.33/ }).waitFor();
    await page.getByText('CNY 4,250.00').first().waitFor();
    assert.deepEqual(await seriousFindings(page), []);
  });

  test('a file is looked at before it is taken, and one with a mistake names its line', async () => {
    await page.goto('/portfolio');
    await pressOn(page, button(page, 'Import, export…'));
    const files = dialog('Import and export');
    const give = async (text: string) => {
      const path = join(folder, 'gazette.csv');
      writeFileSync(path, `kind,office,application_number,filed,titles\n${text}`);
      await page.locator('dialog input[type=file]').setInputFiles(path);
    };
    await give('patent,CN,9.1,2024-02-30,Ladle\n');
    await files.getByRole('alert').getByText(/line 2: filed/).waitFor();
    assert.ok(await files.getByRole('button', { name: 'Take into the register' }).isDisabled());
    await give('patent,CN,9.1,2024-02-29,Ladle\ndesign,CN,9.2,2024-03-01,Handle\n');
    await files.getByText('2 new, 0 changed, 0 the same').waitFor();
    assert.equal((await server.get<{ total: number }>('rights/assets?search=CN-9')).total, 0, 'a look keeps nothing');
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, files.getByRole('button', { name: 'Take into the register' }));
    await files.waitFor({ state: 'detached' });
    assert.equal((await server.get<{ total: number }>('rights/assets?search=CN-9')).total, 2);
    await pressOn(page, button(page, 'Import, export…'));
    await give('patent,CN,9.1,2024-02-29,Ladle\n');
    await files.getByText('0 new, 0 changed, 1 the same').waitFor();
    const download = page.waitForEvent('download');
    await pressOn(page, files.getByRole('link', { name: 'WIPO ST.96 (XML)' }));
    const text = readFileSync(await (await download).path(), 'utf8');
    assert.match(text, /<com:ApplicationNumberText>9\.1<\/com:ApplicationNumberText>/);
    await page.keyboard.press('Escape');
  });
});
