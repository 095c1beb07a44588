// How long data is kept, and samples that are erased: by keyboard alone, said before it happens.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, openPage, pressOn, seriousFindings, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { Server, until, type Tag } from './programs.ts';

const HOUR_MS = 3600e3;
const DAY_MS = 24 * HOUR_MS;

interface Rules {
  version: number;
  rules: { pattern: string; samples_days: number | null; minutes_days: number | null; hours_days: number | string | null; tags: number }[];
}

describe('how long data is kept', () => {
  let server: Server;
  let context: BrowserContext;
  let page: Page;
  let furnace: Tag;

  const hourAgo = Math.floor((Date.now() - HOUR_MS) / 60e3) * 60e3;

  before(async () => {
    server = await Server.start('retention');
    await server.claim();
    for (const path of ['works/melt shop/furnace', 'works/melt shop/ladle', 'works/office/door']) {
      await server.send('POST', 'tags', { path, type: 'float64' });
    }
    furnace = await server.tag('works/melt shop/furnace');
    const samples = [100 * DAY_MS, 3 * 60e3, 2 * 60e3, 60e3].map((ago, i) => ({ tag: furnace.id, time: new Date(hourAgo - ago).toISOString(), value: i }));
    await server.send('POST', 'values', { samples });
    context = await signedIn(server);
    page = await openPage(context, '/administration/retention', /40[09]/);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
  });

  const kept = () => server.get<Rules>('historian/retention');
  const rows = () => page.locator('main tbody tr');
  const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
  const raw = async (): Promise<number[]> => {
    const query = `tag=${furnace.id}&from=2000-01-01T00:00:00Z&to=2200-01-01T00:00:00Z`;
    return (await server.get<{ items: { value: number }[] }>(`values/raw?${query}`)).items.map((item) => item.value);
  };
  const addRule = async (pattern: string) => {
    await pressOn(page, button(page, 'Add a rule'));
    await typeInto(page, dialog('Add a rule').getByLabel('Tags'), pattern);
  };

  test('is for ever without rules, and says so', async () => {
    await heading(page, 'How long data is kept').waitFor();
    await rows().getByText('All tags').waitFor();
    assert.match(await rows().innerText(), /Everything for ever\s+3 tags/);
  });

  test('is said by a rule whose meaning stands in words before it is taken over', async () => {
    await addRule('works/melt shop/**');
    const add = dialog('Add a rule');
    await add.getByText('Samples for 30 days, then minutes up to a year, then hours for ever').waitFor();
    await typeInto(page, add.getByLabel('Age of minutes, days'), '20');
    await add.getByText('Must be more days than samples').waitFor();
    assert.ok(await add.getByRole('button', { name: 'Use this rule' }).isDisabled());
    await typeInto(page, add.getByLabel('Age of minutes, days'), '90');
    await add.getByText('Samples for 30 days, then minutes up to 90 days, then hours for ever').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, add.getByRole('button', { name: 'Use this rule' }));
    await add.waitFor({ state: 'detached' });
    assert.match(await rows().first().innerText(), /works\/melt shop\/\*\*\s+Samples for 30 days.*\s+2 tags/);
    assert.match(await rows().last().innerText(), /All other tags\s+Everything for ever\s+1 tag/);
    await page.getByText('These rules do not count yet.').waitFor();
    assert.equal((await kept()).version, 0, 'nothing is kept before one says so');
  });

  test('a pattern that the server refuses is said in the dialog, and nothing is lost', async () => {
    await addRule('a/'.repeat(80));
    await pressOn(page, button(page, 'Use this rule'));
    await dialog('Add a rule').getByRole('alert').waitFor();
    await page.keyboard.press('Escape');
    await dialog('Add a rule').waitFor({ state: 'detached' });
    assert.equal(await rows().count(), 2);
  });

  test('is changed only after it was said what goes', async () => {
    await pressOn(page, button(page, 'Save…'));
    const confirm = dialog('Save, and let data go');
    await confirm.getByText('works/melt shop/**').waitFor();
    await confirm.getByText('2 tags').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await page.keyboard.press('Escape');
    assert.equal((await kept()).version, 0);
    await pressOn(page, button(page, 'Save…'));
    await pressOn(page, confirm.getByRole('button', { name: 'Save and let data go' }));
    await page.getByText('The rules are kept').waitFor();
    const { version, rules } = await kept();
    assert.equal(version, 1);
    assert.deepEqual(rules, [{ pattern: 'works/melt shop/**', samples_days: 30, minutes_days: 90, hours_days: 'forever', keep_replaced: false, tags: 2 }]);
  });

  test('the rules can be done at once', async () => {
    await pressOn(page, button(page, 'Apply now'));
    await page.getByText(/Nothing is older than the rules allow|something went for good/).first().waitFor();
    assert.deepEqual(await raw(), [1, 2, 3], 'what was a hundred days old is an hour');
  });

  test('a chart that is zoomed in between summaries says that there are only these', async () => {
    const old = hourAgo - 100 * DAY_MS;
    const chart = await openPage(context, `/trends?tags=${furnace.id}&from=${new Date(old + 1000).toISOString()}&to=${new Date(old + 30_000).toISOString()}`);
    await chart.getByText('Of this time only summaries remain. Zoom out to see them.').waitFor();
    await chart.close();
  });

  test('rules that keep all are added, moved and saved without a question', async () => {
    await addRule('works/melt shop/ladle');
    await chooseIn(page, dialog('Add a rule').getByLabel('Samples', { exact: true }), 'For ever');
    await dialog('Add a rule').getByText('Everything for ever').waitFor();
    await pressOn(page, button(page, 'Use this rule'));
    await until(async () => (await rows().count()) === 3, 'two rules and the rest');
    assert.match(await rows().nth(1).innerText(), /ladle\s+Everything for ever\s+0 tags/, 'the first rule counts for it');
    await pressOn(page, button(page, 'Move rule 2 up'));
    await until(async () => /ladle[^]*1 tag/.test(await rows().first().innerText()), 'the other order');
    await pressOn(page, button(page, 'Discard changes'));
    await until(async () => (await rows().count()) === 2, 'as it was');

    await addRule('works/office/**');
    await chooseIn(page, dialog('Add a rule').getByLabel('Samples', { exact: true }), 'For ever');
    await pressOn(page, button(page, 'Use this rule'));
    await pressOn(page, button(page, 'Save'));
    await page.getByText('The rules are kept').first().waitFor();
    await until(async () => (await kept()).rules.map((rule) => rule.pattern).join() === 'works/melt shop/**,works/office/**', 'both rules');
  });

  test("somebody else's change is not overwritten", async () => {
    await page.goto('/administration/retention'); // what was saved last is read again, and no answer is under way
    await until(async () => (await rows().count()) === 3, 'both rules and the rest');
    const seen = await kept();
    await server.send('PUT', 'historian/retention', { version: seen.version, rules: seen.rules });
    await pressOn(page, button(page, 'Remove rule 2'));
    await pressOn(page, button(page, /^Save/));
    const confirm = button(page, 'Save and let data go');
    const conflict = page.getByRole('alert').getByText('LS-1003');
    await confirm.or(conflict).first().waitFor();
    if (await confirm.isVisible()) await pressOn(page, confirm);
    await conflict.waitFor();
    assert.equal((await kept()).rules.length, 2);
  });

  test('samples of a tag are erased after a count, for a reason, with its name typed', async () => {
    // As a field for date and time has it, in the zone of the browser.
    const local = (ms: number): string => new Date(ms).toLocaleString('sv-SE', { timeZone: 'Europe/Berlin' }).replace(' ', 'T');
    await page.goto(`/tags?tag=${furnace.id}`);
    const panel = page.getByRole('complementary', { name: 'furnace' });
    await panel.getByText('Samples for 30 days, then minutes up to 90 days, then hours for ever').waitFor();
    await panel.getByText('(rule 1: works/melt shop/**)').waitFor();
    await pressOn(page, panel.getByRole('button', { name: 'Erase samples…' }));
    const erase = dialog('Erase samples of furnace');
    await erase.getByText('No samples in this range').waitFor(); // of the last hour
    await erase.getByLabel('To', { exact: true }).fill(local(hourAgo - 5 * 60e3));
    await erase.getByText('The end must be after the beginning').waitFor();
    await erase.getByLabel('From').fill(local(hourAgo - 2.5 * 60e3));
    await erase.getByLabel('To', { exact: true }).fill(local(hourAgo));
    await erase.getByText('2 samples in this range').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    const go = erase.getByRole('button', { name: 'Erase 2 samples' });
    assert.ok(await go.isDisabled(), 'without a reason and the name');
    await typeInto(page, erase.getByLabel('Reason'), 'the sensor hung outside');
    await typeInto(page, erase.getByLabel('Type furnace to confirm'), 'ladle');
    assert.ok(await go.isDisabled(), 'with another name');
    await typeInto(page, erase.getByLabel('Type furnace to confirm'), 'furnace');
    await pressOn(page, go);
    await page.getByText('2 samples of furnace erased').waitFor();
    await erase.waitFor({ state: 'detached' });
    assert.deepEqual(await raw(), [1]);
    await page.goto('/administration/audit');
    const entry = page.locator('tr', { hasText: 'Samples erased' });
    assert.match(await entry.innerText(), /furnace.*2 samples of 1 tags, reason: the sensor hung outside/s);
  });

  test('who may not erase or decide is not offered it', async () => {
    await server.send('POST', 'users', { name: 'Bo', email: 'bo@example.com', role: 'engineer', password: 'seven grey cranes turn' });
    const other = await signedIn(server, { email: 'bo@example.com', password: 'seven grey cranes turn' });
    const theirs = await openPage(other, `/tags?tag=${furnace.id}`, /403/);
    const panel = theirs.getByRole('complementary', { name: 'furnace' });
    await panel.getByText('(rule 1: works/melt shop/**)').waitFor();
    assert.equal(await panel.getByRole('button', { name: 'Erase samples…' }).count(), 0);
    assert.equal(await panel.getByRole('button', { name: 'Edit' }).count(), 1);
    await closeContext(other);
  });
});
