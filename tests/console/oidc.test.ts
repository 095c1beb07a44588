// People sign in with the account of an identity provider: through its page and back, by keyboard alone.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, newContext, openPage, pressOn, seriousFindings, shoot, signedIn, tabTo, typeInto, type Look, type Page } from './browser.ts';
import { freePort, PERSON, ROOT, Server, until } from './programs.ts';

const NODE = join(ROOT, 'console/node_modules/.bin/node');
const SECRET = 'a secret: 100 % = :-)';
const LOOKS: [string, Look][] = [['', {}], ['-dark', { scheme: 'dark' }], ['-phone', { phone: true }], ['-zh', { language: 'zh' }], ['-zh-phone-dark', { language: 'zh', phone: true, scheme: 'dark' }]];

interface Issued { certificate: string; key: string; authority: string }

/** oidc-provider (tests/peers/oidc.mjs), whose web server has a certificate of the authority of ours. */
class IdentityProvider {
  readonly folder = mkdtempSync(join(tmpdir(), 'lineshaft-idp-'));
  process!: ChildProcess;
  lines!: Interface;
  issuer = '';

  async start(issued: Issued, redirectUri: string): Promise<void> {
    writeFileSync(join(this.folder, 'certificate.pem'), issued.certificate);
    writeFileSync(join(this.folder, 'key.pem'), issued.key);
    this.process = spawn(NODE, [join(ROOT, 'tests/peers/oidc.mjs'), this.folder, String(await freePort()), redirectUri], { stdio: ['pipe', 'pipe', 'ignore'] });
    process.on('exit', () => this.process.kill('SIGKILL'));
    this.lines = createInterface({ input: this.process.stdout! });
    this.issuer = (await this.next<{ issuer: string }>()).issuer;
  }
  next<T>(): Promise<T> {
    return new Promise((done) => this.lines.once('line', (line) => done(JSON.parse(line) as T)));
  }
  async know(person: string, groups: string[], amr: string[] = ['pwd']): Promise<void> {
    const answer = this.next();
    const claims = { sub: person, email: `${person}@example.com`, email_verified: true, name: person[0]!.toUpperCase() + person.slice(1), groups };
    this.process.stdin!.write(`${JSON.stringify({ person, amr, claims })}\n`);
    await answer;
  }
  async stop(): Promise<void> {
    this.process.kill('SIGKILL');
    await until(() => this.process.signalCode !== null || this.process.exitCode !== null, 'the provider to end');
  }
}

const here = existsSync(NODE) && existsSync(join(ROOT, 'tests/peers/node_modules/oidc-provider'));

