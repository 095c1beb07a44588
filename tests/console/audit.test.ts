// The audit trail: found, opened, proved, taken away, sent elsewhere, and in red once somebody changed it; by keyboard alone.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, seriousFindings, shoot, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { BINARY, Server, type Tag } from './programs.ts';

interface Found {
  items: { id: number; action: string; object: string }[];
}

describe('the audit trail', () => {
  let server: Server;
  let context: BrowserContext;
  let page: Page;
  let speed: Tag;

  before(async () => {
    server = await Server.start('audit');
    await server.claim();
    for (const path of ['mill/speed', 'mill/force']) await server.send('POST', 'tags', { path, type: 'float64' });
    speed = await server.tag('mill/speed');
    for (const description of ['of the roll', 'of the strip']) {
      await server.send('PUT', `tags/${speed.id}`, { path: 'mill/speed', type: 'float64', description });
    }
    context = await signedIn(server);
    page = await openPage(context, '/administration/audit');
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
  });

  const rows = () => page.locator('tbody tr');
  const asked = () => Object.fromEntries(new URL(page.url()).searchParams);

  test('is searched by words that stand in the address of the page', async () => {
    await rows().filter({ hasText: 'Server set up' }).waitFor();
    await chooseIn(page, field(page, 'Result'), 'Done');
    await typeInto(page, field(page, 'On what'), 'MILL/speed');
    await page.keyboard.press('Enter');
    await page.getByText('3 entries found').waitFor();
    assert.deepEqual(asked(), { object: 'MILL/speed', result: 'done' });
    assert.match(await rows().first().innerText(), /ann@example\.com\s+Tag changed\s+mill\/speed/);
    await page.reload();
    await page.getByText('3 entries found').waitFor();
    assert.equal(await field(page, 'On what').inputValue(), 'MILL/speed');
    await typeInto(page, field(page, 'Any text'), 'nobody did this');
    await page.keyboard.press('Enter');
    await heading(page, 'No entry fits').waitFor();
    await page.goBack();
    await page.getByText('3 entries found').waitFor();
    assert.equal(await field(page, 'Any text').inputValue(), '');
  });

  test('shows what a change was from and to', async () => {
    const [newest] = (await server.get<Found>('audit?action=tag.update&limit=1')).items;
    await pressOn(page, button(page, `Details of entry ${newest!.id}`));
    const change = page.getByRole('table', { name: 'What changed' });
    await change.getByRole('row', { name: 'description of the roll of the strip' }).waitFor();
    assert.equal(await change.getByRole('row').count(), 2, 'what stayed is not told');
    assert.equal(asked()['open'], String(newest!.id));
    await page.getByText('Console 127.0.0.1').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'audit-details');
    await pressOn(page, button(page, `Details of entry ${newest!.id}`));
    await change.waitFor({ state: 'detached' });
  });

  test('says how far it is verified, and gives what proves it elsewhere', async () => {
    await pressOn(page, page.locator('main summary').filter({ hasText: /Verified up to entry \d+ of \d+\./ }));
    await page.getByLabel('Checkpoint of the audit trail').getByText(/^lineshaft-[0-9a-f]+\/audit\n\d+\n/).waitFor();
    await page.getByText('No witness outside yet').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await tabTo(page, link(page, 'Signed export'), { back: false });
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    const done = spawnSync(BINARY, ['audit', 'verify', await download.path(), '-o', 'json'], { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    assert.equal((JSON.parse(done.stdout) as { shown: number }).shown, 3, 'what was found is what is exported');
  });

  test('is sent elsewhere, and kept as long as it is told', async () => {
    await typeInto(page, field(page, 'Name or address'), 'log.example');
    await pressOn(page, button(page, 'Send entries there'));
    await page.getByRole('cell', { name: 'log.example:6514', exact: true }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, button(page, 'Stop sending to log.example:6514'));
    const stop = page.getByRole('dialog', { name: 'Stop' });
    await typeInto(page, stop.getByLabel('Type log.example:6514 to confirm'), 'log.example:6514');
    await pressOn(page, stop.getByRole('button', { name: 'Stop' }));
    await page.getByRole('cell', { name: 'log.example:6514', exact: true }).waitFor({ state: 'detached' });
    await typeInto(page, field(page, 'Months that entries are kept'), '24');
    await pressOn(page, button(page, 'Keep so long'));
    await page.getByText('Entries are kept 24 months').waitFor();
    assert.equal((await server.get<{ keep_months: number }>('audit/status')).keep_months, 24);
  });

  test('is in red when its end was cut off', async () => {
    await server.stop(); // which leaves the last checkpoint beside the records
    const records = new DatabaseSync(`${server.data}/records.db`);
    for (const table of ['audit', 'audit_seals']) records.exec(`DELETE FROM ${table} WHERE id > 3`);
    records.close();
    await server.start();
    await page.goto('/administration/audit');
    const alarm = page.getByRole('alert').filter({ hasText: 'The trail is not what was signed.' });
    await alarm.getByText(/entry 4 is missing: the last checkpoint counts \d+/).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'audit-trouble');
  });
});
