// What the working days of the tests have in common: the words of a language, the way in and out, and a look
// at each page on the way. Nothing here touches a mouse, and no address is typed after the first.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillMessage } from '../../console/src/lib/message.ts';
import { button, field, pressOn, seriousFindings, shoot, tabTo, typeInto, type Locator, type Page } from './browser.ts';
import { ROOT } from './programs.ts';

export type Words = (key: string, params?: Record<string, string | number>) => string;

/** The words of the console, as it has them. */
export function wordsOf(language: 'en' | 'zh'): Words {
  const messages = JSON.parse(readFileSync(join(ROOT, `console/src/words/${language}.json`), 'utf8')) as Record<string, string>;
  return (key, params = {}) => {
    assert.ok(key in messages, `there are no words for ${key}`);
    return fillMessage(messages[key]!, params, language === 'zh' ? 'zh-CN' : 'en-GB');
  };
}

export interface Person {
  name: string;
  email: string;
  password: string;
}

export async function signIn(page: Page, t: Words, person: Person): Promise<void> {
  await typeInto(page, field(page, t('field.email')), person.email);
  await typeInto(page, field(page, t('field.password')), person.password);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation', { name: t('rail') }).waitFor();
}

/** By the menu behind the person's name; the way back leads to the door only. */
export async function signOut(page: Page, t: Words, person: Person): Promise<void> {
  await pressOn(page, button(page, `${t('person.menu')}: ${person.name}`));
  const out = page.getByRole('menuitem', { name: t('person.signout') });
  await out.waitFor();
  await page.keyboard.press('End');
  assert.ok(await out.evaluate((item) => item === document.activeElement), 'signing out is the last of the menu');
  await page.keyboard.press('Enter');
  await field(page, t('field.password')).waitFor();
  await page.goBack(); // Alt and the left arrow: a key of the browser, not of the page
  await field(page, t('field.password')).waitFor();
  assert.equal(await page.getByRole('navigation').count(), 0, 'nobody is signed in');
}

const rail = (page: Page, t: Words): Locator => page.getByRole('navigation', { name: t('rail') });

/** To a page by its entry in the rail. */
export async function goTo(page: Page, t: Words, id: string): Promise<void> {
  await pressOn(page, rail(page, t).getByRole('link', { name: t(`page.${id}`), exact: true }));
  await page.waitForFunction((word) => document.title.startsWith(word), t(`page.${id}`));
  await page.getByRole('main').getByRole('heading').first().waitFor();
}

/** What the rail leads to, by its words. */
export const railOf = async (page: Page, t: Words): Promise<string[]> =>
  (await rail(page, t).getByRole('listitem').allInnerTexts()).map((word) => word.trim());

/** Opens the search, types, and goes to the first hit that has `name`. */
export async function searchFor(page: Page, t: Words, text: string, name: RegExp): Promise<void> {
  await page.keyboard.press('Control+K');
  await page.getByRole('combobox', { name: t('search.what') }).waitFor();
  await page.keyboard.type(text);
  const hit = page.getByRole('option', { name }).first();
  await hit.waitFor();
  while ((await hit.getAttribute('aria-selected')) !== 'true') await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('combobox', { name: t('search.what') }).waitFor({ state: 'detached' });
}

/** Is it so that the search finds nothing for this? */
export async function searchFindsNothing(page: Page, t: Words, text: string): Promise<void> {
  await page.keyboard.press('Control+K');
  await page.getByRole('combobox', { name: t('search.what') }).waitFor();
  await page.keyboard.type(text);
  await page.getByText(t('search.none', { text })).waitFor();
  await page.waitForLoadState('networkidle');
  assert.deepEqual(await page.getByRole('dialog').getByRole('option').allInnerTexts(), [], `the search finds something for ${text}`);
  await page.keyboard.press('Escape');
  await page.getByRole('combobox', { name: t('search.what') }).waitFor({ state: 'detached' });
}

/** Opens the row of the table of tags that the search by name leaves. */
export async function openTag(page: Page, t: Words, name: string): Promise<Locator> {
  await goTo(page, t, 'tags');
  await typeInto(page, field(page, t('tags.find')), name);
  const grid = page.getByRole('grid', { name: t('page.tags') });
  await page.waitForFunction((text) => new URL(location.href).searchParams.get('text') === text, name);
  await grid.getByRole('row').nth(1).getByText(name).waitFor();
  await tabTo(page, grid);
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  const panel = page.getByRole('complementary', { name });
  await panel.getByText(t('tag.number')).waitFor();
  return panel;
}

/** Types a time into a field of the browser's own, part by part, in whichever order this browser has them. */
export async function typeTime(page: Page, target: Locator, time: number): Promise<void> {
  await tabTo(page, target);
  // As the field has it: in the zone of the browser.
  const wanted = await page.evaluate((ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19), time);
  const [year, month, day, hour, minute, second] = wanted.split(/[-T:]/) as [string, string, string, string, string, string];
  const half = [String(((Number(hour) + 11) % 12) + 1).padStart(2, '0'), minute, second, Number(hour) < 12 ? 'A' : 'P'];
  for (const parts of [[day, month, year, hour, minute, second], [month, day, year, ...half], [year, month, day, hour, minute, second]]) {
    for (const [i, part] of parts.entries()) {
      for (let left = 0; left < parts.length; left++) await page.keyboard.press('ArrowLeft');
      for (let right = 0; right < i; right++) await page.keyboard.press('ArrowRight');
      await page.keyboard.type(part);
    }
    const typed = await target.inputValue();
    if (typed && new Date(`${typed}Z`).getTime() === new Date(`${wanted}Z`).getTime()) return;
  }
  throw new Error(`the field does not take ${wanted}`);
}

const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

// What is wider than the part of the page that shows it, and is cut off there.
const cutOff = (): string[] => [...document.querySelectorAll<HTMLElement>('main, aside .body, dialog .body')]
  .filter((part) => part.checkVisibility() && part.scrollWidth > part.clientWidth + 1)
  .map((part) => `${part.localName} ${part.className}: ${part.scrollWidth} px in ${part.clientWidth}`);

/** No serious finding of axe, in light and dark, and nothing cut off; pictures of both, on a desk and a phone, if they are kept. */
export async function look(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await seriousFindings(page, colorScheme === 'light' ? 'all' : 'colours'), [], name);
    for (const [size, viewport] of [['phone', PHONE], ['desk', DESK]] as const) {
      if (size === 'phone' && !process.env.CONSOLE_SHOTS) continue;
      await page.setViewportSize(viewport);
      assert.deepEqual(await page.evaluate(cutOff), [], `${name} on a ${size}`);
      await shoot(page, `day-${name}-${size}-${colorScheme}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** The names of what can be pressed, typed into or followed inside `part`. */
export const controlsOf = (part: Locator): Promise<string[]> =>
  part.locator('button, input, select, textarea, summary, a[href]').evaluateAll((all) => (all as HTMLElement[])
    .filter((one) => one.checkVisibility())
    .map((one) => (one.getAttribute('aria-label') ?? (one as HTMLInputElement).labels?.[0]?.innerText ?? one.innerText).trim().replace(/\s+/g, ' ')));
