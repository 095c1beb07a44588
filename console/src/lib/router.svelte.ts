// The address of the page, as state. Links are ordinary <a href>; the address holds what a page shows.

export interface Route {
  path: string;
  query: URLSearchParams;
}

const read = (): Route => ({ path: location.pathname, query: new URLSearchParams(location.search) });

let current = $state.raw<Route>(read());

export const route = (): Route => current;

export function navigate(href: string, options: { replace?: boolean } = {}): void {
  const before = current.path;
  if (options.replace) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  current = read();
  if (current.path !== before) window.scrollTo(0, 0);
}

/** Changes parts of the query; null removes. The page stays; by default no step back is made. */
export function setQuery(changes: Record<string, string | null>, options: { push?: boolean } = {}): void {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === '') query.delete(key);
    else query.set(key, value);
  }
  const text = readable(query);
  navigate(text ? `${current.path}?${text}` : current.path, { replace: !options.push });
}

/** The query with commas and colons as they are: they need no escape there, and people read links. */
export const readable = (query: URLSearchParams): string =>
  query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');

function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
}

export function startRouter(): void {
  window.addEventListener('popstate', () => {
    current = read();
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || !isPlainClick(event)) return;
    const link = (event.target as Element).closest?.('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.pathname.startsWith('/api/') || link.hash) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
