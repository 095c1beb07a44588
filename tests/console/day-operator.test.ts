// An operator's day at the panel of the melt shop, with keys alone, in English and in Chinese: what is wrong and
// why, how a temperature went, a set point, and nothing that is somebody else's.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, closeContext, field, heading, link, newContext, openPage, pressOn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { controlsOf, goTo, look, openTag, railOf, searchFindsNothing, searchFor, signIn, signOut, wordsOf } from './days.ts';
import { freePort, plugIn, Server, until, type Program, type Tag } from './programs.ts';

const OLGA = { name: 'Olga', email: 'olga@example.com', password: 'seven grey cranes turn' };
const SHOP = 'Northfield Steel/melt shop';
const MINUTE = 60_000;
const holding = (path: string, address: number, more: object = {}) => ({ path, area: 'holding', address, type: 'uint16', group: 'fast', ...more });

/** The temperature of a heat, as it was so many minutes ago: it stands at each value until the next. */
const HEAT: readonly (readonly [ago: number, celsius: number])[] = [[70, 1450], [25, 1640]];

for (const language of ['en', 'zh'] as const) {
  const t = wordsOf(language);

  describe(`the day of an operator, ${language}`, () => {
    let server: Server;
    let furnace: Program;
    let context: BrowserContext;
    let page: Page;
    let heat: Tag;

    before(async () => {
      const [port, gone] = [await freePort(), await freePort()];
      server = await Server.start(`operator-${language}`);
      await server.claim();
      furnace = plugIn(port);
      const connect = (name: string, at: number, writes: boolean, signals: object[]) => server.send('POST', 'connections', {
        name, protocol: 'modbus-tcp', enabled: true, writes_enabled: writes, groups: [{ name: 'fast', interval_ms: 100 }],
        settings: { host: '127.0.0.1', port: at, unit_id: 1 }, signals,
      });
      await connect('EAF 1', port, true, [
        holding(`${SHOP}/EAF 1/electrode set point`, 3, { writable: true, write_low: 0, write_high: 100, write_confirm: 'again' }),
        holding(`${SHOP}/EAF 1/electrode position`, 4),
        holding(`${SHOP}/EAF 1/oil level`, 500), // the device has ten registers
      ]);
      await connect('Cooling', port, false, [holding(`${SHOP}/Cooling/pump speed`, 5, { writable: true })]);
      await connect('Ladle furnace', gone, false, [holding(`${SHOP}/Ladle furnace/argon flow`, 0)]);
      await connect('Rolling mill', port, true, [holding('Northfield Steel/mill/Rolling mill/strip thickness', 6, { writable: true })]);
      heat = await server.send<Tag>('POST', 'tags', { path: `${SHOP}/EAF 1/heat temperature`, type: 'float64', interpolation: 'step', unit: 'CEL' });
      const samples = HEAT.map(([ago, value]) => ({ tag: heat.id, time: new Date(Date.now() - ago * MINUTE).toISOString(), value, quality_code: 0 }));
      await server.send('POST', 'values', { samples });
      await server.send('POST', 'users', { ...OLGA, grants: [{ role: 'operator', place: SHOP }] });
      await until(async () => (await server.connection('Cooling')).status.state === 'connected' && (await server.connection('Ladle furnace')).status.last_error &&
        (await server.connection('EAF 1')).status.state === 'connected', 'two machines that answer and one that does not');
      context = await newContext(server, { language });
      page = await openPage(context, '/', /status of 401/);
    });
    after(async () => {
      await closeContext(context);
      await server.stop();
      await furnace.stop();
    });

    const row = (name: string) => page.getByRole('row').filter({ hasText: name });
    const panel = (name: string) => page.getByRole('complementary', { name });

    test('begins with signing in, and shows what is the operator’s and nothing else', async () => {
      await heading(page, t('signin.to', { name: 'Northfield Steel' })).or(heading(page, t('signin.title'))).first().waitFor();
      await look(page, `operator-door-${language}`);
      await signIn(page, t, OLGA);
      assert.equal(await page.locator('html').getAttribute('lang'), language === 'zh' ? 'zh-CN' : 'en');
      await heading(page, t('overview.some', { n: 1, total: 3 })).waitFor();
      assert.deepEqual(await railOf(page, t), ['overview', 'machines', 'tags', 'trends', 'account'].map((id) => t(`page.${id}`)));
      assert.equal(await page.getByText('Rolling mill').count(), 0, 'the mill is not hers');
    });

    test('tells on the overview which machine is away and where tags are bad', async () => {
      const attention = page.getByRole('region', { name: t('attention'), exact: true });
      await attention.getByText('Ladle furnace').waitFor();
      await attention.getByText(`LS-1105: ${t('error.LS-1105.title')}`).waitFor();
      await attention.getByText(t('error.LS-1105.remedy')).waitFor();
      const machines = page.getByRole('region', { name: t('page.machines'), exact: true });
      assert.match(await machines.getByRole('row').nth(1).innerText(), new RegExp(`^Ladle furnace\\s+${t('state.retrying')}`), 'what is away stands first');
      // Bad are the level that the furnace has no register for, and what the ladle furnace would tell.
      await until(async () => /▲ 1$/.test((await row('EAF 1').innerText()).trim()), 'the bad tag of EAF 1');
      await page.getByText(`▲ ${t('overview.bad', { n: 2 })}`).waitFor();
      await look(page, `operator-overview-${language}`);
    });

    test('says of the machine that is away why, and what to do', async () => {
      await pressOn(page, page.getByRole('region', { name: t('attention'), exact: true }).getByRole('link', { name: 'Ladle furnace' }));
      const ladle = panel('Ladle furnace');
      await ladle.getByText(`LS-1105: ${t('error.LS-1105.title')}`).first().waitFor();
      await ladle.getByText(t('error.LS-1105.remedy')).waitFor();
      await ladle.getByText(t('machine.bad', { n: 1 })).waitFor();
      assert.deepEqual((await controlsOf(ladle.locator('footer'))), [t('machine.diagnostics')], 'she cannot change the connection');
      await look(page, `operator-away-${language}`);
      await page.keyboard.press('Escape');
      await ladle.waitFor({ state: 'detached' });
      assert.deepEqual((await controlsOf(page.locator('main header'))), [], 'and is offered no new one');
    });

    test('leads from the machine with a bad tag to the tag, and names what is wrong with it', async () => {
      await pressOn(page, row('EAF 1').getByRole('link', { name: 'EAF 1' }));
      await panel('EAF 1').getByText(t('machine.bad', { n: 1 })).waitFor();
      await pressOn(page, panel('EAF 1').getByRole('link', { name: /oil level/ }));
      const level = panel('oil level');
      await level.getByText(new RegExp([t('quality.BadOutOfRange'), t('quality.BadConfigurationError'), t('quality.BadNotSupported')].join('|'))).first().waitFor();
      await look(page, `operator-bad-tag-${language}`);
    });

    test('shows how a temperature went, and its value under a cursor that keys move', async () => {
      await searchFor(page, t, 'heat temperature', /heat temperature/);
      const chart = page.getByRole('application');
      await chart.waitFor();
      const value = page.getByRole('region', { name: t('page.tags') }).getByRole('row').nth(1).getByRole('cell').nth(1);
      const reads = (celsius: number) => until(async () => (await value.innerText()).replace(/[^\d]/g, '') === String(celsius), `${celsius} under the cursor`, 10_000);
      await reads(1640);
      await tabTo(page, chart);
      // An hour is in view and each key goes a tenth of it: from the right edge 18 minutes back, then 36.
      for (let i = 0; i < 3; i++) await page.keyboard.press('PageUp');
      await reads(1640);
      for (let i = 0; i < 3; i++) await page.keyboard.press('PageUp');
      await reads(1450);
      assert.match(await page.getByRole('region', { name: t('page.tags') }).getByRole('row').first().innerText(), /\d\d:\d\d:\d\d/, 'the time of the cursor');
      await look(page, `operator-trend-${language}`);
      await tabTo(page, chart, { back: true });
      for (let i = 0; i < 3; i++) await page.keyboard.press('PageDown');
      await page.keyboard.press('Shift+ArrowRight');
      await reads(1640);
    });

    test('writes a set point in two steps, within its limits, and sees the machine hold it', async () => {
      const point = await openTag(page, t, 'electrode set point');
      await point.locator('.now').getByText('22').waitFor();
      await pressOn(page, point.getByRole('button', { name: t('write.do') }));
      const dialog = page.getByRole('dialog');
      await dialog.getByText(t('write.range', { low: '0', high: '100' })).waitFor();
      await typeInto(page, dialog.getByLabel(t('write.new', { unit: 'int64' })), '140');
      await dialog.getByText(t('write.outside')).waitFor();
      assert.ok(await dialog.getByRole('button', { name: t('write.ask') }).isDisabled(), 'more than is allowed');
      await typeInto(page, dialog.getByLabel(t('write.new', { unit: 'int64' })), '41');
      await dialog.getByText(t('write.will', { old: '22', new: '41' })).waitFor();
      await look(page, `operator-write-${language}`);
      await page.keyboard.press('Enter');
      await dialog.getByText(t('write.repeat')).waitFor();
      assert.equal((await server.tag('EAF 1/electrode set point')).last?.value, 22, 'nothing has moved yet');
      await typeInto(page, dialog.getByLabel(t('write.repeat.value', { unit: 'int64' })), '41');
      await typeInto(page, dialog.getByLabel(t('write.repeat.machine')), 'EAF 1');
      await look(page, `operator-confirm-${language}`);
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'detached' });
      await page.getByText(t('write.done', { path: `${SHOP}/EAF 1/electrode set point`, value: '41' })).waitFor();
      // What the machine itself says from then on.
      await point.locator('.now').getByText('41').waitFor();
      await until(async () => (await server.tag('EAF 1/electrode set point')).last?.value === 41, 'the register of the device');
      const { items } = await server.get<{ items: { actor: string; detail: string }[] }>('audit?action=tag.write&result=done');
      assert.ok(items.some((one) => one.actor === OLGA.email && /from 22 to 41/.test(one.detail)), 'her name and both values are in the trail');
    });

    test('is refused a write where the tag, or its machine, does not allow it', async () => {
      const position = await openTag(page, t, 'electrode position');
      await position.getByText(t('machine.writes.off')).waitFor();
      assert.deepEqual(await controlsOf(position.locator('footer')), [t('tags.trend')]);
      const pump = await openTag(page, t, 'pump speed');
      await pump.getByText(t('tag.writes.machine', { machine: 'Cooling' })).waitFor();
      await pressOn(page, pump.getByRole('button', { name: t('write.do') }));
      const dialog = page.getByRole('dialog');
      await dialog.getByText(t('write.off', { machine: 'Cooling' })).waitFor();
      assert.deepEqual(await controlsOf(dialog.locator('footer')), [t('do.cancel')]);
      await look(page, `operator-refused-${language}`);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
    });

    test('finds nothing of the mill and no page of others, and ends with signing out', async () => {
      await searchFindsNothing(page, t, 'strip thickness');
      for (const id of ['administration', 'ledger', 'flows', 'import', 'portfolio']) await searchFindsNothing(page, t, t(`page.${id}`));
      await goTo(page, t, 'tags');
      assert.equal(await link(page, t('page.administration')).count(), 0);
      await signOut(page, t, OLGA);
      await button(page, t('signin.do')).waitFor();
      assert.equal(await field(page, t('field.password')).inputValue(), '');
    });
  });
}
