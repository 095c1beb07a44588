// The table of tags, and what holds for every page: search, language, theme, the address.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { plant } from './plant.ts';
import { until, type Server } from './programs.ts';

const ROW_PX = 30;

describe('the table of tags', () => {
  let server: Server;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    server = await plant();
    context = await signedIn(server);
    page = await openPage(context, '/');
  });
  after(() => closeContext(context));

  const grid = () => page.getByRole('grid', { name: 'Tags' });
  const rows = () => grid().getByRole('row');

  test('has every tag and draws only those in view', async () => {
    await pressOn(page, link(page, 'Tags'));
    await rows().nth(10).waitFor();
    const { total } = await server.get<{ total: number }>('tags?limit=1');
    assert.ok(total > 1800);
    assert.equal(await grid().getAttribute('aria-rowcount'), String(total + 1));
    assert.ok((await rows().count()) < 2 * Math.ceil(900 / ROW_PX), 'a row out of view is not there');
  });

  test('is walked by arrows, pages and ends; Enter opens, Escape comes back', async () => {
    await tabTo(page, grid());
    await page.keyboard.press('End');
    const { total } = await server.get<{ total: number }>('tags?limit=1');
    await grid().locator(`[aria-rowindex="${total + 1}"].active`).getByRole('gridcell').nth(1).getByText(/\w/).first().waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press('PageDown');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    const second = grid().locator('[aria-rowindex="3"].active');
    await second.getByText(/\w/).first().waitFor();
    const name = (await second.locator('.own').innerText()).trim();
    await page.keyboard.press('Enter');
    const panel = page.getByRole('complementary', { name });
    await panel.waitFor();
    await panel.getByText('The last hour').waitFor();
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    assert.ok(await grid().evaluate((it) => it === document.activeElement), 'the focus is back in the table');
  });

  test('has its rows selected by keyboard, copied as a spreadsheet pastes them, and shown as a trend', async () => {
    await page.keyboard.press('Home');
    await page.keyboard.press('Space');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByText('3 tags selected').waitFor();
    await pressOn(page, button(page, 'Copy'));
    await page.getByText('3 lines copied').or(page.getByText('3 rows copied')).waitFor();
    const lines = (await page.evaluate(() => navigator.clipboard.readText())).split('\n');
    assert.equal(lines.length, 1 + 3);
    assert.deepEqual(lines[0]!.split('\t').slice(0, 3), ['Tag', 'Value', 'Unit']);
    await pressOn(page, button(page, 'Show trend'));
    await page.getByRole('application').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('tags')?.split(',').length, 3);
    await page.goBack();
  });

  test('finds by name, says when nothing is found, and the address keeps it', async () => {
    await typeInto(page, field(page, 'Find by name or description'), 'EAF 1 heat number');
    await until(async () => (await rows().count()) === 2, 'one row under the head');
    assert.match(page.url(), /text=EAF/);
    await page.reload();
    await until(async () => (await rows().count()) === 2, 'the same after a reload');
    await typeInto(page, field(page, 'Find by name or description'), '**/EAF 1/**/heat n*r');
    await until(async () => (await rows().count()) === 2, 'the same row by a path with stars');
    await typeInto(page, field(page, 'Find by name or description'), 'nothing is called this');
    await heading(page, 'No tag matches').waitFor();
    await pressOn(page, button(page, 'Show all tags'));
    await rows().nth(10).waitFor();
    await chooseIn(page, field(page, 'Quality'), 'Bad quality');
    await until(() => page.url().includes('quality=bad'), 'the quality in the address');
    await page.goto('/tags');
  });

  test('shows the columns that one chooses, and remembers them', async () => {
    await rows().nth(3).waitFor();
    await pressOn(page, button(page, 'Columns'));
    await tabTo(page, page.getByRole('checkbox', { name: 'Source' }));
    await page.keyboard.press('Space');
    await grid().getByRole('columnheader', { name: 'Source' }).waitFor();
    await page.keyboard.press('Escape');
    await page.reload();
    await grid().getByRole('columnheader', { name: 'Source' }).waitFor();
  });

  test('and the whole console change language and theme at once, and keep them', async () => {
    await pressOn(page, button(page, '中文'));
    await heading(page, '测点').waitFor();
    assert.equal(await page.locator('html').getAttribute('lang'), 'zh-CN');
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await ground();
    for (let i = 0; i < 2; i++) {
      await tabTo(page, page.getByRole('button', { name: /^主题/ }));
      await page.keyboard.press('Enter');
    }
    await until(async () => (await ground()) !== light, 'the dark ground');
    const dark = await ground();
    await page.reload();
    await heading(page, '测点').waitFor();
    assert.equal(await ground(), dark);
    await pressOn(page, button(page, 'English'));
    await heading(page, 'Tags').waitFor();
  });

  test('and every other page is reached by the rail and by the keyboard alone', async () => {
    for (const name of ['Overview', 'Machines', 'Trends', 'Import', 'Portfolio', 'Administration', 'Tags']) {
      await pressOn(page, page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }));
      await page.waitForFunction((word) => document.title.startsWith(word), name);
      await page.getByRole('main').getByRole('heading').first().waitFor();
      assert.ok(await page.getByRole('main').evaluate((main) => main.contains(document.activeElement)), 'readers begin at the page');
    }
    // The rail can be passed over.
    await page.reload();
    await heading(page, 'Tags').waitFor();
    await pressOn(page, button(page, 'Skip to the page'));
    await page.keyboard.press('Tab');
    assert.ok(await page.getByRole('main').evaluate((main) => main.contains(document.activeElement)));
  });

  test('is the first load of at most 150 kB of script, as it comes over the wire', async () => {
    const fresh = await signedIn(server);
    const other = await fresh.newPage();
    let script = 0;
    const sizes: Promise<void>[] = [];
    other.on('response', (answer) => {
      if (!/javascript/.test(answer.headers()['content-type'] ?? '')) return;
      assert.equal(answer.headers()['content-encoding'], 'gzip');
      sizes.push(answer.request().sizes().then((size) => { script += size.responseBodySize; }));
    });
    await other.goto('/');
    await other.locator('.figures').waitFor();
    await Promise.all(sizes);
    assert.ok(sizes.length > 0 && script > 10_000 && script <= 150_000, `${script} bytes of script in ${sizes.length} files`);
    await closeContext(fresh);
  });
});
