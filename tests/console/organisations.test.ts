// Several organisations on one server: a firm signs up, the operator approves it, limits it, and sees
// how much it uses; the firm sees the same of itself. By keyboard alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, closeContext, field, heading, newContext, openPage, pressOn, seriousFindings, shoot, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { Server, until } from './programs.ts';

interface Organisation {
  name: string;
  state: string;
  leaves: string | null;
  quotas: Record<string, number | null>;
}

describe('several organisations on one server', () => {
  let server: Server;
  let desk: BrowserContext;
  let outside: BrowserContext;
  let page: Page;
  let password = '';

  before(async () => {
    server = await Server.start('organisations');
    await server.claim();
    desk = await signedIn(server);
    page = await openPage(desk, '/administration/organisations', /40[0-9]/);
  });
  after(async () => {
    await closeContext(desk);
    if (outside) await closeContext(outside);
    await server.stop();
  });

  const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
  const all = async () => (await server.get<{ items: Organisation[] }>('organisations')).items;

  test('opens its door to sign-ups', async () => {
    await page.getByText('Northfield Steel', { exact: false }).first().waitFor();
    await typeInto(page, field(page, 'Whom organisations ask for more'), 'desk@northfield.example');
    await tabTo(page, field(page, 'Take sign-ups, each to be approved'));
    await page.keyboard.press('Space');
    await until(async () => (await server.get<{ signup: string }>('platform')).signup === 'approval', 'sign-ups are taken');
    assert.deepEqual(await seriousFindings(page), []);
  });

  test('takes a sign-up from somebody whom nobody knows', async () => {
    outside = await newContext(server);
    const door = await openPage(outside, '/', /40[0-9]/);
    await pressOn(door, button(door, 'New here? Sign up'));
    await heading(door, 'Sign up').waitFor();
    await typeInto(door, field(door, 'Organisation'), 'Southport Castings');
    await typeInto(door, field(door, 'Your name'), 'Cleo');
    await typeInto(door, field(door, 'E-mail address'), 'cleo@southport.example');
    assert.deepEqual(await seriousFindings(door), []);
    await shoot(door, 'sign-up-desk-light');
    await pressOn(door, button(door, 'Ask'));
    await door.getByText('Your sign-up waits for approval').waitFor();
  });

  test('approves it, and shows the first password once', async () => {
    await page.reload();
    await heading(page, 'One sign-up waits').waitFor();
    await shoot(page, 'organisations-waiting-desk-light');
    await pressOn(page, button(page, 'Approve Southport Castings'));
    const made = dialog('Southport Castings is taken in');
    await made.waitFor();
    password = (await made.locator('.secret').innerText()).trim();
    assert.equal(password.length, 43);
    await pressOn(page, made.getByRole('button', { name: 'I have kept it' }));
    assert.deepEqual((await all()).map((one) => one.name), ['Northfield Steel', 'Southport Castings']);
  });

  test('limits it', async () => {
    await pressOn(page, button(page, 'Quotas of Southport Castings'));
    const quotas = dialog('Quotas of Southport Castings');
    await typeInto(page, quotas.getByLabel('Tokens'), '1');
    await pressOn(page, quotas.getByRole('button', { name: 'Save' }));
    await quotas.waitFor({ state: 'detached' });
    assert.equal((await all())[1]!.quotas.tokens, 1);
    assert.deepEqual(await seriousFindings(page), []);
    await page.emulateMedia({ colorScheme: 'dark' });
    await shoot(page, 'organisations-desk-dark');
    await page.emulateMedia({ colorScheme: 'light' });
  });

  test('shows the firm what it uses and may use, and lets it leave and stay', async () => {
    const firm = await signedIn(server, { email: 'cleo@southport.example', password });
    const own = await openPage(firm, '/administration/usage', /40[0-9]/);
    await own.getByText('For more ask desk@northfield.example').waitFor();
    await own.getByText('0 / 1', { exact: false }).first().waitFor();
    assert.equal(await own.getByRole('link', { name: 'Organisations' }).count(), 0, 'the others are none of its business');
    assert.deepEqual(await seriousFindings(own), []);
    await shoot(own, 'usage-desk-light');
    await pressOn(own, button(own, 'Leave this server'));
    const leave = own.getByRole('dialog', { name: 'Leave this server' });
    await typeInto(own, leave.getByRole('textbox'), 'Southport Castings');
    await pressOn(own, leave.getByRole('button', { name: 'Leave this server' }));
    await own.getByText('All your organisation has is removed on').waitFor();
    assert.ok((await all())[1]!.leaves);
    await pressOn(own, button(own, 'Stay after all'));
    await until(async () => (await all())[1]!.leaves === null, 'it stays');
    await closeContext(firm);
  });

  test('suspends it, and lets it in again', async () => {
    await pressOn(page, button(page, 'Suspend Southport Castings'));
    await until(async () => (await all())[1]!.state === 'suspended', 'it is suspended');
    await pressOn(page, button(page, 'Let Southport Castings in again'));
    await until(async () => (await all())[1]!.state === 'active', 'it is let in again');
  });

  test('fits a phone, in Chinese too', async () => {
    for (const [name, language] of [['phone', 'en'], ['phone', 'zh']] as const) {
      const small = await signedIn(server, { phone: true, language });
      for (const part of ['organisations', 'usage']) {
        const view = await openPage(small, `/administration/${part}`, /40[0-9]/);
        await view.locator('main h1').waitFor();
        await view.getByText('Northfield Steel').or(view.getByText(/Samples\/s|样本/)).first().waitFor();
        assert.deepEqual(await seriousFindings(view), []);
        assert.ok(await view.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${part} fits`);
        await shoot(view, `${part}-${language}-${name}-light`);
      }
      await closeContext(small);
    }
  });
});
