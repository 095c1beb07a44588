// How a person gets in: second factors, passkeys (with Chromium's virtual authenticator), sessions, invitations.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { button, closeContext, field, heading, link, newContext, openPage, pressOn, seriousFindings, shoot, signedIn, typeInto, type BrowserContext, type Look, type Page } from './browser.ts';
import { PERSON, Server } from './programs.ts';

const STEP_MS = 30_000;
const LOOKS: [string, Look][] = [['', {}], ['-dark', { scheme: 'dark' }], ['-phone', { phone: true }], ['-zh', { language: 'zh' }], ['-zh-phone-dark', { language: 'zh', phone: true, scheme: 'dark' }]];

/** RFC 6238 of the secret that the page shows. */
function totp(secret: string, at = Date.now()): string {
  const bits = [...secret.replaceAll(' ', '')].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / STEP_MS)));
  const digest = createHmac('sha1', key).update(counter).digest();
  return String((digest.readUInt32BE(digest.at(-1)! & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

describe('the account', () => {
  let server: Server;
  before(async () => {
    server = await Server.start('account');
    await server.claim();
  });
  after(() => server.stop());

  let secret = '';
  // The server takes us for a phone whose clock is as far behind as the code of its setting up was late.
  let lateMs = 0;
  const phase = () => Date.now() % STEP_MS;
  const codeOfNow = async () => {
    while (phase() <= lateMs) await new Promise((later) => setTimeout(later, 100));
    return totp(secret);
  };
  let codes: string[] = [];

  test('after the claim one is led to a second factor, and adds an authenticator app by keyboard alone', async () => {
    const context = await signedIn(server);
    const page = await openPage(context, '/');
    await page.getByText(/needs a second factor within 24 hours/).waitFor();
    await pressOn(page, link(page, 'Set it up'));
    await heading(page, 'Your account').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, button(page, 'Add an authenticator app'));
    const dialog = page.getByRole('dialog', { name: 'Add an authenticator app' });
    await dialog.getByRole('img', { name: 'QR code of the secret below' }).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'account-totp');
    secret = await dialog.locator('.key').innerText();
    while (phase() > STEP_MS - 5_000) await new Promise((later) => setTimeout(later, 100)); // the step must not end under way
    await typeInto(page, dialog.getByLabel('Six-digit code'), totp(secret, Date.now() - STEP_MS));
    await page.keyboard.press('Enter');
    const shown = page.getByRole('dialog', { name: 'Your recovery codes' });
    await shown.waitFor();
    lateMs = Math.max(3_000, phase());
    codes = await shown.locator('li').allInnerTexts();
    assert.equal(new Set(codes).size, 10);
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'account-codes');
    await pressOn(page, shown.getByRole('button', { name: 'I have kept them' }));
    await page.getByText('10 recovery codes are left.').waitFor();
    assert.equal(await page.getByText(/needs a second factor within/).count(), 0, 'the demand is met');
    await closeContext(context);
  });

  async function typePassword(page: Page) {
    await typeInto(page, field(page, 'E-mail address'), PERSON.email);
    await typeInto(page, field(page, 'Password'), PERSON.password);
    await page.keyboard.press('Enter');
  }

  test('one signs in with the code of the app; a wrong one says so', async () => {
    const context = await newContext(server);
    const page = await openPage(context, '/account', /40[13]/);
    await typePassword(page);
    await field(page, 'Six-digit code').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'signin-code');
    await page.keyboard.type('000000');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('The code is wrong or used up').waitFor();
    await page.keyboard.type(await codeOfNow());
    await page.keyboard.press('Enter');
    await heading(page, 'Your account').waitFor();
    await page.getByText('by password and code').waitFor();
    await closeContext(context);
  });

  test('one signs in with a recovery code when the phone is lost', async () => {
    const context = await newContext(server);
    const page = await openPage(context, '/account', /401/);
    await typePassword(page);
    await pressOn(page, button(page, 'Use a recovery code'));
    await typeInto(page, field(page, 'Recovery code'), codes[0]!.toLowerCase());
    await page.keyboard.press('Enter');
    await page.getByText('9 recovery codes are left.').waitFor();
    await closeContext(context);
  });

  /** A browser at the server's name, with an authenticator that touches and verifies by itself. */
  async function withAuthenticator(): Promise<{ context: BrowserContext; page: Page }> {
    const context = await newContext(server);
    const page = await openPage(context, `https://localhost:${new URL(server.address).port}/account`, /40[13]/);
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
    return { context, page };
  }

  test('a passkey is added, is a second factor, and signs in without a password', async () => {
    const { context, page } = await withAuthenticator();
    await typePassword(page);
    await pressOn(page, button(page, 'Use a recovery code'));
    await typeInto(page, field(page, 'Recovery code'), codes[1]!);
    await page.keyboard.press('Enter');
    await pressOn(page, button(page, 'Add a passkey'));
    await pressOn(page, button(page, 'Make the passkey'));
    await page.getByRole('cell', { name: 'Passkey localhost' }).waitFor();

    const signOut = async () => {
      await pressOn(page, button(page, `Your account: ${PERSON.name}`));
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await heading(page, `Sign in to ${PERSON.organisation}`).waitFor();
    };
    await signOut();
    await typePassword(page);
    await page.getByText('by password and passkey').waitFor();
    await signOut();
    await shoot(page, 'signin-passkey');
    await pressOn(page, button(page, 'Sign in with a passkey'));
    await page.getByText('by passkey', { exact: true }).waitFor();
    await closeContext(context);
  });

  test('sessions are shown with their browser, and end', async () => {
    const withCode = async (context: BrowserContext, code: string): Promise<Page> => {
      const page = await openPage(context, '/account', /401/);
      await typePassword(page);
      await pressOn(page, button(page, 'Use a recovery code'));
      await typeInto(page, field(page, 'Recovery code'), code);
      await page.keyboard.press('Enter');
      await heading(page, 'Open sessions').waitFor();
      return page;
    };
    const [left, context] = [await newContext(server), await newContext(server)];
    await withCode(left, codes[2]!);
    const page = await withCode(context, codes[3]!);
    await page.getByText('Chrome on Linux').first().waitFor();
    await pressOn(page, button(page, 'End all other sessions'));
    await button(page, 'End all other sessions').waitFor({ state: 'detached' });
    assert.equal(await page.getByRole('button', { name: /^End the session of/ }).count(), 0);
    assert.equal((await left.request.get('/api/v1/session')).status(), 401);
    await closeContext(left);
    await closeContext(context);
  });
});