describe('signing in by an identity provider', { skip: here ? false : 'oidc-provider is missing (tools/setup test)' }, () => {
  let server: Server;
  let issued: Issued;
  let origin = ''; // another site than the provider, which is at 127.0.0.1
  const idp = new IdentityProvider();

  before(async () => {
    server = await Server.start('oidc');
    await server.claim();
    origin = server.address.replace('127.0.0.1', 'localhost');
    issued = await server.send<Issued>('POST', 'issued-certificates', { name: 'idp', use: ['server'], names: ['127.0.0.1'] });
    await idp.start(issued, `${origin}/sign-in/provider`);
    await idp.know('carl', ['melters']);
  });
  after(async () => {
    await idp.stop();
    await server.stop();
    rmSync(idp.folder, { recursive: true, force: true });
  });

  async function typePassword(page: Page) {
    await typeInto(page, field(page, 'E-mail address'), PERSON.email);
    await typeInto(page, field(page, 'Password'), PERSON.password);
    await page.keyboard.press('Enter');
  }
  /** On the provider's page. */
  async function signInThere(page: Page, name: string) {
    await heading(page, 'Northern ID').waitFor();
    await typeInto(page, field(page, 'Name'), name);
    await page.keyboard.press('Enter');
  }

  test('an administrator adds a provider, which is asked at once', async () => {
    const context = await newContext(server);
    const page = await openPage(context, `${origin}/administration/providers`, /40[013]/);
    await typePassword(page);
    await page.getByText('No identity provider yet').waitFor();
    await page.getByText(`${origin}/sign-in/provider`).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, button(page, 'Add a provider'));
    const dialog = page.getByRole('dialog', { name: 'Add a provider' });
    const into = (label: string, text: string) => typeInto(page, dialog.getByLabel(label, { exact: true }), text);
    await into('Name', 'Northern ID');
    await into('Issuer', idp.issuer.replace('https', 'http'));
    await into('Client id', 'lineshaft');
    await into('Client secret', SECRET);
    await pressOn(page, dialog.getByRole('button', { name: 'Add a group' }));
    await into('Groups and what they may do: Group 1', 'melters');
    await chooseIn(page, dialog.getByLabel('Groups and what they may do: Role 1'), 'Operator');
    await chooseIn(page, dialog.getByLabel('Who is in none of these groups'), 'is refused');
    await tabTo(page, dialog.getByLabel('Make people at their first sign-in'));
    await page.keyboard.press(' ');
    await pressOn(page, dialog.getByText('Rarely needed'));
    await into('Scopes', 'email profile groups');
    await tabTo(page, dialog.getByLabel('Authority of its web server (PEM)'));
    await page.keyboard.insertText(issued.authority);
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'provider-dialog');
    await pressOn(page, dialog.getByRole('button', { name: 'Save' }));
    await dialog.getByText(/does not begin with https/).waitFor();
    await into('Issuer', idp.issuer);
    await pressOn(page, dialog.getByRole('button', { name: 'Save' }));
    await page.getByRole('status').getByText('Northern ID answers: 3 keys, RS256, ES256, EdDSA').waitFor();
    await page.getByRole('row', { name: /Northern ID.*In use/ }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'providers');
    await closeContext(context);
  });

  test('an auditor reads which roles its groups bring, and changes nothing', async () => {
    const aud = { email: 'aud@example.com', password: 'seven grey cranes turn' };
    await server.send('POST', 'users', { ...aud, name: 'Aud', grants: [{ role: 'auditor', place: '*' }] });
    const context = await signedIn(server, aud);
    const page = await openPage(context, '/administration/providers');
    await page.getByRole('row', { name: /Northern ID.*In use/ }).waitFor();
    assert.deepEqual(await page.getByRole('main').getByRole('button').allInnerTexts(), ['Settings…']);
    await pressOn(page, button(page, 'Settings of Northern ID'));
    const dialog = page.getByRole('dialog', { name: 'Settings of Northern ID' });
    await dialog.locator('dd', { hasText: 'melters' }).getByText('Operator').waitFor();
    await dialog.getByText('is refused').waitFor();
    await pressOn(page, dialog.getByText('Rarely needed'));
    await dialog.getByText('BEGIN CERTIFICATE').waitFor();
    assert.equal((await page.content()).includes(SECRET), false);
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'provider-settings-auditor');
    await closeContext(context);
  });

  test('somebody comes in through the page of the provider, and is where they wanted to be', async () => {
    const context = await newContext(server);
    const page = await openPage(context, `${origin}/tags`, /40[134]/); // the provider has no icon
    await pressOn(page, button(page, 'Sign in with Northern ID'));
    await signInThere(page, 'carl');
    await heading(page, 'Tags').waitFor();
    assert.equal(page.url(), `${origin}/tags`);
    const cookies = await context.cookies(origin);
    const session = cookies.find((cookie) => cookie.name === '__Host-session')!;
    assert.deepEqual([session.httpOnly, session.secure, session.sameSite], [true, true, 'Strict']);
    assert.equal(cookies.some((cookie) => cookie.name === '__Host-provider'), false, 'it has done its work');

    await page.goto(`${origin}/account`);
    await page.getByText('by identity provider', { exact: true }).waitFor();
    await page.getByRole('row', { name: /Northern ID/ }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'account-provider');

    await pressOn(page, button(page, 'Your account: Carl'));
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    const there = link(page, 'Sign out there too');
    await there.waitFor();
    assert.equal(await there.getAttribute('href'), `${idp.issuer}/session/end?client_id=lineshaft`);
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'signed-out-provider');

    // The provider knows the browser still: one key press, and no page of its own.
    await pressOn(page, button(page, 'Sign in with Northern ID'));
    await button(page, 'Your account: Carl').waitFor();
    await closeContext(context);
  });

  test('who has no role any more is told so, and an answer that is used up lets nobody in', async () => {
    const context = await newContext(server);
    const page = await openPage(context, origin, /40[13]/);
    await idp.know('dora', []);
    await pressOn(page, button(page, 'Sign in with Northern ID'));
    await signInThere(page, 'dora');
    await page.getByRole('alert').getByText('in no group that has a role here').waitFor();
    assert.equal(new URL(page.url()).search, '', 'the code is out of the address');
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'signin-refused-by-provider');
    await page.goto(`${origin}/sign-in/provider?code=old&state=${'A'.repeat(43)}`);
    await page.getByRole('alert').getByText('That took too long, was used already or was tried too often').waitFor();
    await closeContext(context);
  });

  test('the page to sign in at offers the provider in every look', async () => {
    for (const [suffix, look] of LOOKS) {
      const context = await newContext(server, look);
      const page = await openPage(context, origin, /40[13]/);
      await button(page, look.language === 'zh' ? '用 Northern ID 登录' : 'Sign in with Northern ID').waitFor();
      assert.deepEqual(await seriousFindings(page), [], suffix);
      await shoot(page, `signin-provider${suffix}`);
      await closeContext(context);
    }
  });

  test('a signed-in person links an account, and gets in by it from then on', async () => {
    await idp.know('ann', ['melters']);
    const context = await newContext(server);
    const page = await openPage(context, `${origin}/account`, /40[13]/);
    await typePassword(page);
    await pressOn(page, button(page, 'Link an account of Northern ID'));
    const dialog = page.getByRole('dialog', { name: 'Link an account of Northern ID' });
    await pressOn(page, dialog.getByRole('button', { name: 'Link an account of Northern ID' }));
    await signInThere(page, 'ann');
    await heading(page, 'Your account').waitFor();
    await page.getByRole('row', { name: /Northern ID/ }).waitFor();
    await closeContext(context);

    const again = await newContext(server);
    const other = await openPage(again, `${origin}/account`, /40[13]/);
    await pressOn(other, button(other, 'Sign in with Northern ID'));
    await signInThere(other, 'ann');
    await other.getByText(PERSON.email).first().waitFor();
    await closeContext(again);
  });

  test('a provider that is gone is said so, and the password works', async () => {
    await idp.stop();
    await server.stop();
    await server.start(); // nothing is remembered of the provider
    const context = await newContext(server);
    const page = await openPage(context, origin, /status of (40[13]|502)/);
    await pressOn(page, button(page, 'Sign in with Northern ID'));
    await page.getByRole('alert').getByText('The identity provider cannot be used at this moment').waitFor();
    await shoot(page, 'signin-provider-down');
    await typePassword(page);
    await button(page, 'Your account: Ann').waitFor();
    await closeContext(context);
  });
});
