// The register of intellectual property: what stands in it, what is entered by keyboard alone, who sees what.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, seriousFindings, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { ROOT, Server, until } from './programs.ts';

interface Share {
  party: string;
  weight: number;
}
interface Asset {
  id: string;
  title: string;
  status: string;
  owners: Share[];
}

describe('the portfolio', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lineshaft-portfolio-'));
  let server: Server;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    mkdirSync(join(folder, 'provision'));
    copyFileSync(join(ROOT, 'examples/consortium/rights.json'), join(folder, 'provision/rights.json'));
    server = await Server.start('portfolio', ['--provision', join(folder, 'provision')]);
    await server.claim();
    await until(async () => (await server.get<{ total: number }>('rights/assets')).total === 20, 'the provisioned assets');
    context = await signedIn(server);
    page = await openPage(context, '/', /40[0349]/);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const asset = (id: string) => server.get<Asset>(`rights/assets/${id}`);
  const rows = () => page.locator('main tbody tr');
  const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
  const panel = (name: string) => page.getByRole('complementary', { name });
  const countOn = (its: Page, n: number) => its.getByRole('status').filter({ hasText: n === 1 ? /^1 asset$/ : new RegExp(`^${n} assets$`) }).waitFor();
  const count = (n: number) => countOn(page, n);

  test('stands in the rail and lists assets with their owners in exact shares', async () => {
    await pressOn(page, link(page, 'Portfolio'));
    await heading(page, 'Portfolio').waitFor();
    await count(20);
    const row = rows().filter({ hasText: 'soft-gripper-cn' });
    const text = (await row.innerText()).replaceAll(/\s+/g, ' ');
    assert.match(text, /Gripper with torque felt in its own drive soft-gripper-cn Patent CN \S+ In force/);
    assert.match(text, /Shenhe Servo Drives 2\/3 ≈ 66\.67% Hunhe Centre for Robotics 1\/3 ≈ 33\.33%/);
    assert.deepEqual(await seriousFindings(page), []);
  });

  test('is narrowed by filters that the address holds', async () => {
    await typeInto(page, field(page, 'Find by id, title or number'), 'magnet');
    await count(5);
    await chooseIn(page, field(page, 'Kind'), 'Patent');
    await count(4);
    await chooseIn(page, field(page, 'Status'), 'Ended');
    await count(1);
    await rows().getByText('thick-magnet-ep').waitFor();
    assert.equal(new URL(page.url()).search, '?search=magnet&kind=patent&status=ended');
    await page.reload();
    await count(1);
    await pressOn(page, button(page, 'Clear filters'));
    await count(20);
    await chooseIn(page, field(page, 'Owner'), 'Li Wenjing');
    await count(4);
    await tabTo(page, field(page, 'Office'));
    await page.keyboard.type('US');
    await count(1);
    await typeInto(page, field(page, 'Find by id, title or number'), 'none of this name');
    await heading(page, 'No asset matches').waitFor();
    await pressOn(page, button(page, 'Clear filters').last());
    await count(20);
  });

  test('shows of one asset what happened, whose it was when, and its family', async () => {
    await pressOn(page, rows().filter({ hasText: 'heat-balance-cn' }).getByRole('link'));
    const aside = panel('Powder bed fusion with balanced heat input');
    await aside.getByText('Corrected by entry 4; counts no longer').waitFor();
    const text = (await aside.innerText()).replaceAll(/\s+/g, ' ');
    assert.match(text, /09 Apr 2026 Renewed sixth year .* 12 Apr 2021 Filed/);
    // The draft of 50 : 40 : 5 was corrected to 55 : 40 : 5.
    assert.match(text, /Since 01 Jan 2025 entry 4 Corrects entry 3 .* 11\/20 55% .* entry 3 .* 10\/19 ≈ 52\.63%/);
    assert.match(text, /01 Jan 2022 until 01 Jan 2025 entry 2 .* 3\/5 60%/);
    const tree = aside.locator('section', { hasText: 'Family' });
    await tree.getByRole('link', { name: 'heat-balance-us' }).waitFor();
    assert.equal(await tree.locator('ul ul ul a').count(), 2, 'two phases below the PCT below the first');
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, tree.getByRole('link', { name: 'heat-balance-us' }));
    await aside.getByText('99/000,011').waitFor();
    await page.keyboard.press('Escape');
    await until(() => !page.url().includes('asset='), 'the panel to close');
  });

  test('takes a new asset, and says a refusal at its field', async () => {
    await pressOn(page, button(page, 'New asset'));
    const make = dialog('New asset');
    await typeInto(page, make.getByLabel('Id'), 'bad id');
    await typeInto(page, make.getByLabel('Title'), 'Nozzle with two flows');
    await typeInto(page, make.getByLabel('Stems from'), 'nowhere');
    await pressOn(page, make.getByRole('button', { name: 'Save' }));
    await make.getByText(/is no id: 1 to 64 letters/).waitFor();
    assert.equal(await make.getByLabel('Id').getAttribute('aria-invalid'), 'true');
    await typeInto(page, make.getByLabel('Id'), 'nozzle-cn');
    await pressOn(page, make.getByRole('button', { name: 'Save' }));
    await make.getByText(/there is no asset 'nowhere'/).waitFor();
    assert.equal(await make.getByLabel('Stems from').getAttribute('aria-invalid'), 'true');
    assert.deepEqual(await seriousFindings(page), []);
    await typeInto(page, make.getByLabel('Stems from'), 'heat-balance-cn');
    await pressOn(page, make.getByRole('button', { name: 'Save' }));
    await make.waitFor({ state: 'detached' });
    await panel('Nozzle with two flows').getByText('Nothing is entered yet').waitFor();
    assert.equal((await asset('nozzle-cn')).status, 'draft');
    await count(21);
  });

  test('an id that is taken is not written over', async () => {
    await pressOn(page, button(page, 'New asset'));
    await typeInto(page, dialog('New asset').getByLabel('Id'), 'nozzle-cn');
    await typeInto(page, dialog('New asset').getByLabel('Title'), 'Another');
    await pressOn(page, dialog('New asset').getByRole('button', { name: 'Save' }));
    await dialog('New asset').getByRole('alert').getByText('LS-1003').waitFor();
    await page.keyboard.press('Escape');
    await dialog('New asset').waitFor({ state: 'detached' });
    assert.equal((await asset('nozzle-cn')).title, 'Nozzle with two flows');
  });

  test('what happened gives the status, with the hash of a paper that stays where it is', async () => {
    const paper = join(folder, 'receipt.txt');
    writeFileSync(paper, 'received');
    const aside = panel('Nozzle with two flows');
    await pressOn(page, aside.getByRole('button', { name: 'Add event…' }));
    const add = dialog('Add event');
    await add.getByText('The status is then: Pending').waitFor();
    await add.getByLabel('Event').selectOption('renewed');
    await add.getByText('The status stays as it was').waitFor();
    await chooseIn(page, add.getByLabel('Event'), 'Filed');
    await add.getByLabel('Day').fill('2024-02-29');
    await page.locator('input[type=file]').setInputFiles(paper);
    const hash = createHash('sha256').update('received').digest('hex');
    await until(async () => (await add.getByLabel('Document (SHA-256)').inputValue()) === hash, 'the hash of the file');
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, add.getByRole('button', { name: 'Add event' }));
    await add.waitFor({ state: 'detached' });
    await aside.getByText('29 Feb 2024').waitFor();
    assert.equal((await asset('nozzle-cn')).status, 'pending');
    await pressOn(page, aside.getByRole('button', { name: 'Add event…' }));
    await add.getByLabel('Day').fill('2024-02-29');
    await pressOn(page, add.getByRole('button', { name: 'Add event' }));
    await add.getByRole('alert').getByText('is there already').waitFor();
    await page.keyboard.press('Escape');
  });

  test('shares that do not add up cannot be sent; weights go in any proportion', async () => {
    const aside = panel('Nozzle with two flows');
    await pressOn(page, aside.getByRole('button', { name: 'Add owners…' }));
    const own = dialog('Add owners');
    await own.getByLabel('From').fill('2024-03-01');
    await chooseIn(page, own.getByLabel('Owner 1', { exact: true }), 'Huayan Powder Works');
    await typeInto(page, own.getByLabel('Percent of owner 1'), '60');
    await own.getByText('60 of 100 – 40 missing').waitFor();
    await pressOn(page, own.getByRole('button', { name: 'Another owner' }));
    await chooseIn(page, own.getByLabel('Owner 2', { exact: true }), 'Weiyang Turbine Repair');
    await typeInto(page, own.getByLabel('Percent of owner 2'), '45');
    await own.getByText('105 of 100 – 5 too many').waitFor();
    await typeInto(page, own.getByLabel('Basis'), 'Contract of the test');
    assert.ok(await own.getByRole('button', { name: 'Add owners' }).isDisabled());
    assert.deepEqual(await seriousFindings(page), []);
    await tabTo(page, own.getByLabel('Percent, of 100'), { back: true });
    await page.keyboard.press('ArrowDown');
    await own.getByText('The whole is 105').waitFor();
    await own.getByText('4/7').waitFor(); // 60 of 105
    await pressOn(page, own.getByRole('button', { name: 'Add owners' }));
    await own.waitFor({ state: 'detached' });
    await aside.getByText('Contract of the test').waitFor();
    assert.deepEqual((await asset('nozzle-cn')).owners, [{ party: 'huayan-powders', weight: 60 }, { party: 'weiyang-turbines', weight: 45 }]);
  });

  test('a second entry of a day is refused at the day, and a correction leaves both to be read', async () => {
    const aside = panel('Nozzle with two flows');
    await pressOn(page, aside.getByRole('button', { name: 'Add owners…' }));
    await dialog('Add owners').getByLabel('From').fill('2024-03-01');
    await typeInto(page, dialog('Add owners').getByLabel('Basis'), 'Again');
    await pressOn(page, dialog('Add owners').getByRole('button', { name: 'Add owners' }));
    await dialog('Add owners').getByText(/entry 1 counts from 2024-03-01 already/).waitFor();
    assert.equal(await dialog('Add owners').getByLabel('From').getAttribute('aria-invalid'), 'true');
    await page.keyboard.press('Escape');
    await pressOn(page, aside.getByRole('button', { name: 'Correct entry 1' }));
    const correct = dialog('Correct entry 1');
    await typeInto(page, correct.getByLabel('Weight of owner 2'), '60');
    await pressOn(page, correct.getByRole('button', { name: 'Correct entry 1' }));
    await correct.waitFor({ state: 'detached' });
    await aside.getByText('Corrected by entry 2; counts no longer').waitFor();
    assert.deepEqual((await asset('nozzle-cn')).owners.map((share) => share.weight), [60, 60]);
  });

  test("somebody else's change of an asset is not overwritten", async () => {
    const aside = panel('Nozzle with two flows');
    await pressOn(page, aside.getByRole('button', { name: 'Edit' }));
    const edit = dialog('Edit asset');
    const seen = await asset('nozzle-cn');
    await server.send('PUT', 'rights/assets', { ...seen, title: 'Nozzle with three flows' });
    await typeInto(page, edit.getByLabel('Title'), 'Nozzle with four flows');
    await pressOn(page, edit.getByRole('button', { name: 'Save' }));
    await edit.getByRole('alert').getByText('LS-1003').waitFor();
    await page.keyboard.press('Escape');
    assert.equal((await asset('nozzle-cn')).title, 'Nozzle with three flows');
  });

  test('parties are centres with members, organisations and persons', async () => {
    await pressOn(page, link(page, 'Parties'));
    const centre = page.locator('section', { has: heading(page, 'Hunhe Centre for Robotics') });
    await centre.getByRole('row', { name: /Liaoxi Furnace Technology Organisation full Since 01 Jan 2022/ }).waitFor();
    assert.equal(await page.locator('main section').count(), 3);
    assert.deepEqual(await seriousFindings(page), []);

    await pressOn(page, button(page, 'New party'));
    const make = dialog('New party');
    await typeInto(page, make.getByLabel('Id'), 'dongling-bio');
    await typeInto(page, make.getByLabel('Name'), 'Dongling Centre for Implants');
    await chooseIn(page, make.getByLabel('Kind of party'), 'Centre');
    await typeInto(page, make.getByLabel('Field'), 'biomedicine');
    await typeInto(page, make.getByLabel('Country'), '12');
    await pressOn(page, make.getByRole('button', { name: 'Save' }));
    await make.getByText(/is no code of two capital letters/).waitFor();
    await typeInto(page, make.getByLabel('Country'), 'cn');
    await pressOn(page, make.getByRole('button', { name: 'Save' }));
    await make.waitFor({ state: 'detached' });
    await heading(page, 'Dongling Centre for Implants').waitFor();

    await pressOn(page, button(page, 'Add member to Dongling Centre for Implants'));
    const join = dialog('Add member');
    await chooseIn(page, join.getByLabel('Member'), 'Chen Yuhang');
    await typeInto(page, join.getByLabel('Tier'), 'founder');
    await join.getByLabel('From').fill('2025-01-01');
    await pressOn(page, join.getByRole('button', { name: 'Add member' }));
    await join.waitFor({ state: 'detached' });
    await pressOn(page, button(page, 'End the membership of Chen Yuhang in Dongling Centre for Implants'));
    const end = dialog('End membership');
    await end.getByLabel('First day outside').fill('2026-01-01');
    await pressOn(page, end.getByRole('button', { name: 'End membership' }));
    await end.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /Chen Yuhang Person founder 01 Jan 2025 until 01 Jan 2026/ }).waitFor();

    await pressOn(page, link(page, 'Assets of Northfield Steel'));
    await count(3);
  });

  test('is found by the search', async () => {
    await page.keyboard.press('Control+K');
    await page.locator('dialog').getByRole('combobox').fill('qinlattix');
    await page.getByRole('option', { name: /QINLATTIX/ }).waitFor();
    await page.keyboard.press('Enter');
    await panel('QINLATTIX').getByText('China').waitFor();
  });

  test('a person sees what their party is party to, and until one is set is told so', async () => {
    await server.send('POST', 'users', { name: 'Bo', email: 'bo@example.com', role: 'viewer', password: 'seven grey cranes turn' });
    const other = await signedIn(server, { email: 'bo@example.com', password: 'seven grey cranes turn' });
    const theirs = await openPage(other, '/portfolio');
    await heading(theirs, 'Your account speaks for no party').waitFor();
    assert.deepEqual(await seriousFindings(theirs), []);

    await page.goto('/administration/users');
    await pressOn(page, button(page, 'Party that Bo speaks for'));
    const speaks = dialog('Party that Bo speaks for');
    await chooseIn(page, speaks.getByLabel('Speaks for'), 'Liaoxi Furnace Technology');
    await pressOn(page, speaks.getByRole('button', { name: 'Save' }));
    await speaks.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /Bo bo@example\.com Viewer None Liaoxi Furnace Technology/ }).waitFor();

    await theirs.reload();
    await theirs.getByText('What Liaoxi Furnace Technology is party to').waitFor();
    await countOn(theirs, 2);
    assert.equal(await button(theirs, 'New asset').count(), 0);
    await theirs.goto('/portfolio?asset=electrode-tip-cn');
    const aside = theirs.getByRole('complementary', { name: /Electrode regulation/ });
    await aside.getByText('Project agreement HH-2023-02, clause 5').waitFor();
    assert.equal(await aside.getByRole('button', { name: /Edit|Add|Correct/ }).count(), 0);
    await closeContext(other);

    await page.goto('/administration/audit');
    await page.locator('tr', { hasText: 'Party of an account set' }).getByText('liaoxi-furnaces').waitFor();
  });
});