describe('people', () => {
  let server: Server;
  before(async () => {
    server = await Server.start('people');
    await server.claim();
  });
  after(() => server.stop());

  test('a person is invited by a link, sets a password, and is led to a second factor', async () => {
    const context = await signedIn(server);
    const page = await openPage(context, '/administration/users');
    await pressOn(page, button(page, 'Invite a person'));
    const dialog = page.getByRole('dialog', { name: 'Invite a person' });
    await typeInto(page, dialog.getByLabel('Name'), 'Bob');
    await typeInto(page, dialog.getByLabel('E-mail address'), 'bob@example.com');
    await dialog.getByLabel('Role').selectOption('administrator');
    await pressOn(page, dialog.getByRole('button', { name: 'Make the link' }));
    const made = page.getByRole('dialog', { name: 'Invitation for Bob' });
    const address = await made.locator('.secret').innerText();
    assert.match(new URL(address).hash, /^#[\w-]{43}$/, 'the secret is where no server sees it');
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'people-invited');
    await pressOn(page, made.getByRole('button', { name: 'Close' }).last());
    await heading(page, 'Invitations that wait').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'people');

    const other = await newContext(server);
    const bob = await openPage(other, address);
    await heading(bob, `Join ${PERSON.organisation}`).waitFor();
    assert.deepEqual(await seriousFindings(bob), []);
    await shoot(bob, 'join');
    await typeInto(bob, field(bob, 'Password'), 'granite bolt evening tram');
    await page.bringToFront();
    await bob.bringToFront();
    await bob.keyboard.press('Enter');
    await heading(bob, 'Your account').waitFor();
    await bob.getByText('Set up a second factor to go on.').waitFor();
    assert.deepEqual(await seriousFindings(bob), []);
    await shoot(bob, 'account-missing');
    await closeContext(other);

    await page.reload();
    await pressOn(page, button(page, 'Sign-in of Bob'));
    await page.getByRole('dialog', { name: 'Sign-in of Bob' }).getByText('Chrome on Linux').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'people-access');
    await closeContext(context);
  });

  test('the pages look right in every look', async () => {
    for (const [name, look] of LOOKS) {
      const context = await signedIn(server, look);
      const page = await openPage(context, '/account');
      await page.locator('#sessions').waitFor();
      await page.locator('table').last().waitFor();
      assert.deepEqual(await seriousFindings(page), [], name);
      await shoot(page, `account${name}`);
      await page.goto('/administration/users');
      await page.locator('select').last().waitFor();
      assert.deepEqual(await seriousFindings(page), [], name);
      await shoot(page, `people${name}`);
      await closeContext(context);
      const stranger = await newContext(server, look);
      const door = await openPage(stranger, '/', /401/);
      await door.getByRole('heading').first().waitFor();
      await shoot(door, `signin${name}`);
      await door.locator('main button').last().click();
      assert.deepEqual(await seriousFindings(door), [], name);
      await shoot(door, `recover${name}`);
      await closeContext(stranger);
    }
  });
});
