// An engineer's day with keys alone: a machine is found, connected and looked at, its signal is made writable within
// limits, its values go on to a line PLC, and what was done too quickly is taken back.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, newContext, openPage, pressOn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { goTo, look, openTag, railOf, searchFindsNothing, signIn, signOut, wordsOf } from './days.ts';
import { freePort, plugIn, Server, setRegister, until, type Program } from './programs.ts';

const ERIK = { name: 'Erik', email: 'erik@example.com', password: 'seven grey cranes turn' };
const t = wordsOf('en'); // for the steps that all days have in common

describe('the day of an engineer', () => {
  let server: Server;
  let device: Program;
  let port = 0;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    [server, port] = [await Server.start('engineer'), await freePort()];
    await server.claim();
    await server.send('POST', 'users', { ...ERIK, grants: [{ role: 'engineer', place: '*' }] });
    device = plugIn(port);
    context = await newContext(server);
    page = await openPage(context, '/', /status of 401/);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
    await device.stop();
  });

  const row = (name: string) => page.getByRole('row').filter({ hasText: name });
  const panel = (name: string) => page.getByRole('complementary', { name });
  const dialog = (name: string) => page.getByRole('dialog', { name });
  const note = (text: string) => page.locator('.note', { hasText: text });
  const main = () => page.getByRole('main');

  test('begins with signing in, and has machines and flows but no people', async () => {
    await signIn(page, t, ERIK);
    const pages = await railOf(page, t);
    for (const own of ['Overview', 'Machines', 'Flows', 'Tags', 'Trends', 'Import']) assert.ok(pages.includes(own), `${own} in ${pages.join()}`);
    assert.ok(!pages.includes('Administration'), pages.join());
    await heading(page, 'Connect a machine').waitFor();
    await look(page, 'engineer-first');
  });

  test('finds the machine on the network, having said what knocking means', async () => {
    await goTo(page, t, 'machines');
    await pressOn(page, main().getByRole('button', { name: 'Look for machines' }));
    const scan = dialog('Look for machines');
    await typeInto(page, scan.getByLabel('Addresses', { exact: true }), '127.0.0.1');
    await typeInto(page, scan.getByLabel('Ports', { exact: true }), String(port));
    await page.keyboard.press('Enter');
    await scan.getByText('Do it only where you may').waitFor();
    // The device may need a moment more to listen.
    const found = scan.getByRole('row', { name: /127\.0\.0\.1.*Modbus/ });
    await until(async () => {
      const again = scan.getByRole('button', { name: 'Look for machines' });
      if (await found.count()) return true;
      if (await button(page, 'Knock now').count()) await pressOn(page, button(page, 'Knock now'));
      else if (await again.isEnabled()) await pressOn(page, again);
      return false;
    }, 'the device to be found');
    await look(page, 'engineer-scan');
    await pressOn(page, found.getByRole('button', { name: 'Connect' }));
    await heading(page, 'Where is the machine?').waitFor();
    assert.equal(await field(page, 'Port').inputValue(), String(port));
  });

  test('picks its signals, is told which one is not there, and takes a line away, back and away again', async () => {
    await pressOn(page, button(page, 'Test the address'));
    await page.getByText(/Reached in [\d.]+ ms/).waitFor();
    await look(page, 'engineer-address');
    await pressOn(page, button(page, 'Next'));
    for (const [i, [name, address]] of ([['speed', '3'], ['pieces', '9'], ['missing', '500']] as const).entries()) {
      if (i > 0) await pressOn(page, button(page, 'Add a line'));
      await typeInto(page, field(page, `Name, line ${i + 1}`), name);
      await typeInto(page, field(page, `Address, line ${i + 1}`), address);
    }
    await chooseIn(page, field(page, 'Type, line 2'), 'int16');
    await look(page, 'engineer-signals');
    await pressOn(page, button(page, 'Next'));
    // Register n holds 7 n + 1: 22 in register 3, 64 in register 9.
    await page.getByText(/^2 of 3 read/).waitFor();
    assert.match(await row('speed').innerText(), /\b22\b/);
    assert.match(await row('pieces').innerText(), /\b64\b/);
    assert.match(await row('missing').innerText(), /Out of range|Wrong configuration|Not supported/);
    await look(page, 'engineer-preview');
    await pressOn(page, button(page, 'Back'));
    await pressOn(page, button(page, 'Remove line 3'));
    await pressOn(page, note('Line removed').getByRole('button', { name: 'Undo' }));
    assert.equal(await field(page, 'Name, line 3').inputValue(), 'missing');
    await pressOn(page, button(page, 'Remove line 3'));
    await field(page, 'Name, line 3').waitFor({ state: 'detached' });
    await pressOn(page, button(page, 'Next'));
    await page.getByText(/^2 of 2 read/).waitFor();
    await pressOn(page, button(page, 'Next'));
  });

  test('adds it, and sees it connected, with what it is asked and how it answers', async () => {
    await typeInto(page, field(page, 'Name of the machine'), 'Press 4');
    await typeInto(page, field(page, 'Read “normal” every, ms'), '100');
    await page.getByText('read 2 new signals').waitFor();
    await look(page, 'engineer-names');
    await pressOn(page, button(page, 'Add the machine'));
    const press = panel('Press 4');
    await press.getByText('Connected', { exact: true }).first().waitFor();
    await press.getByText('0 errors, 0 timeouts, 0 late answers').waitFor();
    await until(async () => /Requests\s+[1-9]/.test(await press.innerText()), 'requests that were counted');
    await press.getByRole('list').getByText('Connected', { exact: true }).waitFor();
    await look(page, 'engineer-machine');
    await pressOn(page, press.getByRole('button', { name: 'Copy diagnostics' }));
    await page.getByText('Diagnostics copied').waitFor();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as { connection: { name: string; status: { state: string } }; events: unknown[] };
    assert.equal(copied.connection.name, 'Press 4');
    assert.equal(copied.connection.status.state, 'connected');
    assert.ok(copied.events.length > 0);
  });

  test('sees its values change while looking', async () => {
    await goTo(page, t, 'tags');
    await row('pieces').getByText('Good').waitFor();
    for (const count of [501, -3]) {
      await setRegister(port, 9, count & 0xffff);
      await row('pieces').getByRole('gridcell').nth(2).getByText(String(count), { exact: true }).waitFor();
    }
    await look(page, 'engineer-tags');
  });

  test('makes a signal writable within limits, with the difference before it is saved', async () => {
    await goTo(page, t, 'machines');
    await pressOn(page, row('Press 4').getByRole('link', { name: 'Press 4' }));
    await pressOn(page, panel('Press 4').getByRole('link', { name: 'Edit' }));
    await heading(page, 'Where is the machine?').waitFor();
    await pressOn(page, button(page, 'Next'));
    assert.equal(await field(page, 'Writable, line 1').count(), 0, 'writing is not in the way before it is asked for');
    await pressOn(page, button(page, 'Ranges and writing'));
    await typeInto(page, field(page, 'Range to, line 1'), '100');
    await tabTo(page, field(page, 'Writable, line 1'));
    await page.keyboard.press('Space');
    await typeInto(page, field(page, 'Write from, line 1'), '0');
    await typeInto(page, field(page, 'Write to, line 1'), 'sixty');
    await page.getByText('Not a number').waitFor();
    assert.ok(await button(page, 'Next').isDisabled());
    await typeInto(page, field(page, 'Write to, line 1'), '60');
    await look(page, 'engineer-limits');
    await pressOn(page, button(page, 'Next'));
    await page.getByText(/^2 of 2 read/).waitFor();
    await pressOn(page, button(page, 'Next'));
    await tabTo(page, field(page, 'Allow writing to this machine'));
    await page.keyboard.press('Space');
    const will = page.getByRole('heading', { name: 'Saving will' }).locator('..');
    await will.getByText('change 1 signal').waitFor();
    assert.deepEqual((await will.getByText('→').allInnerTexts()).map((line) => line.trim()),
      ['Writing: Not allowed → Allowed', 'Range to: – → 100', 'Writable: Not allowed → Allowed', 'Write from: – → 0', 'Write to: – → 60']);
    await look(page, 'engineer-difference');
    await pressOn(page, button(page, 'Save'));
    await until(async () => /Writing\s+Allowed/.test(await panel('Press 4').innerText()), 'writing that is allowed');
    const { items } = await server.get<{ items: { path: string; writable: boolean; write_low: number; write_high: number; write_confirm: string }[] }>(`connections/${(await server.connection('Press 4')).id}/signals`);
    const rules = items.map((one) => [one.path.split('/').at(-1), one.writable, one.write_low, one.write_high, one.write_confirm]);
    assert.deepEqual(rules, [['speed', true, 0, 60, 'none'], ['pieces', false, null, null, 'none']]);
  });

  test('tries it: beyond the limit nothing is sent, within it the machine follows', async () => {
    const speed = await openTag(page, t, 'speed');
    await pressOn(page, speed.getByRole('button', { name: 'Write' }));
    const write = page.getByRole('dialog');
    await write.getByText('Allowed: 0 to 60.').waitFor();
    await typeInto(page, write.getByLabel(/^New value/), '61');
    await write.getByText('Outside of what is allowed').waitFor();
    assert.ok(await write.getByRole('button', { name: 'Write' }).isDisabled());
    await typeInto(page, write.getByLabel(/^New value/), '50');
    await write.getByText('The machine\'s value changes from 22 to 50.').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('speed is now 50').waitFor();
    await speed.locator('.now').getByText('50').waitFor();
  });

  test('says what a tag is, and takes back what was a mistake', async () => {
    const speed = panel('speed');
    await pressOn(page, speed.getByRole('button', { name: 'Edit' }));
    await typeInto(page, field(page, 'Description'), 'Speed of the flywheel');
    await typeInto(page, field(page, 'Unit'), 'RPM');
    await look(page, 'engineer-tag-edit');
    await pressOn(page, speed.getByRole('button', { name: 'Save' }));
    await speed.getByText('Speed of the flywheel').waitFor();
    await pressOn(page, speed.getByRole('button', { name: 'Edit' }));
    await typeInto(page, field(page, 'Description'), 'nonsense');
    await pressOn(page, speed.getByRole('button', { name: 'Cancel' }));
    await speed.getByText('Speed of the flywheel').waitFor();
    assert.equal(await page.getByText('nonsense').count(), 0);
  });

  test('adds a flow with what would go out in sight, changes it, stops it and undoes that', async () => {
    await goTo(page, t, 'flows');
    await pressOn(page, main().getByRole('link', { name: 'Add a flow' }));
    const preview = panel('What goes out');
    await preview.getByText('Northfield Steel/Press 4/speed').waitFor();
    await typeInto(page, field(page, 'Name'), 'Line PLC');
    await chooseIn(page, field(page, 'Destination'), 'Modbus TCP server');
    await typeInto(page, field(page, 'Port'), String(await freePort()));
    await typeInto(page, field(page, 'Name there'), 'press/{-1}');
    await preview.getByText('press/speed').waitFor();
    await look(page, 'engineer-flow');
    await pressOn(page, button(page, 'Add the flow'));
    await row('Line PLC').getByText('Running').waitFor();
    const flow = panel('Line PLC');
    await flow.getByText('press/pieces').waitFor();
    await look(page, 'engineer-flow-made');

    await pressOn(page, flow.getByRole('link', { name: 'Edit' }));
    await until(async () => (await field(page, 'Name there').inputValue()) === 'press/{-1}', 'the flow as it was made');
    await typeInto(page, main().getByRole('group', { name: 'Rule 1' }).getByLabel('Tags', { exact: true }), '**/speed');
    await preview.getByText('press/pieces').waitFor({ state: 'detached' });
    await pressOn(page, button(page, 'Save'));
    await until(async () => (await server.get<{ items: { status: { tags: number } }[] }>('flows')).items[0]?.status.tags === 1, 'the flow of one tag');

    await pressOn(page, flow.getByRole('button', { name: 'Stop' }));
    await row('Line PLC').getByText('Stopped').waitFor();
    await pressOn(page, note('Line PLC is stopped').getByRole('button', { name: 'Undo' }));
    await row('Line PLC').getByText('Running').waitFor();
  });

  test('ends with the plant in order, no way to the people of the firm, and signing out', async () => {
    await goTo(page, t, 'overview');
    await heading(page, 'The machine is connected').waitFor();
    await page.getByText('Nothing needs attention.').waitFor();
    await look(page, 'engineer-overview');
    await searchFindsNothing(page, t, 'Administration');
    assert.equal(await link(page, 'Administration').count(), 0);
    await signOut(page, t, ERIK);
  });
});
