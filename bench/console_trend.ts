// Steps of zoom and pan over a year of history: from the key that is pressed to the frame that shows
// what the server then sent. See console_trend.sh.
import { closeBrowser, openPage, signedIn, type Page } from '../tests/console/browser.ts';
import { startPlant, stopAll, until, type Server } from '../tests/console/programs.ts';

const DAYS = 365;
const ROUNDS = 12;
// From a year down to days and back, with pans between: every step asks for other columns.
const KEYS = ['+', '+', 'ArrowLeft', '+', '+', 'ArrowLeft', 'ArrowLeft', '+', '+', 'ArrowRight', '-', '-', 'ArrowRight', '-', '-', '-', '-'];

/** Eight tags, once each of the last twelve months of all of them is stored. */
async function withHistory(server: Server): Promise<number[]> {
  const wanted = server.history.slice(0, 8);
  const find = () => Promise.all(wanted.map(async (path) => (await server.tag(path)).id)).catch(() => null);
  const ids = await until(find, 'the tags', 120_000);
  const [from, to] = [Date.now() - (DAYS - 2) * 86400e3, Date.now() - 86400e3].map((ms) => new Date(ms).toISOString());
  await until(async () => {
    for (const id of ids) {
      const { items } = await server.get<{ items: { count: number }[] }>(`values/aggregate?tag=${id}&from=${from}&to=${to}&step_ms=${30 * 86400e3}`);
      if (items.length < 12 || items.some((month) => month.count === 0)) return false;
    }
    return true;
  }, 'a year of history', 600_000);
  return ids;
}

/**
 * Presses a key and waits until what it shows is painted: `local` is the first frame with the new range
 * (from what the page has), `whole` the frame after the last answer that the step made it ask for.
 */
const STEP = `async (key) => {
  const chart = document.querySelector('[role=application]');
  const frame = () => new Promise((done) => requestAnimationFrame(() => { const c = new MessageChannel(); c.port1.onmessage = done; c.port2.postMessage(0); }));
  const asked = window.asked;
  const label = chart.getAttribute('aria-label');
  const begin = performance.now();
  chart.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  while (chart.getAttribute('aria-label') === label) await frame();
  await frame();
  const local = performance.now() - begin;
  while (window.running > 0) await frame();
  if (window.asked > asked) await frame();
  return { local, whole: performance.now() - begin, asked: window.asked - asked };
}`;
// Counts the requests for columns, to know when the last is answered and decoded.
const COUNT = `window.asked = 0; window.running = 0;
const real = window.fetch;
window.fetch = async (...args) => {
  if (!String(args[0]).includes('/values/pixels')) return real(...args);
  window.asked++; window.running++;
  try {
    const answer = await real(...args);
    const bytes = await answer.arrayBuffer();
    return new Response(bytes, { status: answer.status, headers: answer.headers });
  } finally { setTimeout(() => window.running--); }
};`;

interface Step { local: number; whole: number; asked: number }

async function measure(page: Page): Promise<Step[]> {
  const steps: Step[] = [];
  await page.getByRole('application').focus();
  for (let round = 0; round < ROUNDS; round++) {
    for (const key of KEYS) steps.push((await page.evaluate(`(${STEP})(${JSON.stringify(key)})`)) as Step);
  }
  return steps;
}

const at = (sorted: number[], part: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN).toFixed(0);
function say(what: string, values: number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  console.log(`${what.padEnd(54)} n ${String(sorted.length).padStart(4)}   median ${at(sorted, 0.5).padStart(4)} ms   p95 ${at(sorted, 0.95).padStart(4)} ms   worst ${at(sorted, 1).padStart(4)} ms`);
}

const server = await startPlant(DAYS);
const tags = await withHistory(server);
const context = await signedIn(server);
await context.addInitScript(COUNT);
const [from, to] = [Date.now() - (DAYS - 2) * 86400e3, Date.now() - 86400e3].map((ms) => new Date(ms).toISOString());
for (const count of [1, 8]) {
  const page = await openPage(context, `/trends?tags=${tags.slice(0, count).join(',')}&from=${from}&to=${to}`);
  await page.getByRole('application').waitFor();
  await page.waitForFunction(() => { const it = window as unknown as { asked: number; running: number }; return it.asked > 0 && it.running === 0; });
  const steps = await measure(page);
  say(`trend step, ${count} tag(s), a year: first picture`, steps.map((step) => step.local));
  say(`trend step, ${count} tag(s), a year: whole picture`, steps.map((step) => step.whole));
  say(`    of these, steps that asked the server`, steps.filter((step) => step.asked > 0).map((step) => step.whole));
  await page.close();
}
await closeBrowser();
await stopAll();
process.exit(0);
