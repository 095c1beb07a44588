// A file comes in through the browser: examined, corrected, stored, shown.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, closeContext, field, heading, link, openPage, pressOn, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { Server, until } from './programs.ts';

// Forty rows of 2.5 kW and 3 m3/h, and one in line 4 whose cell is broken: 40 good rows of 2 signals.
const ROWS = Array.from({ length: 40 }, (_, i) => `2026-03-0${1 + Math.floor(i / 20)} ${10 + Math.floor((i % 20) / 2)}:${i % 2 ? 30 : 15};2,5;3\n`);
const METER = ['time;power kW;gas m3/h\n', ...ROWS.toSpliced(2, 0, '2026-03-01 10:45;broken;5\n')].join('');

describe('a file', () => {
  let server: Server;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    server = await Server.start('import');
    await server.claim();
    context = await signedIn(server);
    page = await openPage(context, '/', /400/);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
  });

  test('is chosen by keyboard and examined; nothing is stored yet', async () => {
    // Asked for long before the key: the browser may take the key first and show a chooser of its own.
    const chooser = page.waitForEvent('filechooser');
    await pressOn(page, link(page, 'Import'));
    await heading(page, 'Import').waitFor();
    await tabTo(page, page.getByLabel('Choose a file'));
    await page.keyboard.press('Enter');
    await (await chooser).setFiles({ name: 'meter.csv', mimeType: 'text/csv', buffer: Buffer.from(METER) });
    await page.getByText(/meter\.csv · \d+ B/).waitFor();
    await typeInto(page, field(page, 'Place in the plant'), 'Northfield Steel/meters');
    await pressOn(page, button(page, 'Examine the file'));
    await heading(page, 'meter.csv').waitFor();
    await page.getByText('Examined. Nothing is stored yet.').waitFor();
    assert.equal(await field(page, 'Between cells').inputValue(), ';');
    assert.equal(await field(page, 'Decimal sign').inputValue(), ',');
    assert.equal((await server.get<{ total: number }>('tags')).total, 0);
  });

  test('with a broken row is not stored before one says what becomes of it', async () => {
    const refused = page.getByRole('region', { name: 'Refused rows' });
    assert.match(await refused.innerText(), /\b4\b[\s\S]*power kW[\s\S]*broken/, 'line 4 of the file, its column and its cell');
    assert.ok(await button(page, /^Store/).isDisabled());
    await tabTo(page, page.getByLabel('Leave these rows out'));
    await page.keyboard.press('Space');
    await button(page, 'Store 80 values').waitFor();
    await until(() => button(page, 'Store 80 values').isEnabled(), 'the analysis without that row');
  });

  test('is stored, found again by its address, and its tags are shown', async () => {
    await pressOn(page, button(page, 'Store 80 values'));
    await page.getByText('80 values are stored').waitFor();
    await page.getByText('1 row was left out.').waitFor();
    await page.reload();
    await page.getByText('80 values are stored').waitFor();
    await pressOn(page, link(page, 'Show the tags'));
    await page.getByRole('row').filter({ hasText: 'power' }).getByText('2.5').waitFor();
    // 40 times 2.5 is 100: the row that was left out is not in it.
    const { id } = await server.tag('meters/meter/power_kw');
    const { items } = await server.get<{ items: { sum: number; count: number }[] }>(`values/aggregate?tag=${id}&from=2026-01-01&to=2027-01-01&step_ms=${366 * 86400e3}`);
    assert.deepEqual([items.reduce((n, one) => n + one.count, 0), items.reduce((n, one) => n + (one.sum ?? 0), 0)], [40, 100]);
  });

  test('that is no table says why', async () => {
    await page.goto('/import');
    await page.getByLabel('Choose a file').setInputFiles({ name: 'picture.csv', mimeType: 'text/csv', buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1, 2, 3]) });
    await pressOn(page, button(page, 'Examine the file'));
    assert.match(await page.getByRole('alert').innerText(), /LS-14\d\d/);
  });
});
