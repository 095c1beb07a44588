// Certificates issued, used and taken back, and what is exposed: by keyboard alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, openPage, pressOn, seriousFindings, shoot, signedIn, typeInto, type BrowserContext, type Page } from './browser.ts';
import { Server } from './programs.ts';

interface Issued {
  items: { id: number; name: string; token: number | null; revoked: string | null }[];
}

describe('certificates and exposure', () => {
  let server: Server;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    server = await Server.start('security');
    await server.claim();
    context = await signedIn(server);
    page = await openPage(context, '/administration/certificates', /40[09]/);
  });
  after(async () => {
    await closeContext(context);
    await server.stop();
  });

  const dialog = (name: string | RegExp) => page.getByRole('dialog', { name });
  const row = (name: string) => page.locator('tbody tr', { hasText: name });
  const issued = async () => (await server.get<Issued>('issued-certificates')).items;

  test('a client certificate is made with a key that is shown once', async () => {
    await page.getByText("this server's own authority").waitFor();
    await pressOn(page, button(page, 'Issue a certificate'));
    const form = dialog('Issue a certificate');
    await typeInto(page, field(page, 'Name'), 'press 4');
    await chooseIn(page, field(page, 'Rights on this server'), 'Engineer');
    assert.deepEqual(await seriousFindings(page), []);
    await pressOn(page, form.getByRole('button', { name: 'Issue a certificate' }));
    const made = dialog('Certificate of press 4');
    await made.getByText(/^[a-z2-9]{6}(-[a-z2-9]{6}){3}$/).waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'certificate-made');
    const saved = page.waitForEvent('download');
    await pressOn(page, made.getByRole('button', { name: 'Save all in one file (PKCS#12)' }));
    assert.equal((await saved).suggestedFilename(), 'press 4.p12');
    await pressOn(page, made.getByRole('button').last());
    await row('press 4').getByText('those of token').waitFor();
    const [one] = await issued();
    assert.ok(one!.token);
  });

  test('and is refused from the moment it is revoked', async () => {
    await pressOn(page, row('press 4').getByRole('button', { name: 'Revoke press 4' }));
    await page.getByText(/refuses it from now on/).waitFor();
    await typeInto(page, page.getByLabel('Type press 4 to confirm'), 'press 4');
    await pressOn(page, page.getByRole('dialog').getByRole('button', { name: 'Revoke' }));
    await row('press 4').getByText('revoked').waitFor();
    assert.notEqual((await issued())[0]!.revoked, null);
  });

  test('a nonsense of a request is refused in the dialog', async () => {
    await pressOn(page, button(page, 'Issue a certificate'));
    await typeInto(page, field(page, 'Name'), 'robot');
    await typeInto(page, field(page, 'Certificate request'), 'nonsense');
    await pressOn(page, dialog('Issue a certificate').getByRole('button', { name: 'Issue a certificate' }));
    await dialog('Issue a certificate').getByRole('alert').waitFor();
    await page.keyboard.press('Escape');
    assert.equal((await issued()).length, 1);
  });

  test('what is open and what to mend stands on one page', async () => {
    await server.send('POST', 'tokens', { name: 'for ever', role: 'viewer' });
    await page.goto('/administration/security');
    await heading(page, 'What to mend first').waitFor();
    await page.getByText(/tokens? never expires?/).waitFor();
    await row('Console and API').getByText('this machine only').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'security-page');
  });
});
