// The way in: claiming a server, signing in, a session that ends, a server that is away.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { button, closeContext, field, heading, newContext, openPage, pressOn, seriousFindings, signedIn, tabTo, typeInto, type Page } from './browser.ts';
import { PERSON, Server, until } from './programs.ts';

describe('the door', () => {
  let server: Server;
  before(async () => {
    server = await Server.start('door');
  });
  after(() => server.stop());

  const alert = (page: Page) => page.getByRole('alert');

  // The order of these tests is the order of a server's first hour.
  test('a wrong claim code is refused in words, and nothing that was typed is lost', async () => {
    const context = await newContext(server);
    const page = await openPage(context, '/', /401|403/);
    await heading(page, 'Set up this server').waitFor();
    await typeInto(page, field(page, 'Claim code'), 'AAAA-BBBB-CCCC');
    await typeInto(page, field(page, 'Organisation'), PERSON.organisation);
    await typeInto(page, field(page, 'Name'), PERSON.name);
    await typeInto(page, field(page, 'E-mail address'), PERSON.email);
    await typeInto(page, field(page, 'Password'), PERSON.password);
    await page.keyboard.press('Enter');
    await alert(page).getByText('The claim code is wrong, used up or expired').waitFor();
    assert.match(await alert(page).innerText(), /LS-1504/);
    assert.equal(await field(page, 'Organisation').inputValue(), PERSON.organisation);
    assert.deepEqual(await seriousFindings(page), []);
    await closeContext(context);
  });

  test('the server is claimed by keyboard alone, and shows what can be done with it', async () => {
    const context = await newContext(server);
    const page = await openPage(context, '/', /401/);
    await typeInto(page, field(page, 'Claim code'), server.claimCode);
    await typeInto(page, field(page, 'Organisation'), PERSON.organisation);
    await typeInto(page, field(page, 'Name'), PERSON.name);
    await typeInto(page, field(page, 'E-mail address'), PERSON.email);
    await typeInto(page, field(page, 'Password'), PERSON.password);
    await pressOn(page, button(page, 'Set up'));
    await heading(page, 'No machine is connected yet').waitFor();
    await heading(page, 'Connect a machine').waitFor();
    assert.equal(new URL(page.url()).pathname, '/');
    assert.equal((await server.get<{ claimed: boolean }>('status')).claimed, true);
    await closeContext(context);
  });

  test('the address that the terminal prints may bring the claim code along', async () => {
    const other = await Server.start('door-code');
    const context = await newContext(other);
    const page = await openPage(context, `/#code=${other.claimCode}`);
    await heading(page, 'Set up this server').waitFor();
    assert.equal(await field(page, 'Claim code').inputValue(), other.claimCode);
    await closeContext(context);
    await other.stop();
  });

  test('what the server wants to be read first stands above the form', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lineshaft-notice-'));
    const config = join(folder, 'lineshaft.toml');
    writeFileSync(config, '[security]\nnotice = "For staff only.\\nUse is <b>logged</b>."\n');
    const other = await Server.start('door-notice', ['--config', config]);
    const context = await newContext(other);
    const page = await openPage(context, '/');
    assert.equal(await page.getByRole('note').innerText(), 'For staff only.\nUse is <b>logged</b>.');
    assert.deepEqual(await seriousFindings(page), []);
    await closeContext(context);
    await other.stop();
    rmSync(folder, { recursive: true });
  });

  test('one signs in and out by keyboard alone; a wrong password says so', async () => {
    const context = await newContext(server);
    const page = await openPage(context, '/machines', /401/);
    await heading(page, `Sign in to ${PERSON.organisation}`).waitFor();
    await typeInto(page, field(page, 'E-mail address'), PERSON.email);
    await typeInto(page, field(page, 'Password'), 'not the password');
    await page.keyboard.press('Enter');
    await alert(page).getByText('The e-mail address or the password is wrong').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await typeInto(page, field(page, 'Password'), PERSON.password);
    await page.keyboard.press('Enter');
    await heading(page, 'Machines').waitFor();

    await pressOn(page, button(page, `Your account: ${PERSON.name}`));
    await page.getByText('Role: Administrator').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.getByRole('menu').count(), 0);
    await page.keyboard.press('ArrowDown');
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await heading(page, `Sign in to ${PERSON.organisation}`).waitFor();
    assert.equal((await context.cookies()).length, 0, 'the cookie is gone');
    await closeContext(context);
  });

  /** Ends the session of a page behind its back. */
  async function endSession(page: Page): Promise<void> {
    const status = await page.evaluate(async () => {
      const { csrf } = (await (await fetch('/api/v1/session')).json()) as { csrf: string };
      return (await fetch('/api/v1/session', { method: 'DELETE', headers: { 'X-CSRF-Token': csrf } })).status;
    });
    assert.equal(status, 204);
  }

  test('a session that ends asks for the password and goes on where one was', async () => {
    const context = await signedIn(server);
    const page = await openPage(context, '/machines/new', /401/);
    await typeInto(page, field(page, 'Address'), 'furnace.example');
    await typeInto(page, field(page, 'Port'), '1502');
    await tabTo(page, button(page, 'Test the address'));
    await endSession(page);
    await page.keyboard.press('Enter'); // at once: whatever the page asks next by itself meets the end too
    const dialog = page.getByRole('dialog', { name: 'Sign in again' });
    await dialog.waitFor();
    assert.equal(await dialog.getByLabel('E-mail address').inputValue(), PERSON.email);
    assert.deepEqual(await seriousFindings(page), []);
    await typeInto(page, dialog.getByLabel('Password'), PERSON.password);
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    // What was asked when the session ended is answered now, and the form is as it was.
    await alert(page).waitFor();
    assert.equal(await field(page, 'Address').inputValue(), 'furnace.example');
    assert.equal(await field(page, 'Port').inputValue(), '1502');
    await closeContext(context);
  });

  test('a server that is away is said to be away, and comes back by itself', async () => {
    const context = await signedIn(server);
    const page = await openPage(context, '/', /ERR_|Failed|WebSocket/);
    await heading(page, 'No machine is connected yet').waitFor();
    await server.stop('SIGKILL');
    await alert(page).getByText('The server does not answer').waitFor();
    await page.reload({ waitUntil: 'commit' }).catch(() => undefined);
    await server.start();
    await until(async () => {
      await page.goto('/').catch(() => undefined);
      return heading(page, 'No machine is connected yet').waitFor({ timeout: 5000 }).then(() => true, () => false);
    }, 'the page after the restart');
    await closeContext(context);
  });

  test('a browser that vanishes leaves a server that answers the next one', async () => {
    const context = await signedIn(server);
    const page = await openPage(context, '/tags');
    await heading(page, 'There are no tags yet').waitFor();
    await context.setOffline(true);
    await context.close();
    const next = await signedIn(server);
    await heading(await openPage(next, '/'), 'No machine is connected yet').waitFor();
    await tabTo(next.pages()[0]!, next.pages()[0]!.getByRole('link', { name: 'Import' }));
    await closeContext(next);
  });
});
