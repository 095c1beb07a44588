// Who sees which pages, and how roles are given and explained. Whole days of three roles stand in day-*.test.ts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { button, chooseIn, closeContext, field, heading, link, openPage, pressOn, seriousFindings, shoot, signedIn, tabTo, typeInto, type Page } from './browser.ts';
import { Server, until } from './programs.ts';

const PASSWORD = 'seven grey cranes turn';

describe('roles', () => {
  let server: Server;

  before(async () => {
    server = await Server.start('roles');
    await server.claim();
    for (const path of ['nf/melt/eaf1/power', 'nf/rolling/mill/speed']) {
      await server.send('POST', 'tags', { path, type: 'float64', interpolation: 'linear', writable: true });
    }
    const people: [string, object[]][] = [
      ['Olga', [{ role: 'operator', place: 'nf/melt' }]],
      ['Erik', [{ role: 'engineer', place: '*' }]],
      ['Aud', [{ role: 'auditor', place: '*' }]],
      ['Paul', [{ role: 'viewer', place: '*' }]],
    ];
    for (const [name, grants] of people) {
      await server.send('POST', 'users', { name, email: `${name.toLowerCase()}@example.com`, grants, password: PASSWORD });
    }
  });
  after(() => server.stop());

  const rail = async (page: Page) => (await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts()).map((text) => text.trim()).filter(Boolean);
  const as = async (name: string, path: string) => {
    const context = await signedIn(server, { email: `${name}@example.com`, password: PASSWORD });
    return { context, page: await openPage(context, path, /status of 403/) };
  };

  test('an operator of the melt shop sees it, and no other part of the plant', async () => {
    const { context, page } = await as('olga', '/');
    await pressOn(page, link(page, 'Tags'));
    await page.getByText('power').first().waitFor();
    assert.equal(await page.getByText('speed').count(), 0);
    const pages = await rail(page);
    assert.ok(pages.includes('Machines') && pages.includes('Trends'), pages.join());
    for (const hidden of ['Flows', 'Portfolio', 'Ledger', 'Import', 'Administration']) assert.ok(!pages.includes(hidden), hidden);
    assert.deepEqual(await seriousFindings(page), []);
    await closeContext(context);
  });

  test('an engineer finds the way to a new machine, and no people', async () => {
    const { context, page } = await as('erik', '/');
    await pressOn(page, link(page, 'Machines'));
    await tabTo(page, page.getByRole('main').locator('a[href="/machines/new"]').first());
    assert.ok(!(await rail(page)).includes('Administration'));
    await closeContext(context);
  });

  test('an auditor begins with the audit trail, has people and what to mend beside it, and nothing of the plant', async () => {
    const { context, page } = await as('aud', '/');
    await field(page, 'Who').waitFor();
    await link(page, 'Users').waitFor();
    await link(page, 'Security').waitFor();
    assert.deepEqual(await rail(page), ['Lineshaft', 'Administration', 'Your account']);
    await closeContext(context);
  });

  test('roles with places are given with the difference before them, and the reason is told', async () => {
    const context = await signedIn(server);
    const page = await openPage(context, '/administration/users', /status of 409/);
    await pressOn(page, button(page, 'Roles of Paul'));
    const dialog = page.getByRole('dialog', { name: 'Roles of Paul' });
    await chooseIn(page, dialog.getByLabel('Role', { exact: true }), 'Operator');
    await typeInto(page, dialog.getByLabel('Place', { exact: true }), 'nf/rolling');
    await dialog.getByText('+ gets').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'roles-difference');
    await pressOn(page, dialog.getByRole('button', { name: 'Save' }));
    await dialog.waitFor({ state: 'detached' });
    await until(async () => /nf\/\s*rolling/.test(await page.getByRole('row', { name: /Paul/ }).innerText()), 'the new place');

    await pressOn(page, button(page, 'Why may Paul do something?'));
    const why = page.getByRole('dialog', { name: 'Why may Paul do something?' });
    await typeInto(page, why.getByLabel('Place', { exact: true }), 'nf/melt/eaf1/power');
    await why.getByText('may not').waitFor();
    await typeInto(page, why.getByLabel('Place', { exact: true }), 'nf/rolling/mill/speed');
    await why.getByText('✓ may').waitFor();
    await shoot(page, 'roles-why');
    await page.keyboard.press('Escape');

    await pressOn(page, page.getByRole('main').getByRole('link', { name: 'Duties' }));
    await heading(page, 'What we ask of ourselves').waitFor();
    await tabTo(page, field(page, /Two persons for rights/));
    await page.keyboard.press('Space');
    await page.getByText('only one person manages people').waitFor();
    assert.deepEqual(await seriousFindings(page), []);
    await shoot(page, 'roles-duties');
    await closeContext(context);
  });
});
