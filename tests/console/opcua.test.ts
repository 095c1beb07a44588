// What a machine recorded is counted and fetched, and a method of it is called in two steps.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, closeContext, field, openPage, pressOn, seriousFindings, shoot, signedIn, typeInto, type BrowserContext, type Page } from './browser.ts';
import { freePort, plugInPress, Server, until, type Program } from './programs.ts';

// The press has recorded 60 values, one a second from then on.
const MORNING = Date.UTC(2026, 0, 1, 8);

describe('a press with OPC UA', () => {
  let server: Server;
  let press: Program;
  let context: BrowserContext;
  let page: Page;
  let id = 0;

  before(async () => {
    const port = await freePort();
    server = await Server.start('press');
    await server.claim();
    press = plugInPress(port);
    await until(() => press.output.includes('ready'), 'the press');
    const made = await server.send<{ id: number }>('POST', 'connections', {
      name: 'Press 4', protocol: 'opc-ua', enabled: true, writes_enabled: true, groups: [{ name: 'fast', interval_ms: 200 }],
      settings: {
        url: `opc.tcp://127.0.0.1:${port}`, mode: 'none', methods: [
          { name: 'start', object: 'nsu=urn:press;s=press', method: 'nsu=urn:press;s=start', confirm: 'again' },
          { name: 'lubricate', object: 'nsu=urn:press;s=press', method: 'nsu=urn:press;s=lubricate', confirm: 'none' },
        ],
      },
      signals: ['force', 'pieces'].map((name) => ({ path: `Northfield Steel/Press 4/${name}`, node: `nsu=urn:press;s=${name}`, type: 'float64', group: 'fast' })),
    });
    id = made.id;
    await until(async () => (await server.get<{ status: { state: string } }>(`connections/${id}`)).status.state === 'connected', 'the session');
    context = await signedIn(server);
    page = await openPage(context, `/machines/${id}`);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
    await press.stop();
  });

  const dialog = (name: string) => page.getByRole('dialog', { name });
  // As the fields have it: in the zone of the browser.
  const atTime = (time: number) => page.evaluate((ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19), time);
  async function seen(name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await seriousFindings(page), []);
      for (const [size, viewport] of [['desk', { width: 1440, height: 900 }], ['phone', { width: 390, height: 844 }]] as const) {
        await page.setViewportSize(viewport);
        await shoot(page, `press-${name}-${size}-${colorScheme}`);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
    }
    await page.emulateMedia({ colorScheme: 'light' });
  }

  test('lists what it can be told to do', async () => {
    const panel = page.getByRole('complementary', { name: 'Press 4' });
    const lines = panel.getByRole('listitem');
    await lines.filter({ hasText: 'start(program, speed) → order' }).waitFor();
    await lines.filter({ hasText: 'lubricate()' }).waitFor();
    await seen('panel');
  });

  test('begins what it is told, after the second step', async () => {
    await pressOn(page, button(page, 'Call start'));
    const call = dialog('Call start');
    await call.waitFor();
    await typeInto(page, field(page, 'program, String'), 'A-17');
    await typeInto(page, field(page, 'speed, Double'), '40');
    await seen('call');
    await page.keyboard.press('Enter');
    await call.getByText('start(program=A-17, speed=40)').waitFor();
    assert.equal(await call.getByText('It was called.').count(), 0);
    await typeInto(page, field(page, 'program, String'), 'A-17');
    await typeInto(page, field(page, 'speed, Double'), '40');
    assert.ok(await call.getByRole('button', { name: 'Confirm and call' }).isDisabled(), 'the machine is not named yet');
    await typeInto(page, call.locator('input').last(), 'Press 4');
    await seen('confirm');
    await page.keyboard.press('Enter');
    await call.getByText('A-17 at 40.0').waitFor();
    await seen('called');
    await pressOn(page, call.getByRole('button', { name: 'Close' }).last());
    await call.waitFor({ state: 'detached' });
    const { items } = await server.get<{ items: { action: string; object: string; detail: string }[] }>('audit');
    const entry = items.find((one) => one.action === 'method.call');
    assert.equal(entry?.object, 'Press 4: start');
    assert.match(entry?.detail ?? '', /program=A-17, speed=40.*confirmed gave \(order=A-17 at 40\.0\)/);
  });

  test('is asked for what it recorded: counted first, then fetched', async () => {
    await pressOn(page, button(page, 'Fetch past values'));
    const fill = dialog('Fetch past values of Press 4');
    await fill.waitFor();
    await fill.getByLabel('From').fill(await atTime(MORNING));
    await fill.getByLabel('To', { exact: true }).fill(await atTime(MORNING + 3_600_000));
    await pressOn(page, fill.getByRole('button', { name: 'Count first' }));
    await fill.getByText('60 values would come.').waitFor();
    await fill.getByText('The machine keeps no history of 1 of 2 signals.').waitFor();
    await seen('counted');
    const tag = (await server.tag('Press 4/force')).id;
    const past = () => server.get<{ items: unknown[] }>(`values/raw?tag=${tag}&from=2026-01-01T08:00:00Z&to=2026-01-01T09:00:00Z`);
    assert.equal((await past()).items.length, 0, 'counting keeps nothing');
    await pressOn(page, fill.getByRole('button', { name: 'Fetch them' }));
    await fill.getByText('60 values were fetched.').waitFor();
    assert.equal((await past()).items.length, 60);
  });
});
