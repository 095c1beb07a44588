// Every view, in both sizes, both themes and both languages, as axe and a reader of pictures see it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { closeContext, newContext, openPage, seriousFindings, shoot, signedIn, type BrowserContext, type Look, type Page } from './browser.ts';
import { knownTags, plant } from './plant.ts';
import { Server } from './programs.ts';
import { emptyViews, prepare, viewsOf, type Things, type View } from './views.ts';

const LANGUAGES = ['en', 'zh'] as const;
const SCHEMES = ['light', 'dark'] as const;
const kindOf = (look: Look) => `${look.language}-${look.phone ? 'phone' : 'desk'}`;
const LOOKS: Look[] = LANGUAGES.flatMap((language) => [false, true].map((phone) => ({ language, phone })));

/** What does not fit: text that is cut off without a sign, a page that scrolls sideways, small targets of thumbs. */
const misfits = (phone: boolean): string[] => {
  const found: string[] = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} px wide`);
  const main = document.querySelector('main');
  if (main && main.scrollWidth > main.clientWidth + 1) found.push(`the main part is ${main.scrollWidth} px wide in ${main.clientWidth}`);
  const text = document.body.innerText;
  // What people have written stands as it is, be it "{path}" in the topic of a flow.
  const written = [...document.querySelectorAll<HTMLElement>('ins, del, pre')].map((one) => one.innerText).join('\n').match(/\{\w+\}/g) ?? [];
  for (const key of text.match(/\b[a-z]+(\.[a-z-]+){2,}\b/g) ?? []) found.push(`words are missing: ${key}`);
  for (const hole of text.match(/\{\w+\}|undefined|\[object|NaN\b/g) ?? []) {
    if (!written.includes(hole)) found.push(`a hole in the words: ${hole}`);
  }
  if (!phone) return found;
  for (const one of document.querySelectorAll<HTMLElement>('button, .button, input, select, nav a, summary, [role=gridcell].mark')) {
    const box = one.getBoundingClientRect();
    if (box.width === 0 || one.closest('.seen-by-readers, .skip') || one.matches('.seen-by-readers, .skip, .link')) continue;
    const target = one.matches('input[type=checkbox], input[type=radio]') ? one.closest('label, .mark')?.getBoundingClientRect() ?? box : box;
    if (target.height < 40 || target.width < 34) found.push(`${Math.round(target.width)} x ${Math.round(target.height)} px is small for a thumb: ${one.outerHTML.slice(0, 160)}`);
  }
  return found;
};

async function look(page: Page, view: View, kind: Look): Promise<string[]> {
  const wrong: string[] = [];
  await view.ready(page);
  for (const scheme of SCHEMES) {
    await page.emulateMedia({ colorScheme: scheme });
    const name = `${view.name}-${kindOf(kind)}-${scheme}`;
    wrong.push(...(await seriousFindings(page, scheme === 'light' ? 'all' : 'colours')).map((finding) => `${name}: ${finding}`));
    if (scheme === 'light') wrong.push(...(await page.evaluate(misfits, kind.phone === true)).map((finding) => `${name}: ${finding}`));
    await shoot(page, name);
  }
  return wrong;
}

interface Eye {
  look: Look;
  context: BrowserContext;
  page: Page;
}

async function openEye(kind: Look, context: BrowserContext): Promise<Eye> {
  return { look: kind, context, page: await openPage(context, '/', /40[014]/) };
}

// Within the console, so that axe stays loaded: first away, so that the view begins anew.
async function go(page: Page, path: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  if (await page.locator('dialog[open]').count()) return void (await page.goto(path));
  for (const to of ['/-', path]) {
    await page.evaluate((href) => {
      history.pushState(null, '', href);
      dispatchEvent(new PopStateEvent('popstate'));
      return new Promise(requestAnimationFrame);
    }, to);
  }
}

/** Looks at a view in all kinds at once. */
async function lookAll(eyes: readonly Eye[], view: View): Promise<void> {
  const all = await Promise.all(eyes.map(async ({ look: kind, page }) => {
    await go(page, view.path);
    return look(page, view, kind);
  }));
  assert.equal(all.flat().join('\n'), '');
}

describe('the look of', () => {
  let things: Things;
  let fresh: Server;
  let unclaimed: Server;
  const eyes: Eye[] = [];
  const empty: Eye[] = [];
  const outside: Eye[] = [];

  before(async () => {
    const server = await plant();
    [fresh, unclaimed] = [await Server.start('fresh'), await Server.start('unclaimed')];
    await fresh.claim();
    things = await prepare(server, await knownTags());
    for (const kind of LOOKS) {
      eyes.push(await openEye(kind, await signedIn(server, kind)));
      empty.push(await openEye(kind, await signedIn(fresh, kind)));
    }
  });
  after(async () => {
    for (const { context } of [...eyes, ...empty, ...outside]) await closeContext(context);
    await fresh.stop();
    await unclaimed.stop();
  });

  const NAMES = viewsOf({ machine: 0, dead: 0, tag: 0, many: [], known: { step: { id: 0 }, linear: { id: 0 } }, bad: 0 } as unknown as Things).map((view) => view.name);
  for (const name of NAMES) {
    test(name, () => lookAll(eyes, viewsOf(things).find((view) => view.name === name)!));
  }
  for (const view of emptyViews) test(view.name, () => lookAll(empty, view));

  test('claim and sign-in', async () => {
    for (const [name, server] of [['claim', unclaimed], ['sign-in', fresh]] as const) {
      const those = await Promise.all(LOOKS.map(async (kind) => openEye(kind, await newContext(server, kind))));
      outside.push(...those);
      await lookAll(those, { name, path: '/', ready: (page) => page.locator('main form').waitFor() });
    }
  });
});
