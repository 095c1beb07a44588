// What an identity provider puts behind our address, and where it is safe to go on. Pure.

const BACK = '/sign-in/provider';
const PARAMETERS = ['state', 'code', 'error', 'iss'] as const;

export type ProviderReturn = Partial<Record<(typeof PARAMETERS)[number], string>>;

/** Null unless this is the address that providers send people back to, with an answer behind it. */
export function returnOf(path: string, search: string): ProviderReturn | null {
  if (path !== BACK) return null;
  const query = new URLSearchParams(search);
  const back: ProviderReturn = {};
  for (const name of PARAMETERS) {
    const value = query.get(name);
    if (value !== null) back[name] = value;
  }
  return back.state ? back : null;
}

/** A path of this console; "/" for anything that leads elsewhere. */
export function ownPath(path: string, origin: string): string {
  if (!path.startsWith('/') || path.startsWith('//') || path.includes('\\')) return '/';
  const url = new URL(path, origin);
  return url.origin === origin ? url.pathname + url.search : '/';
}
