// The range of time that pages show. It lives here while it moves fast (zoom, pan), and is written into
// the address when it comes to rest, so that a link reopens the same view.
import { readRange, writeRange, type Range } from './range.ts';
import { navigate, readable, route } from './router.svelte.ts';

const REST_MS = 250; // browsers limit how often an address may change

let current = $state.raw<Range>({ kind: 'live', ms: 3600e3 });
let written = ''; // the range as it last stood in the address
let timer: ReturnType<typeof setTimeout> | undefined;

export const shownRange = (): Range => current;

const textOf = (query: URLSearchParams): string => ['last', 'from', 'to'].map((key) => query.get(key) ?? '').join(' ');

function write(push: boolean): void {
  clearTimeout(timer);
  const query = new URLSearchParams(location.search);
  writeRange(query, current);
  written = textOf(query);
  navigate(`${location.pathname}?${readable(query)}`, { replace: !push });
}

export function showRange(range: Range, options: { push?: boolean } = {}): void {
  current = range;
  clearTimeout(timer);
  if (options.push) write(true);
  else timer = setTimeout(() => write(false), REST_MS);
}

/** Takes over a range that came with the address (a link, a step back); keeps the present one if there is none. */
export function adoptRange(): void {
  const { query } = route();
  const text = textOf(query);
  if (text === written && text.trim() !== '') return;
  const range = readRange(query);
  if (range) {
    clearTimeout(timer);
    written = text;
    current = range;
  } else write(false);
}

/** A page that leaves must not have its range written into another page's address. */
export function releaseRange(): void {
  clearTimeout(timer);
  written = '';
}
