// Trends: what is drawn is what was measured, and hands and keys move over it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, closeContext, heading, link, openPage, pressOn, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { inkOf, type Ink } from './chart.ts';
import { at, knownTags, MINUTE, plant, T0, type Known } from './plant.ts';
import { until, type Server } from './programs.ts';

describe('a trend', () => {
  let server: Server;
  let known: Known;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    server = await plant();
    known = await knownTags();
    context = await signedIn(server);
    page = await openPage(context, '/trends', /willReadFrequently|404/);
  });
  after(() => closeContext(context));

  const chart = () => page.getByRole('application');
  const legend = () => page.getByRole('region', { name: 'Tags' });
  const colourOf = (id: number) => id % 8;

  /** Opens a range of the known hour and waits until it is drawn. */
  async function open(tag: number, fromMinute: number, toMinute: number): Promise<Ink> {
    await page.goto(`/trends?tags=${tag}&from=${at(fromMinute)}&to=${at(toMinute)}`);
    await chart().waitFor();
    return drawn(tag);
  }
  const drawn = (tag: number): Promise<Ink> =>
    until(async () => {
      const ink = await inkOf(page, colourOf(tag));
      return ink?.top.some((y) => y !== null) ? ink : null;
    }, 'the line');
  const span = (): { from: number; to: number } => {
    const query = new URL(page.url()).searchParams;
    return { from: Date.parse(query.get('from') ?? ''), to: Date.parse(query.get('to') ?? '') };
  };
  // The address follows when the view has come to rest.
  const spanIs = (from: number, to: number, tolerance = 2) =>
    until(() => Math.abs(span().from - from) <= tolerance && Math.abs(span().to - to) <= tolerance,
      `${new Date(from).toISOString()} to ${new Date(to).toISOString()} in ${page.url()}`, 10_000);

  test('asks for tags where there are none, and takes up to eight, by keyboard', async () => {
    await heading(page, 'No tag is chosen').waitFor();
    await pressOn(page, page.getByRole('main').getByRole('button', { name: 'Add a tag' }));
    const dialog = page.getByRole('dialog', { name: 'Add a tag' });
    await typeInto(page, dialog.getByLabel('Find a tag by name'), 'temperature');
    const boxes = dialog.getByRole('checkbox');
    await until(async () => (await boxes.count()) > 8, 'the tags that match');
    await until(async () => (await dialog.getByRole('listitem').first().innerText()).includes('temperature'), 'the search');
    for (let i = 0; i < 8; i++) {
      await tabTo(page, boxes.nth(i));
      await page.keyboard.press('Space');
    }
    await dialog.getByText('A chart shows at most 8 tags').waitFor();
    assert.ok(await boxes.nth(8).isDisabled(), 'a ninth is not taken');
    assert.ok(await boxes.nth(7).isEnabled(), 'but one of the eight can be taken away');
    await pressOn(page, dialog.getByRole('button', { name: 'Close' }).last());
    await until(async () => (await legend().getByRole('row').count()) === 9, 'eight lines in the legend');
    assert.equal(new URL(page.url()).searchParams.get('tags')?.split(',').length, 8);
    const colours = await legend().locator('.tag > svg').evaluateAll((all) => all.map((svg) => getComputedStyle(svg).color));
    assert.equal(new Set(colours).size, colours.length, 'no two tags have one colour');
  });

  test('follows the clock when live', async () => {
    const tag = await server.tag('Caster/active power');
    await page.goto(`/trends?tags=${tag.id}&last=5m`);
    await drawn(tag.id);
    const end = await chart().getAttribute('aria-label');
    await page.waitForFunction((old) => document.querySelector('[role=application]')?.getAttribute('aria-label') !== old, end);
    const value = legend().getByRole('row').nth(1).getByRole('cell').nth(1);
    const before = await value.innerText();
    await until(async () => (await value.innerText()) !== before, 'another live value');
  });

  test('draws a step as a step: level until the next sample, then at once another level', async () => {
    const { top, bottom } = await open(known.step.id, 0, 36);
    const x = (minute: number) => Math.round((minute / 36) * top.length);
    const first = top[x(10)]!;
    for (let i = x(1); i < x(29.5); i++) assert.ok(Math.abs(top[i]! - first) <= 1, `level at column ${i}`);
    const second = top[x(33)]!;
    assert.ok(second < first - 50, '20 stands higher than 10');
    for (let i = x(30.5); i < x(35.5); i++) assert.ok(Math.abs(top[i]! - second) <= 1, `level at column ${i}`);
    // The jump is one upright line at the time of the sample.
    const jump = bottom.findIndex((low, i) => low !== null && low - top[i]! > 50);
    assert.ok(Math.abs(jump - x(30)) <= 2, `the jump is at column ${jump}, the sample at ${x(30)}`);
  });

  test('draws a line between the samples of a linear tag', async () => {
    const { top } = await open(known.linear.id, 0, 30);
    const x = (minute: number) => Math.min(top.length - 3, Math.max(2, Math.round((minute / 30) * top.length)));
    const [low, middle, high] = [top[x(0)]!, top[x(15)]!, top[x(30)]!];
    assert.ok(low - high > 50, '20 stands higher than 10');
    assert.ok(Math.abs(middle - (low + high) / 2) <= 3, `half way at half time: ${low}, ${middle}, ${high}`);
  });

  test('leaves a gap where the quality is bad, and names it under the cursor', async () => {
    for (const tag of [known.step, known.linear]) {
      const { top, left } = await open(tag.id, 30, 60);
      const x = (minute: number) => Math.round(((minute - 30) / 30) * top.length);
      for (let i = x(40) + 3; i < x(50) - 3; i++) assert.equal(top[i], null, `ink at column ${i} of ${tag.path}`);
      assert.ok(top[x(52)] !== null, 'after the gap it goes on');
      if (tag === known.step) assert.ok(top[x(39)] !== null, 'a step holds until the gap');
      const box = (await chart().boundingBox())!;
      await page.mouse.move(box.x + left + x(45), box.y + 60);
      await legend().getByText('Bad').waitFor();
      await page.mouse.move(box.x + left + x(54), box.y + 60);
      await legend().getByText('Good').waitFor();
    }
  });

  test('pans and zooms by keyboard, and goes back', async () => {
    await open(known.step.id, 0, 60);
    await tabTo(page, chart());
    await page.keyboard.press('ArrowRight');
    await spanIs(T0 + 6 * MINUTE, T0 + 66 * MINUTE);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await spanIs(T0 - 6 * MINUTE, T0 + 54 * MINUTE);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('+');
    // 0.7 of an hour about its middle: half of 18 minutes go on either side.
    await spanIs(T0 + 9 * MINUTE, T0 + 51 * MINUTE);
    await page.keyboard.press('-');
    await spanIs(T0, T0 + 60 * MINUTE);
    await page.keyboard.press('Home');
    await until(() => new URL(page.url()).searchParams.get('last') === '1h', 'the live view', 10_000);
    await page.keyboard.press('Backspace');
    await spanIs(T0, T0 + 60 * MINUTE);
    // Shift and an arrow move the cursor: from the left edge, where 10 stands.
    await page.keyboard.press('Shift+ArrowRight');
    await legend().getByText(/^At \d/).waitFor();
    await until(async () => /\b10\b/.test(await legend().getByRole('row').nth(1).innerText()), 'the value at the left edge', 10_000);
  });

  test('zooms where the mouse drags and where the wheel turns, and a double click goes back', async () => {
    const { left, right } = await open(known.step.id, 0, 60);
    const box = (await chart().boundingBox())!;
    const x = (part: number) => box.x + left + part * (right - left);
    await page.mouse.move(x(0.25), box.y + 80);
    await page.mouse.down();
    await page.mouse.move(x(0.5), box.y + 90, { steps: 4 });
    await page.mouse.move(x(0.75), box.y + 90, { steps: 4 });
    await page.mouse.up();
    const pixel = (60 * MINUTE) / (right - left);
    await spanIs(T0 + 15 * MINUTE, T0 + 45 * MINUTE, 2 * pixel);
    await page.mouse.dblclick(x(0.5), box.y + 90);
    await spanIs(T0, T0 + 60 * MINUTE);
    // What lies under the pointer stays: the first quarter.
    await page.mouse.move(x(0.25), box.y + 90);
    await page.mouse.wheel(0, -400);
    await until(() => span().to - span().from < 59 * MINUTE, 'a shorter range', 10_000);
    const { from, to } = span();
    assert.ok(Math.abs(from + 0.25 * (to - from) - (T0 + 15 * MINUTE)) < 2 * pixel, 'it zooms at the pointer');
  });

  test('is shared by its link: the same tags, the same range, the same figures', async () => {
    await open(known.linear.id, 5, 35);
    await page.goto(`/trends?tags=${known.linear.id},${known.step.id}&from=${at(5)}&to=${at(35)}`);
    await drawn(known.linear.id);
    await tabTo(page, chart());
    await page.keyboard.press('ArrowRight');
    await spanIs(T0 + 8 * MINUTE, T0 + 38 * MINUTE);
    await pressOn(page, button(page, 'Copy link'));
    await page.getByText('Link copied').waitFor();
    const address = await page.evaluate(() => navigator.clipboard.readText());
    const other = await openPage(context, address);
    await other.getByRole('application').waitFor();
    const said = (one: Page) => one.getByRole('application').getAttribute('aria-label');
    await until(async () => (await said(other)) === (await said(page)), 'the same range');
    const rows = (one: Page) => one.getByRole('region', { name: 'Tags' }).getByRole('row').allInnerTexts();
    await until(async () => JSON.stringify(await rows(other)) === JSON.stringify(await rows(page)), 'the same figures');
    await other.close();
  });

  test('is a table for who cannot see a picture', async () => {
    await open(known.step.id, 0, 60);
    await pressOn(page, button(page, 'Table'));
    const table = page.getByRole('region', { name: 'Table' });
    await table.getByRole('row').nth(1).waitFor();
    const rows = await table.getByRole('row').allInnerTexts();
    // Samples at 0, 30, 40 (bad) and 50 minutes lie in [0, 60); 08:00 UTC is 09:00 in Berlin.
    assert.equal(rows.length, 1 + 4);
    assert.match(rows.at(-1)!, /09:00:00[\s\S]*10/);
    assert.match(rows[2]!, /Bad/);
  });

  test('of a tag that is gone says so', async () => {
    await page.goto(`/trends?tags=999999,${known.step.id}&from=${at(0)}&to=${at(60)}`);
    await page.getByText('A tag of this link does not exist any more.').waitFor();
    await drawn(known.step.id);
  });

  test('is reached from the search, by Ctrl and K', async () => {
    await page.goto('/');
    await link(page, 'Overview').first().waitFor();
    await page.keyboard.press('Control+K');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('linear of known');
    await page.getByRole('option', { name: /linear of known/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('application').waitFor();
    assert.equal(new URL(page.url()).searchParams.get('tags'), String(known.linear.id));
  });
});
