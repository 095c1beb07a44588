// Chromium, the hands on its keyboard, and axe looking over their shoulder.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from '../../console/node_modules/playwright-core/index.mjs';
import { PERSON, ROOT, type Server } from './programs.ts';

export type { BrowserContext, Locator, Page };

const AXE = readFileSync(join(ROOT, 'console/node_modules/axe-core/axe.min.js'), 'utf8');
const TABS_MAX = 120;
const WAIT_MS = Number(process.env.CONSOLE_WAIT_MS ?? 30_000); // for what surely comes

let browser: Promise<Browser> | undefined;
const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });

export interface Look {
  phone?: boolean;
  language?: 'en' | 'zh';
  scheme?: 'light' | 'dark';
}

/** A browser of its own kind: no cookies, nothing kept, the given look. */
export async function newContext(server: Server, look: Look = {}): Promise<BrowserContext> {
  browser ??= launch();
  const context = await (await browser).newContext({
    baseURL: server.address, ignoreHTTPSErrors: true, timezoneId: 'Europe/Berlin', reducedMotion: 'reduce',
    locale: look.language === 'zh' ? 'zh-CN' : 'en-GB', colorScheme: look.scheme ?? 'light',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...(look.phone
      ? { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }
      : { viewport: { width: 1440, height: 900 } }),
  });
  context.setDefaultTimeout(WAIT_MS);
  return context;
}

/** The same, signed in as Ann or whom `look` names. */
export async function signedIn(server: Server, look: Look & Partial<typeof PERSON> = {}): Promise<BrowserContext> {
  const context = await newContext(server, look);
  const { email, password } = { ...PERSON, ...look };
  const answer = await context.request.post(`${server.address}/api/v1/session`, { data: { email, password } });
  assert.equal(answer.status(), 200);
  return context;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

/** A page whose every complaint in the console fails the test, but those that `expected` matches. */
export async function openPage(context: BrowserContext, path: string, expected?: RegExp): Promise<Page> {
  const page = await context.newPage();
  const complaints: string[] = [];
  const complain = (text: string) => {
    if (!expected?.test(text)) complaints.push(text);
  };
  page.on('pageerror', (error) => complain(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complain(message.text());
  });
  complaintsOf.set(page, complaints);
  await page.goto(path);
  return page;
}
const complaintsOf = new WeakMap<Page, string[]>();

export async function closeContext(context: BrowserContext): Promise<void> {
  const complaints = context.pages().flatMap((page) => complaintsOf.get(page) ?? []);
  await context.close();
  assert.deepEqual(complaints, [], 'the browser complains');
}

// --- the keyboard ---

const isFocused = (target: Locator): Promise<boolean> => target.evaluate((element) => element === document.activeElement);

// What stands out when it has the focus: a ring, or the caret of a field.
const focusIsSeen = (): string => {
  const element = document.activeElement as HTMLElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const ring = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0;
  const caret = element instanceof HTMLInputElement && element.getAttribute('role') === 'combobox';
  const inView = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  return (ring || caret) && inView ? '' : element.outerHTML.slice(0, 200);
};

/**
 * Goes to `target` with the Tab key alone. Every stop on the way must be seen to have the focus. Where readers are
 * put at the top of a new page just then, the first key may still find the page itself.
 */
export async function tabTo(page: Page, target: Locator, options: { back?: boolean } = {}): Promise<void> {
  await target.waitFor({ state: 'attached' });
  for (let i = 0; i < TABS_MAX; i++) {
    if (await isFocused(target)) return;
    await page.keyboard.press(options.back ? 'Shift+Tab' : 'Tab');
    const unseen = await page.evaluate(focusIsSeen);
    const isBody = await page.evaluate(() => document.activeElement === document.body);
    const isNewPage = i === 0 && (await page.evaluate(() => document.activeElement?.localName === 'main'));
    if (!isBody && !isNewPage) assert.equal(unseen, '', 'the focus is not seen');
  }
  throw new Error(`${TABS_MAX} times Tab did not reach ${target}`);
}

/** Goes there and presses Enter. */
export async function pressOn(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Enter');
}

/** Goes to a field and types into it, over what stood there. */
export async function typeInto(page: Page, target: Locator, text: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

/** Chooses in a <select> that is reached by Tab, as a keyboard does: by typing the word. */
export async function chooseIn(page: Page, target: Locator, word: string): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.type(word);
  assert.equal(await target.evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.text.trim()), word);
}

export const field = (page: Page, label: string | RegExp): Locator => page.getByLabel(label, { exact: typeof label === 'string' });
export const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name, exact: typeof name === 'string' });
export const link = (page: Page, name: string | RegExp): Locator => page.getByRole('link', { name, exact: typeof name === 'string' });
export const heading = (page: Page, name: string | RegExp): Locator => page.getByRole('heading', { name, exact: typeof name === 'string' });

// --- axe ---

interface Finding {
  id: string;
  impact: string;
  help: string;
  nodes: { html: string; failureSummary: string }[];
}

/** What axe calls serious or critical on the page as it stands; `colours` looks at nothing else, for another theme. */
export async function seriousFindings(page: Page, only: 'all' | 'colours' = 'all'): Promise<string[]> {
  // Through the debugger: the Content-Security-Policy of the console stays as it is.
  if (!(await page.evaluate('!!window.axe'))) await page.evaluate(AXE);
  const runOnly = only === 'colours'
    ? { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }
    : { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] };
  const findings = (await page.evaluate(`axe.run(document, ${JSON.stringify({ resultTypes: ['violations'], runOnly })}).then((it) => it.violations)`)) as Finding[];
  return findings
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .flatMap((one) => one.nodes.map((node) => `${one.id} (${one.help}): ${node.html.slice(0, 240)}\n    ${node.failureSummary.replaceAll('\n', '\n    ')}`));
}

/** Keeps a picture if CONSOLE_SHOTS names a folder. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env.CONSOLE_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
