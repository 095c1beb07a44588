// Machines are found, browsed, templated and read from a table by keyboard alone; a dangerous write asks twice.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, seriousFindings, shoot, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { freePort, plugIn, Program, ROOT, Server, until } from './programs.ts';

const OVEN = `
import asyncio, sys
from asyncua import Server, ua
async def main():
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{sys.argv[1]}")
    space = await server.register_namespace("urn:maker:oven")
    oven = await server.nodes.objects.add_object(space, "Oven")
    for zone in ("Zone 1", "Zone 2"):
        folder = await oven.add_object(space, zone)
        heat = await folder.add_variable(space, "heat", 840.5)
        await heat.add_property(0, "EURange", ua.Range(Low=0, High=1200))
        await folder.add_variable(space, "on", True)
    async with server:
        await asyncio.Event().wait()
asyncio.run(main())
`;

describe('getting machines in', () => {
  let server: Server;
  let device: Program;
  let oven: Program;
  let port = 0;
  let ovenPort = 0;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    [server, port, ovenPort] = [await Server.start('getting-in'), await freePort(), await freePort()];
    await server.claim();
    device = plugIn(port);
    oven = new Program('oven', join(ROOT, '.tools/venv/bin/python'), ['-c', OVEN, String(ovenPort)]);
    context = await signedIn(server);
    page = await openPage(context, '/machines', /status of (400|403|409)/);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
    for (const one of [device, oven]) if (!one.ended) await one.stop();
  });

  const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
  const looked = async (name: string) => {
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, name);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 390, height: 844 });
    assert.deepEqual(await seriousFindings(page, 'colours'), []);
    await shoot(page, `${name}-phone-dark`);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1440, height: 900 });
  };

  test('a range is asked only after it was said what that means, and a find fills in the form', async () => {
    await pressOn(page, page.getByRole('main').getByRole('button', { name: 'Look for machines' }));
    await typeInto(page, field(page, 'Addresses'), '127.0.0.1-2');
    await typeInto(page, field(page, 'Ports'), String(port));
    await pressOn(page, dialog('Look for machines').getByRole('button', { name: 'Look for machines' }));
    await page.getByRole('alert').getByText('Do it only where you may').waitFor();
    await looked('getting-in-scan-asks');
    await until(async () => {
      const again = dialog('Look for machines').getByRole('button', { name: 'Look for machines' });
      if (await button(page, 'Knock now').count()) await pressOn(page, button(page, 'Knock now'));
      else if (await again.isEnabled()) await pressOn(page, again);
      return (await dialog('Look for machines').getByRole('row', { name: /Modbus/ }).count()) > 0;
    }, 'the device to be found');
    await looked('getting-in-scan-found');
    await pressOn(page, dialog('Look for machines').getByRole('row', { name: /127\.0\.0\.1.*Modbus/ }).getByRole('button', { name: 'Connect' }));
    await heading(page, 'Where is the machine?').waitFor();
    assert.equal(await field(page, 'Port').inputValue(), String(port));
  });

  test('a template fills in the signals of its machine type', async () => {
    await pressOn(page, button(page, 'Next'));
    await page.getByText('does not tell what it has').waitFor();
    await pressOn(page, button(page, 'From a template'));
    await field(page, 'Machine type').waitFor();
    await chooseIn(page, field(page, 'Machine type'), 'Screw compressor (Modbus)');
    await typeInto(page, field(page, 'Place in the plant'), 'Northfield Steel/Air/Compressor 1');
    await looked('getting-in-template');
    await pressOn(page, button(page, 'Take its signals'));
    await page.getByText('9 signals', { exact: true }).waitFor();
    assert.equal(await field(page, 'Name, line 1').inputValue(), 'Northfield Steel/Air/Compressor 1/state');
  });

  test('a server is browsed: a ticked folder takes all that is below it', async () => {
    await page.goto(`/machines/new?protocol=opc-ua&url=${encodeURIComponent(`opc.tcp://127.0.0.1:${ovenPort}`)}&mode=none&name=Oven`);
    await heading(page, 'Where is the machine?').waitFor();
    await pressOn(page, button(page, 'Next'));
    await pressOn(page, button(page, 'Browse the machine'));
    const item = (name: string) => page.getByRole('treeitem', { name: new RegExp(`^${name}`) });
    await until(async () => {
      if (await button(page, 'Try again').count()) await pressOn(page, button(page, 'Try again'));
      return (await item('Oven').count()) > 0;
    }, 'the server to show what it has');
    await tabTo(page, page.getByRole('treeitem').first());
    while ((await item('Oven').getAttribute('tabindex')) !== '0') await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await item('Zone 1').waitFor();
    await page.keyboard.press(' ');
    await page.getByText('4 signals ticked').waitFor();
    assert.equal(await item('Oven').getAttribute('aria-checked'), 'true');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press(' ');
    await page.getByText('2 signals ticked').waitFor();
    assert.equal(await item('Oven').getAttribute('aria-checked'), 'mixed');
    await page.keyboard.press(' ');
    await page.keyboard.press('ArrowRight');
    await item('heat').first().waitFor();
    await looked('getting-in-browse');
    await page.getByText('Northfield Steel/Oven/Zone 1/heat').or(page.getByText('Zone 1/heat')).first().waitFor();
    await pressOn(page, button(page, 'Take 4 signals'));
    assert.equal(await field(page, 'Name, line 1').inputValue(), 'Northfield Steel/Oven/Zone 1/heat');
    await pressOn(page, button(page, 'Next'));
    await page.getByText(/^4 of 4 read/).waitFor();
    await looked('getting-in-preview');
    await pressOn(page, button(page, 'Next'));
    await pressOn(page, button(page, 'Add the machine'));
    await page.getByRole('complementary', { name: 'Oven' }).getByText('Connected', { exact: true }).first().waitFor();
  });

  test('a table is read after a look at the difference, and undone', async () => {
    const table = join(mkdtempSync(join(tmpdir(), 'lineshaft-table-')), 'machines.csv');
    writeFileSync(table, 'row,connection,protocol,settings.host,settings.port,path,area,address,type\n' +
      `connection,Press,modbus-tcp,127.0.0.1,${port},,,,\nsignal,Press,,,,Northfield Steel/Press/n,holding,3,float99\n`);
    await page.goto('/machines');
    await pressOn(page, button(page, 'Machines as a table'));
    await page.locator('dialog input[type=file]').setInputFiles(table);
    await page.getByRole('row', { name: /3 type/ }).waitFor();
    await looked('getting-in-table-wrong');
    assert.ok(await button(page, 'Change it so').isDisabled());
    writeFileSync(table, 'row,connection,protocol,settings.host,settings.port,path,area,address,type,writable,write_confirm,writes_enabled\n' +
      `connection,Press,modbus-tcp,127.0.0.1,${port},,,,,,,true\nsignal,Press,,,,Northfield Steel/Press/n,holding,3,uint16,true,again,\n`);
    await page.locator('dialog input[type=file]').setInputFiles(table);
    await page.getByText('1 new machine').waitFor();
    await looked('getting-in-table');
    await pressOn(page, button(page, 'Change it so'));
    await page.getByRole('row', { name: /^Press/ }).getByText('Connected').waitFor();
    await pressOn(page, button(page, 'Machines as a table'));
    await page.getByText('Last import, by ann@example.com').waitFor();
    await pressOn(page, dialog('Machines as a table').getByRole('button', { name: 'Undo' }));
    await page.getByRole('row', { name: /^Press/ }).waitFor({ state: 'detached' });
    await page.locator('dialog input[type=file]').setInputFiles(table);
    await pressOn(page, button(page, 'Change it so'));
    await page.getByRole('row', { name: /^Press/ }).getByText('Connected').waitFor();
  });

  test('a dangerous write is asked for, and confirmed by repeating value and machine', async () => {
    await page.goto(`/tags?tag=${(await server.tag('Press/n')).id}`);
    await pressOn(page, page.getByRole('complementary').getByRole('button', { name: 'Write' }));
    await page.getByText('written in two steps').waitFor();
    await typeInto(page, field(page, /^New value/), '41');
    await pressOn(page, button(page, 'Ask for it'));
    await page.getByText('Repeat the value and the name of the machine').waitFor();
    assert.equal((await server.tag('Press/n')).last?.value, 22, 'nothing has moved');
    await typeInto(page, field(page, /^Value again/), '41');
    await typeInto(page, field(page, 'Machine'), 'Pres');
    assert.ok(await button(page, 'Confirm and write').isDisabled());
    await typeInto(page, field(page, 'Machine'), 'Press');
    await looked('getting-in-write');
    await pressOn(page, button(page, 'Confirm and write'));
    await page.getByText('Press/n is now 41').waitFor();
    await until(async () => (await server.tag('Press/n')).last?.value === 41, 'the value');
  });

  test('a machine is kept as a template', async () => {
    await pressOn(page, link(page, 'Machines'));
    await pressOn(page, page.getByRole('row', { name: /^Press/ }).getByRole('link', { name: 'Press' }));
    await pressOn(page, page.getByRole('complementary').getByRole('button', { name: 'Keep as template' }));
    await typeInto(page, field(page, 'Machine type'), 'Press type');
    await looked('getting-in-template-save');
    await pressOn(page, button(page, 'Save'));
    await page.getByText('Press type is kept as a template').waitFor();
    const kept = await server.get<{ items: { name: string; signals: { path: string }[] }[] }>('templates');
    assert.deepEqual(kept.items.find((one) => one.name === 'Press type')?.signals.map((one) => one.path), ['n']);
  });
});
