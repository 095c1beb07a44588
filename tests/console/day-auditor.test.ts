// An auditor's day with keys alone: what was done is found, read before and after, taken away and proved without the
// server; who may do what, and why, is reviewed; what is open is looked at; and nothing can be changed on the way.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, newContext, openPage, pressOn, tabTo, typeInto, type BrowserContext, type Locator, type Page } from './browser.ts';
import { controlsOf, goTo, look, railOf, searchFindsNothing, signIn, signOut, typeTime, wordsOf } from './days.ts';
import { BINARY, Server, until, type Tag } from './programs.ts';

const AUD = { name: 'Aud', email: 'aud@example.com', password: 'seven grey cranes turn' };
const OLGA = { name: 'Olga', email: 'olga@example.com', password: 'seven grey cranes turn' };
const MELT = 'Northfield Steel/melt shop';
const PARTS = ['Users', 'Identity providers', 'Tokens', 'Duties', 'Audit trail', 'Security']; // of the administration
const t = wordsOf('en'); // for the steps that all days have in common

describe('the day of an auditor', () => {
  let server: Server;
  let context: BrowserContext;
  let page: Page;
  let noon = 0; // a whole second between what happened first and what happened then
  const changes: string[] = []; // what the browser sent that is no question

  before(async () => {
    server = await Server.start('auditor');
    await server.claim();
    const speed = await server.send<Tag>('POST', 'tags', { path: 'mill/speed', type: 'float64', description: 'of the roll' });
    const olga = await server.send<{ id: number }>('POST', 'users', { ...OLGA, grants: [{ role: 'viewer', place: MELT }] });
    noon = Math.ceil(Date.now() / 1000) * 1000;
    await until(() => Date.now() >= noon, 'the next second');
    await server.send('PUT', `tags/${speed.id}`, { path: 'mill/speed', type: 'float64', description: 'of the strip' });
    await server.send('PUT', `users/${olga.id}/grants`, { grants: [{ role: 'operator', place: MELT }] });
    await server.send('POST', 'users', { ...AUD, grants: [{ role: 'auditor', place: '*' }] });
    await server.send('POST', 'tokens', { name: 'for ever', role: 'viewer' });
    context = await newContext(server);
    const hers = await context.request.post('/api/v1/session', { data: OLGA });
    assert.equal(hers.status(), 200);
    assert.equal((await context.request.get('/api/v1/audit')).status(), 403); // which is entered as refused
    await context.clearCookies();
    page = await openPage(context, '/', /status of 401/);
    page.on('request', (request) => {
      if (request.method() !== 'GET') changes.push(`${request.method()} ${new URL(request.url()).pathname}`);
    });
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
  });

  const main = () => page.getByRole('main');
  const entries = () => main().locator('tbody tr');
  const part = (name: string) => pressOn(page, main().getByRole('link', { name, exact: true }));
  const found = (n: number) => page.getByText(n === 1 ? '1 entry found' : `${n} entries found`, { exact: true }).waitFor();
  async function search(fields: Record<string, string>, what = ''): Promise<void> {
    await pressOn(page, button(page, 'Clear'));
    for (const [label, text] of Object.entries(fields)) await typeInto(page, field(page, label), text);
    if (what) await chooseIn(page, field(page, 'What'), what);
    await pressOn(page, main().getByRole('button', { name: 'Search', exact: true }));
  }
  async function download(target: Locator): Promise<{ name: string; path: string; text: string }> {
    await tabTo(page, target);
    const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    const path = await file.path();
    return { name: file.suggestedFilename(), path, text: readFileSync(path, 'utf8') };
  }

  test('begins with signing in, at the trail, with nothing of the plant', async () => {
    await signIn(page, t, AUD);
    await main().getByRole('columnheader', { name: 'On what' }).waitFor();
    assert.deepEqual(await railOf(page, t), ['Administration', 'Your account']);
    const parts = await main().getByRole('navigation', { name: 'Administration' }).getByRole('link').allInnerTexts();
    assert.deepEqual(parts, PARTS);
    await look(page, 'auditor-trail');
  });

  test('finds entries by who, what, on what and how it ended', async () => {
    await search({ 'On what': 'mill/speed' });
    await found(2);
    await search({ Who: 'olga@example.com' });
    await found(2);
    assert.match(await entries().first().innerText(), /olga@example\.com\s+Refused for want of permission\s*▲\s*Refused/);
    // Who does not know the name of an action finds it by its words.
    await search({}, 'Roles of a user changed');
    await found(1);
    await search({}, 'All about tag');
    await found(2);
    await search({ 'Any text': 'of the strip' });
    await found(1);
    await pressOn(page, button(page, 'Clear'));
    await chooseIn(page, field(page, 'Result'), 'Refused');
    await pressOn(page, main().getByRole('button', { name: 'Search', exact: true }));
    await found(1);
    await look(page, 'auditor-refused');
  });

  test('finds them by when, in fields of time', async () => {
    await search({ 'On what': 'mill/speed' });
    await found(2);
    await typeTime(page, field(page, 'From'), noon);
    await page.keyboard.press('Enter');
    await found(1);
    assert.match(await entries().first().innerText(), /Tag changed/);
    await search({ 'On what': 'mill/speed' });
    await typeTime(page, field(page, 'To (not included)'), noon);
    await page.keyboard.press('Enter');
    await found(1);
    assert.match(await entries().first().innerText(), /Tag made/);
    await look(page, 'auditor-when');
  });

  test('reads in an entry what it was before and after', async () => {
    await search({ 'On what': 'mill/speed' }, 'Tag changed');
    await found(1);
    const details = button(page, /^Details of entry \d+$/);
    await pressOn(page, details);
    const change = page.getByRole('table', { name: 'What changed' });
    await change.getByRole('row', { name: 'description of the roll of the strip' }).waitFor();
    assert.equal(await change.getByRole('row').count(), 2, 'what stayed is not told');
    assert.equal(await details.getAttribute('aria-expanded'), 'true');
    await look(page, 'auditor-entry');
    await page.keyboard.press('Enter');
    await change.waitFor({ state: 'detached' });
  });

  test('finds out why somebody may write: who gave her which role, when, and what she had before', async () => {
    await search({ 'On what': 'olga@example.com' }, 'Roles of a user changed');
    await found(1);
    await pressOn(page, button(page, /^Details of entry \d+$/));
    const opened = page.locator('tr.opened');
    await opened.getByText(`viewer@${MELT} -> operator@${MELT}`).waitFor();
    for (const fact of ['ann@example.com', 'user.grants', 'olga@example.com', 'Done']) assert.ok((await opened.innerText()).includes(fact), fact);
    await look(page, 'auditor-grants');
    // Everything else of the same request is one key away.
    await tabTo(page, opened.getByRole('link'));
    await page.keyboard.press('Enter');
    await found(1);
    await until(() => new URL(page.url()).searchParams.has('text'), 'the entries of the request');
    await found(1);
    await page.goBack(); // Alt and the left arrow: a key of the browser, not of the page
    await until(async () => (await field(page, 'On what').inputValue()) === 'olga@example.com', 'the search as it was');
    await found(1);
  });

  test('reviews who may do what: all people, and nothing to change them with', async () => {
    await part('Users');
    await main().getByRole('row', { name: /^Olga .*Operator/ }).waitFor();
    await main().getByText('A second factor is demanded of').waitFor();
    await main().getByText('Administrators', { exact: true }).waitFor();
    const ofEach = ['Ann', 'Aud', 'Olga'].flatMap((name) => [`Why may ${name} do something?`, `Sign-in of ${name}`]);
    assert.deepEqual(await controlsOf(main()), [...PARTS, 'Who may do something?', ...ofEach]);
    await look(page, 'auditor-users');

    await pressOn(page, button(page, 'Sign-in of Olga'));
    const hers = page.getByRole('dialog', { name: 'Sign-in of Olga' });
    await hers.getByText('127.0.0.1').waitFor();
    assert.deepEqual(await controlsOf(hers), ['Close'], 'her session is seen, and not ended');
    await look(page, 'auditor-sessions');
    await page.keyboard.press('Escape');
    await hers.waitFor({ state: 'detached' });
  });

  test('asks why she may do something, and who may, and is told', async () => {
    await pressOn(page, button(page, 'Why may Olga do something?'));
    const why = page.getByRole('dialog', { name: 'Why may Olga do something?' });
    await why.getByText('– may not').waitFor(); // not in the whole organisation
    await chooseIn(page, why.getByLabel('What', { exact: true }), 'write to machines');
    await typeInto(page, why.getByLabel('Place', { exact: true }), `${MELT}/eaf 1`);
    await why.getByText('✓ may').waitFor();
    assert.match(await why.getByRole('listitem').innerText(), /by\s+Operator\s+in\s+Northfield Steel\/\s*melt shop/);
    await look(page, 'auditor-why');
    await page.keyboard.press('Escape');
    await why.waitFor({ state: 'detached' });

    await pressOn(page, button(page, 'Who may do something?'));
    const who = page.getByRole('dialog', { name: 'Who may do something?' });
    await chooseIn(page, who.getByLabel('What', { exact: true }), 'manage people');
    const answers = async () => (await who.getByRole('listitem').allInnerTexts()).map((text) => text.trim().replace(/\s+/g, ' '));
    const missing = '– may not Missing: one of these roles, there or above: Security administrator, Administrator';
    const wanted = ['Ann ann@example.com ✓ may by Administrator', `Aud aud@example.com ${missing}`, `Olga olga@example.com ${missing}`];
    await until(async () => (await answers()).join() === wanted.join(), 'who manages people');
    await look(page, 'auditor-who');
    await page.keyboard.press('Escape');
    await who.waitFor({ state: 'detached' });
  });

  test('reviews programs, duties and identity providers, which only show as well', async () => {
    await part('Tokens');
    await main().getByRole('row', { name: /^for ever Viewer .*without end/ }).waitFor();
    assert.deepEqual(await controlsOf(main()), PARTS);
    await look(page, 'auditor-tokens');
    await part('Duties');
    await main().getByText('Two persons for rights: off').waitFor();
    await main().getByText('Separate auditor: off').waitFor();
    await main().getByText('Nothing waits.').waitFor();
    assert.deepEqual(await controlsOf(main()), PARTS);
    await look(page, 'auditor-duties');
    await part('Identity providers');
    await main().getByText('No identity provider yet').waitFor();
    assert.deepEqual(await controlsOf(main()), PARTS);
    await look(page, 'auditor-providers');
    await part('Audit trail');
    await search({ 'On what': OLGA.email }, 'Roles of a user changed');
    await found(1);
  });

  test('takes away what was found, as a table and as lines', async () => {
    const [newest] = (await server.get<{ items: { id: number; detail: string; request: string }[] }>('audit?action=user.grants&limit=1')).items;
    const csv = await download(link(page, 'CSV'));
    assert.equal(csv.name, 'audit.csv');
    const lines = csv.text.trimEnd().split('\r\n');
    assert.equal(lines.length, 2, 'the head and the one entry that was found');
    assert.match(lines[0]!, /^id,time,actor,.*,before,after,result$/);
    const cells = lines[1]!.split(',');
    assert.deepEqual([cells[0], cells[2], cells[8], cells[9], cells[10], cells.at(-1)],
      [String(newest!.id), '"ann@example.com"', '"user.grants"', '"olga@example.com"', `"viewer@${MELT} -> operator@${MELT}"`, '"done"']);
    const json = await download(link(page, 'JSON lines'));
    assert.equal(json.name, 'audit.ndjson');
    const entry = JSON.parse(json.text) as typeof newest;
    assert.deepEqual([entry!.id, entry!.detail, entry!.request], [newest!.id, newest!.detail, newest!.request]);
  });

  test('keeps key and checkpoint, and proves a signed export with them, without the server', async () => {
    await pressOn(page, page.locator('main summary').filter({ hasText: /Verified up to entry \d+ of \d+\./ }));
    await page.getByText('No witness outside yet').waitFor();
    await look(page, 'auditor-proof');
    const checkpoint = await download(button(page, 'Download checkpoint'));
    assert.match(checkpoint.text, /^lineshaft-[0-9a-f]+\/audit\n\d+\n/);
    await pressOn(page, button(page, 'Copy key'));
    await page.getByText('Copied', { exact: true }).waitFor();
    const key = await page.evaluate(() => navigator.clipboard.readText());
    const signed = await download(link(page, 'Signed export'));
    const verify = (file: string) => spawnSync(BINARY, ['audit', 'verify', file, '--key', key, '--checkpoint', checkpoint.path, '-o', 'json'], { encoding: 'utf8' });
    const good = verify(signed.path);
    assert.equal(good.status, 0, good.stderr);
    assert.equal((JSON.parse(good.stdout) as { shown: number }).shown, 1, 'what was found is what is exported');
    const forged = `${server.data}/forged.export`;
    writeFileSync(forged, signed.text.replace('operator', 'engineer'));
    assert.equal(verify(forged).status, 7, 'a word that was changed is found');
  });

  test('sees what others can reach, and what to mend, with no link that leads nowhere', async () => {
    await part('Security');
    await heading(page, 'What to mend first').waitFor();
    await page.getByRole('row', { name: /Console and API/ }).getByText('this machine only').waitFor();
    await page.getByText(/1 token never expires/).waitFor();
    assert.deepEqual(await controlsOf(main()), [...PARTS, '1 token never expires'], 'there is nothing to press but ways on and back');
    await look(page, 'auditor-security');
    await part('1 token never expires');
    await main().getByRole('row', { name: /^for ever/ }).waitFor();
  });

  test('is offered nothing that changes anything', async () => {
    await part('Audit trail');
    await entries().first().waitFor();
    const controls = (await controlsOf(main())).filter((name) => !/^Details of entry \d+$|Verified up to entry/.test(name));
    assert.deepEqual(controls, [...PARTS,
      'Any text', 'Who', 'On what', 'What', 'Result', 'From', 'To (not included)', 'Search', 'Clear',
      'Signed export', 'CSV', 'JSON lines']);
    for (const other of ['Users', 'Tokens', 'Retention', 'Machines', 'Tags']) await searchFindsNothing(page, t, other);
    await goTo(page, t, 'account');
    await look(page, 'auditor-account');
    await goTo(page, t, 'administration');
    assert.deepEqual(changes, ['POST /api/v1/session'], 'the whole day asked, and changed nothing');
  });

  test('ends with signing out', async () => {
    await signOut(page, t, AUD);
    assert.deepEqual(changes, ['POST /api/v1/session', 'DELETE /api/v1/session']);
  });
});
