// A flow is made by keyboard alone, with what it would send in sight, and stopped and deleted again.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, signedIn, typeInto, type BrowserContext, type Page } from './browser.ts';
import { freePort, Server } from './programs.ts';

describe('a flow', () => {
  let server: Server;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    server = await Server.start('flows');
    await server.claim();
    for (const [path, unit] of [['acme/press/force', 'B47'], ['acme/oven/heat', 'CEL']]) await server.send('POST', 'tags', { path, type: 'float64', unit });
    context = await signedIn(server);
    page = await openPage(context, '/', /400/);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
  });

  test('is offered where there is none yet', async () => {
    await pressOn(page, link(page, 'Flows'));
    await heading(page, 'No flow is set up yet').waitFor();
    await pressOn(page, page.getByRole('main').getByRole('link', { name: 'Add a flow' }));
    await heading(page, 'Where to').waitFor();
  });

  test('shows what would go out while it is written, and what not and why', async () => {
    const preview = page.getByRole('complementary', { name: 'What goes out' });
    await preview.getByText('acme/press/force').waitFor();
    await typeInto(page, field(page, 'Name'), 'Line PLC');
    await chooseIn(page, field(page, 'Destination'), 'Modbus TCP server');
    await typeInto(page, field(page, 'Port'), String(await freePort()));
    await typeInto(page, field(page, 'Name there'), 'plc/{-1}');
    await preview.getByText('plc/force').waitFor();
    await preview.getByText(/register 4: float64/).waitFor();
    await typeInto(page, field(page, 'Unit'), 'KEL');
    await preview.getByText('Left out (1)').waitFor();
    await preview.getByRole('checkbox').check();
    await preview.getByText("'B47' does not convert to 'KEL'").waitFor();
    await pressOn(page, button(page, 'Add the flow'));
    await page.getByRole('alert').getByText(/rules\[0\]\.unit/).waitFor();
  });

  test('is added, and runs', async () => {
    await field(page, 'Unit').fill('');
    await pressOn(page, button(page, 'Add the flow'));
    await page.getByRole('row').filter({ hasText: 'Line PLC' }).getByText('Running').waitFor();
    const panel = page.getByRole('complementary');
    await panel.getByText('plc/force').waitFor();
    const { items } = await server.get<{ items: { kind: string; status: { state: string; tags: number } }[] }>('flows');
    assert.deepEqual(items.map((one) => [one.kind, one.status.state, one.status.tags]), [['modbus-server', 'up', 2]]);
  });

  test('is stopped, with a way back, and deleted by its name', async () => {
    await pressOn(page, button(page, 'Stop'));
    await page.getByRole('row').filter({ hasText: 'Line PLC' }).getByText('Stopped').waitFor();
    await pressOn(page, button(page, 'Delete'));
    const dialog = page.getByRole('dialog');
    await typeInto(page, dialog.getByRole('textbox'), 'Line PLC');
    await pressOn(page, dialog.getByRole('button', { name: 'Delete' }).last());
    await heading(page, 'No flow is set up yet').waitFor();
  });
});
