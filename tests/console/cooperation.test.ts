// Agreements, licences and the network: drafted, compared, approved and signed by keyboard alone, each side for itself.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, seriousFindings, signedIn, tabTo, typeInto, type BrowserContext, type Page } from './browser.ts';
import { ROOT, Server, until } from './programs.ts';

const PASSWORD = 'seven grey cranes turn';

interface Kept {
  version: number;
  text: string;
  digest: string;
  in_force: string | null;
  approvals: { party: string }[];
  signatures: { party: string; public_key: string; signature: string; key: string }[];
}

describe('cooperation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lineshaft-cooperation-'));
  const contexts: BrowserContext[] = [];
  let server: Server;
  const pages: Record<string, Page> = {};

  before(async () => {
    mkdirSync(join(folder, 'provision'));
    for (const file of ['rights.json', 'cooperation.json']) copyFileSync(join(ROOT, 'examples/consortium', file), join(folder, 'provision', file));
    server = await Server.start('cooperation', ['--provision', join(folder, 'provision')]);
    await server.claim();
    await until(async () => (await server.get<{ total: number }>('agreements')).total === 2, 'the provisioned agreements');
    await server.send('PUT', 'users/1/party', { party: 'hunhe-robotics' });
    contexts.push(await signedIn(server));
    pages.ann = await openPage(contexts[0]!, '/', /40[0349]/);
    for (const [name, party] of [['bo', 'liaoxi-furnaces'], ['cai', 'northfield-steel']] as const) {
      const user = await server.send<{ id: number }>('POST', 'users', { name, email: `${name}@example.com`, role: 'viewer', password: PASSWORD });
      await server.send('PUT', `users/${user.id}/party`, { party });
      const context = await signedIn(server, { email: `${name}@example.com`, password: PASSWORD });
      contexts.push(context);
      pages[name] = await openPage(context, '/agreements', /40[0349]/);
    }
  });
  after(async () => {
    for (const context of contexts) await closeContext(context);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ann = () => pages.ann!;
  const agreement = () => server.get<Kept>('agreements/HH-2023-02');
  const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name });

  test('agreements stand in the rail, each by its newest version, and a side sees its own', async () => {
    await pressOn(ann(), link(ann(), 'Agreements'));
    await ann().getByRole('row', { name: /Results of electrode control HH-2023-02 electrode-control Version 2 Draft/ }).waitFor();
    assert.equal(await ann().locator('main tbody tr').count(), 2);
    assert.deepEqual(await seriousFindings(ann()), []);
    await pages.bo!.getByText('You speak for Liaoxi Furnace Technology').waitFor();
    assert.equal(await pages.bo!.locator('main tbody tr').count(), 1);
  });

  test('two versions stand side by side with what differs', async () => {
    await pressOn(ann(), link(ann(), 'Results of electrode control'));
    await chooseIn(ann(), ann().getByLabel('Beside it'), 'Version 1');
    await ann().getByRole('status').getByText('5 clauses differ').waitFor();
    const publication = ann().locator('article', { has: heading(ann(), /^Publication/ ) });
    assert.deepEqual([await publication.locator('del').innerText(), await publication.locator('ins').innerText()], ['45', '60']);
    await ann().locator('article', { hasText: 'Trials on the furnace' }).getByText('Not in this version').waitFor();
    assert.match(ann().url(), /with=1/);
    assert.deepEqual(await seriousFindings(ann()), []);
  });

  test('every side approves, makes a key in its browser and signs; the signatures hold outside', async () => {
    for (const page of [ann(), pages.bo!, pages.cai!]) {
      await page.goto('/agreements?agreement=HH-2023-02');
      await pressOn(page, button(page, 'Approve version 2'));
      await page.getByText('Version 2 approved').waitFor();
    }
    assert.equal((await agreement()).approvals.length, 3);
    for (const page of [ann(), pages.bo!, pages.cai!]) {
      await page.goto('/agreements?agreement=HH-2023-02');
      await page.getByText('There is no key of yours in this browser').waitFor();
      await pressOn(page, link(page, 'Make a key'));
      await pressOn(page, button(page, 'Make a key in this browser'));
      await typeInto(page, dialog(page, 'Make a key in this browser').getByLabel('Name of the key'), 'office');
      await pressOn(page, button(page, 'Make and register'));
      await page.getByRole('row', { name: /office .* in this browser/ }).waitFor();
      await page.goto('/agreements?agreement=HH-2023-02');
      await pressOn(page, button(page, 'Sign version 2'));
      await page.getByText('Version 2 signed').waitFor();
    }
    const kept = await agreement();
    assert.ok(kept.in_force);
    assert.equal(kept.signatures.length, 3);
    for (const { party, public_key: key, signature } of kept.signatures) {
      const message = Buffer.from(`lineshaft agreement signature v1 for ${party}\n${kept.text}`);
      assert.ok(verify(null, message, createPublicKey(key), Buffer.from(signature, 'base64')), party);
    }
    await ann().reload();
    await ann().locator('.head').getByText('In force').first().waitFor();
    assert.deepEqual(await seriousFindings(ann()), []);
  });

  test('other shares of a result are proposed, and the register takes them once enough have consented', async () => {
    const own = { from: '2026-10-01', basis: 'sale', shares: [{ party: 'hunhe-robotics', weight: 50 }, { party: 'liaoxi-furnaces', weight: 50 }] };
    await assert.rejects(server.send('POST', 'rights/assets/electrode-tip-cn/ownership', own), /Not consented/);
    await pressOn(ann(), button(ann(), 'Propose other shares'));
    const propose = dialog(ann(), 'Propose other shares');
    await propose.locator('option', { hasText: 'electrode-tip-cn' }).waitFor({ state: 'attached' });
    await chooseIn(ann(), propose.getByLabel('Result'), 'electrode-tip-cn');
    await propose.getByLabel('From').fill('2026-10-01');
    await typeInto(ann(), propose.getByLabel('Weight of party 1'), '50');
    await typeInto(ann(), propose.getByLabel('Weight of party 2'), '50');
    await pressOn(ann(), propose.getByRole('button', { name: 'Remove party 3' }));
    await pressOn(ann(), propose.getByRole('button', { name: 'Propose other shares' }));
    await propose.waitFor({ state: 'detached' });
    await ann().getByText('Still to consent: Hunhe Centre for Robotics, Liaoxi Furnace Technology, Northfield Steel').waitFor();
    for (const page of [ann(), pages.bo!]) {
      await page.goto('/agreements?agreement=HH-2023-02');
      await pressOn(page, button(page, 'Consent to change 1'));
      await page.getByText('You have consented to change 1').waitFor();
    }
    await pages.bo!.getByText('Enough have consented').waitFor();
    await server.send('POST', 'rights/assets/electrode-tip-cn/ownership', own);
  });

  test('a project is made and its parties invited; one accepts and declares what it brings', async () => {
    await pressOn(ann(), link(ann(), 'Projects'));
    await pressOn(ann(), button(ann(), 'New project'));
    const make = dialog(ann(), 'New project');
    await typeInto(ann(), make.getByLabel('Id'), 'arc-sound');
    await typeInto(ann(), make.getByLabel('Title'), 'Listening to arcs');
    await tabTo(ann(), make.getByLabel('Liaoxi Furnace Technology'));
    await ann().keyboard.press('Space');
    await pressOn(ann(), make.getByRole('button', { name: 'Save' }));
    await make.waitFor({ state: 'detached' });
    await ann().getByRole('complementary', { name: 'Listening to arcs' }).waitFor();
    const bo = pages.bo!;
    await bo.goto('/agreements/projects?project=arc-sound');
    const aside = bo.getByRole('complementary', { name: 'Listening to arcs' });
    await aside.getByText('Liaoxi Furnace Technology is invited to this project.').waitFor();
    await pressOn(bo, aside.getByRole('button', { name: 'Accept' }));
    await pressOn(bo, aside.getByRole('button', { name: 'Add entry…' }));
    const add = dialog(bo, 'Add entry');
    await typeInto(bo, add.getByLabel('What it is'), 'Recordings of 300 heats');
    await typeInto(bo, add.getByLabel('Restrictions'), 'not outside of the project');
    assert.deepEqual(await seriousFindings(bo), []);
    await pressOn(bo, add.getByRole('button', { name: 'Add entry' }));
    await add.waitFor({ state: 'detached' });
    await aside.getByText('Restricted: not outside of the project').waitFor();
    await pressOn(bo, aside.getByRole('button', { name: 'Withdraw entry 1' }));
    await aside.getByText('withdrawn', { exact: true }).waitFor();
    await pages.cai!.goto('/agreements/projects?project=arc-sound');
    await pages.cai!.getByRole('alert').getByText('LS-1002').waitFor();
  });

  test('an agreement is drafted from a model, and a refusal stands at its field', async () => {
    await server.send('POST', 'projects/arc-sound/answer', { accept: true });
    await pressOn(ann(), link(ann(), 'Agreements').last());
    await pressOn(ann(), button(ann(), 'New agreement'));
    const draft = dialog(ann(), 'New agreement');
    await typeInto(ann(), draft.getByLabel('Id', { exact: true }), 'bad id');
    await draft.getByLabel('Project').selectOption('arc-sound');
    await typeInto(ann(), draft.getByLabel('Title'), 'Results of listening');
    await draft.getByLabel('Begin with a model').selectOption('centre-owns');
    await typeInto(ann(), draft.getByLabel('In these fields of use'), 'steel/melting, steel/casting');
    await pressOn(ann(), draft.getByRole('button', { name: 'Draft this version' }));
    await draft.getByText(/is no id: 1 to 64 letters/).waitFor();
    await typeInto(ann(), draft.getByLabel('Id', { exact: true }), 'HH-2026-11');
    await pressOn(ann(), draft.getByRole('button', { name: 'Draft this version' }));
    await draft.waitFor({ state: 'detached' });
    await ann().getByText('The other parties have an exclusive licence in these fields of use: steel/melting, steel/casting.').waitFor();
  });

  test('a licence is drafted with its payment, and what stands against another is named', async () => {
    await pressOn(ann(), link(ann(), 'Licences'));
    await pressOn(ann(), button(ann(), 'New licence'));
    const draft = dialog(ann(), 'New licence');
    await typeInto(ann(), draft.getByLabel('Id', { exact: true }), 'tip-1');
    await chooseIn(ann(), draft.getByLabel('Kind of licence'), 'Ordinary');
    await draft.getByRole('group', { name: /Who grants/ }).getByLabel('Hunhe Centre for Robotics').check();
    await draft.getByRole('group', { name: /Who is granted/ }).getByLabel('Northfield Steel').check();
    await draft.getByLabel(/^electrode-tip-cn/).check();
    await draft.getByLabel('First day', { exact: true }).fill('2026-11-01');
    await draft.getByLabel('What is paid').selectOption('running');
    await typeInto(ann(), draft.getByLabel('Rate of tier 1'), '7 %');
    await pressOn(ann(), draft.getByRole('button', { name: 'Add tier' }));
    await typeInto(ann(), draft.getByLabel('Tier 2 begins at'), '1000000.00');
    await typeInto(ann(), draft.getByLabel('Rate of tier 2'), '5 %');
    assert.deepEqual(await seriousFindings(ann()), []);
    await pressOn(ann(), draft.getByRole('button', { name: 'Save draft' }));
    await draft.waitFor({ state: 'detached' });
    const aside = ann().getByRole('complementary', { name: 'Ordinary licence tip-1' });
    await aside.getByText('5 % of what the licensee takes, from 1000000.00 CNY on').waitFor();
    await aside.getByText('Nothing stands against it.').waitFor();
    await pressOn(ann(), aside.getByRole('button', { name: 'Approve this text' }));
    await ann().getByText('Licence tip-1 approved').waitFor();
    const cai = pages.cai!;
    await cai.goto('/licences?licence=tip-1');
    await pressOn(cai, button(cai, 'Approve this text'));
    await cai.getByText('Running').first().waitFor();

    await server.send('PUT', 'rights/licences', { id: 'tip-2', kind: 'exclusive', licensors: ['hunhe-robotics', 'liaoxi-furnaces'], licensees: ['weiyang-turbines'],
      assets: ['electrode-tip-cn'], from: '2026-11-01' });
    await ann().goto('/licences?licence=tip-2');
    const conflict = ann().getByRole('complementary').getByRole('alert').filter({ hasText: 'Granted twice' });
    assert.match((await conflict.innerText()).replaceAll(/\s+/g, ' '), /Granted twice: tip-1 – tip-2/);
    assert.ok(await button(ann(), 'Approve this text').isDisabled());
    assert.deepEqual(await seriousFindings(ann()), []);
    await ann().goto('/licences?licence=tip-1');
    await pressOn(ann(), button(ann(), 'End…'));
    await dialog(ann(), 'End licence').getByLabel('First day without it').fill('2026-11-20');
    await pressOn(ann(), button(ann(), 'End licence'));
    await ann().getByRole('complementary').getByText('Ended', { exact: true }).waitFor();
    await ann().goto('/licences?licence=tip-2');
    await ann().getByText('Nothing stands against it.').or(ann().getByText('Granted twice')).first().waitFor();
  });

  test('the network says who works with whom on what, as drawing and as list', async () => {
    await pressOn(ann(), link(ann(), 'Network'));
    await ann().getByRole('button', { name: /^Projects / }).waitFor();
    const row = ann().locator('main tbody tr').filter({ hasText: 'Hunhe Centre for Robotics – Liaoxi Furnace Technology' });
    assert.match((await row.innerText()).replaceAll(/\s+/g, ' '), /Membership: full .*Project: Electrode control .*Agreement: Results of electrode control/);
    await pressOn(ann(), ann().locator('figure').getByRole('button', { name: 'Northfield Steel' }));
    await heading(ann(), 'With Northfield Steel').waitFor();
    assert.match(ann().url(), /party=northfield-steel/);
    await pressOn(ann(), ann().getByRole('button', { name: /^Agreements / }));
    await ann().getByRole('status').getByText('2 pairs').waitFor();
    assert.deepEqual(await seriousFindings(ann()), []);
  });
});
