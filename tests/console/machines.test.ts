// A machine of another maker is connected by keyboard alone, read, unplugged and plugged in again.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { freePort, plugIn, Server, setRegister, type Program } from './programs.ts';

describe('a machine', () => {
  let server: Server;
  let device: Program;
  let port = 0;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    [server, port] = [await Server.start('machines'), await freePort()];
    await server.claim();
    device = plugIn(port);
    context = await signedIn(server);
    page = await openPage(context, '/');
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
    if (!device.ended) await device.stop();
  });

  const row = (name: string) => page.getByRole('row').filter({ hasText: name });

  test('that is not there is described in words, with what to do', async () => {
    await pressOn(page, link(page, 'Machines'));
    await heading(page, 'No machine is connected yet').waitFor();
    await pressOn(page, page.getByRole('main').getByRole('link', { name: 'Add a machine' }));
    await heading(page, 'Where is the machine?').waitFor();
    await typeInto(page, field(page, 'Address'), '127.0.0.1');
    await typeInto(page, field(page, 'Port'), String(await freePort()));
    await pressOn(page, button(page, 'Test the address'));
    const alert = page.getByRole('alert');
    await alert.getByText('The address cannot be reached').waitFor();
    assert.match(await alert.innerText(), /LS-1105[\s\S]*Check that the machine is on/);
  });

  test('answers a test of its address', async () => {
    await typeInto(page, field(page, 'Port'), String(port));
    await pressOn(page, button(page, 'Test the address'));
    await page.getByText(/Reached in [\d.]+ ms/).waitFor();
    await pressOn(page, button(page, 'Next'));
    await heading(page, 'What should be read?').waitFor();
  });

  test('gets its signals typed line by line; a wrong one is named', async () => {
    await typeInto(page, field(page, 'Name, line 1'), 'speed');
    await typeInto(page, field(page, 'Address, line 1'), '70000');
    await page.getByText('0 to 65535').waitFor();
    assert.ok(await button(page, 'Next').isDisabled());
    await typeInto(page, field(page, 'Address, line 1'), '3');
    await typeInto(page, field(page, 'Unit, line 1'), 'RPM');
    await pressOn(page, button(page, 'Add a line'));
    assert.ok(await field(page, 'Name, line 2').evaluate((input) => input === document.activeElement), 'one types on');
    await typeInto(page, field(page, 'Name, line 2'), 'pieces');
    await chooseIn(page, field(page, 'Type, line 2'), 'int16');
    await typeInto(page, field(page, 'Address, line 2'), '9');
    await pressOn(page, button(page, 'Add a line'));
    await typeInto(page, field(page, 'Name, line 3'), 'missing');
    await typeInto(page, field(page, 'Address, line 3'), '500');
    await pressOn(page, button(page, 'Next'));
    await heading(page, 'Are these the right values?').waitFor();
  });

  test('shows in a preview what every signal would be, and keeps nothing', async () => {
    // Register 3 holds 7 * 3 + 1 = 22 = 0x0016; there is no register 500.
    await row('speed').getByText('0016', { exact: true }).waitFor();
    assert.match(await row('speed').innerText(), /22 rpm|22 RPM/i);
    assert.match(await row('missing').innerText(), /Out of range|Not supported|Wrong configuration/);
    assert.equal(await page.getByText(/^2 of 3 read; the machine answers in [\d.]+ ms/).count(), 1);
    assert.deepEqual((await server.get<{ items: unknown[] }>('connections')).items, []);
    await pressOn(page, button(page, 'Back'));
    await pressOn(page, button(page, 'Remove line 3'));
    await page.getByText('Line removed').waitFor();
    await pressOn(page, button(page, 'Next'));
    await page.getByText(/^2 of 2 read/).waitFor();
    await pressOn(page, button(page, 'Next'));
  });

  test('gets its name and place, says what saving will do, and is connected', async () => {
    await heading(page, 'What is it called?').waitFor();
    await typeInto(page, field(page, 'Name of the machine'), 'Press 4');
    assert.equal(await field(page, 'Place in the plant').inputValue(), 'Northfield Steel/Press 4');
    await typeInto(page, field(page, 'Read “normal” every, ms'), '100');
    await page.getByText('read 2 new signals').waitFor();
    await pressOn(page, button(page, 'Add the machine'));
    const panel = page.getByRole('complementary', { name: 'Press 4' });
    await panel.getByText('Connected', { exact: true }).first().waitFor();
    await row('Press 4').getByText('Connected').waitFor();
    assert.match(page.url(), /\/machines\/\d+$/);
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
  });

  test('has live values that change while one looks', async () => {
    await pressOn(page, link(page, 'Tags'));
    await row('pieces').getByText('Good').waitFor();
    const value = row('pieces').getByRole('gridcell').nth(2);
    for (const count of [501, 502, -3]) {
      await setRegister(port, 9, count & 0xffff);
      await value.getByText(String(count), { exact: true }).waitFor();
    }
    assert.equal(await row('speed').getByRole('gridcell').nth(2).innerText(), '22');
  });

  test('whose plug is pulled is shown as what it is, on every page', async () => {
    await device.stop('SIGKILL');
    // The value stays, struck and named: never a zero, never just missing.
    await row('speed').locator('s', { hasText: '22' }).waitFor();
    assert.match(await row('speed').innerText(), /Not connected|No communication|Communication error/);
    await pressOn(page, link(page, 'Overview'));
    await heading(page, '1 machine of 1 is not reached').waitFor();
    await page.getByRole('region', { name: 'Needs attention' }).getByText('Press 4').waitFor();
    await pressOn(page, page.getByRole('region', { name: 'Machines' }).getByRole('link', { name: 'Press 4' }));
    const panel = page.getByRole('complementary', { name: 'Press 4' });
    await panel.getByText('Not reached').first().waitFor();
    await panel.locator('.error').getByText(/^LS-110[57]: /).waitFor();
    await pressOn(page, page.getByRole('button', { name: '中文' }));
    await panel.locator('.error').getByText(/^LS-110[57]: [\u4e00-\u9fff]/).waitFor();
    await pressOn(page, page.getByRole('button', { name: 'English' }));
    await panel.getByText('2 tags of bad quality').waitFor();
    await panel.getByRole('list').getByText('Connection lost').waitFor();
  });

  test('that is back is read again by itself', async () => {
    device = plugIn(port);
    const panel = page.getByRole('complementary', { name: 'Press 4' });
    await panel.getByText('Connected', { exact: true }).first().waitFor({ timeout: 90_000 });
    await panel.getByText('2 tags of bad quality').waitFor({ state: 'detached' });
  });

  test('is stopped, started by undo, and deleted only by its typed name', async () => {
    const panel = page.getByRole('complementary', { name: 'Press 4' });
    await pressOn(page, panel.getByRole('button', { name: 'Stop', exact: true }));
    await panel.getByText('Stopped', { exact: true }).first().waitFor();
    await pressOn(page, page.locator('.note', { hasText: 'Press 4 is stopped' }).getByRole('button', { name: 'Undo' }));
    await panel.getByText('Connected', { exact: true }).first().waitFor();
    await pressOn(page, panel.getByRole('button', { name: 'Delete' }));
    const dialog = page.getByRole('dialog', { name: 'Delete the machine' });
    await dialog.waitFor();
    assert.ok(await dialog.getByRole('button', { name: 'Delete the machine' }).isDisabled());
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.ok(await panel.getByRole('button', { name: 'Delete' }).evaluate((it) => it === document.activeElement), 'the focus is back where it was');
    await page.keyboard.press('Enter');
    await typeInto(page, dialog.getByLabel('Type Press 4 to confirm'), 'Press 4');
    await tabTo(page, dialog.getByRole('button', { name: 'Delete the machine' }));
    await page.keyboard.press('Enter');
    await heading(page, 'No machine is connected yet').waitFor();
    // The history stays.
    assert.equal((await server.tag('Press 4/speed')).last?.value, 22);
  });
});
