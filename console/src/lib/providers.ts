// Signing in by an identity provider: to its page, and what to do with what the browser brings back.
import { ownPath, returnOf } from './provider-return.ts';
import { getJson, sendJson } from './api.ts';
import { navigate } from './router.svelte.ts';
import { app, signedIn } from './session.svelte.ts';
import type { Role, Session } from './types.ts';
import type { Step } from '../components/SecondStep.svelte';

export interface ProviderButton {
  handle: string;
  name: string;
  organisation: string;
}

export interface GroupRole {
  group: string;
  role: Role;
  place: string;
}

export const UNMAPPED = ['own', 'fallback', 'refused'] as const;

export interface ProviderSettings {
  name: string;
  issuer: string;
  client_id: string;
  scopes: string[];
  groups_claim: string;
  groups: GroupRole[];
  unmapped: (typeof UNMAPPED)[number];
  fallback: Role;
  makes_people: boolean;
  email_domains: string[];
  strong_acr: string[];
  trusted_pem: string;
  assume_s256: boolean;
  enabled: boolean;
}

export interface IdentityProvider extends ProviderSettings {
  id: number;
  handle: string;
  created: string;
  people: number;
  sign_in: string;
}

export interface ProviderLink {
  handle: string | null;
  name: string;
  issuer: string;
  since: string;
}

export interface ProviderCheck {
  authorization_endpoint: string;
  token_endpoint: string;
  end_session_endpoint: string | null;
  algorithms: string[];
  keys: number;
}

type Arrival = (Session | Step | { done: 'link' | 'confirm' }) & { return_to: string };

/** Where the person is now, to come back to. */
const here = (): string => (location.pathname.startsWith('/sign-in') ? '/' : location.pathname + location.search);

/** Leaves the console for the provider's page; what goes wrong before is thrown. */
export async function goToProvider(handle: string, more: { invitation?: string } = {}): Promise<void> {
  const body = { provider: handle, return_to: more.invitation ? '/account' : here(), ...more };
  const { address } = await sendJson<{ address: string }>('POST', '/session/provider/begin', body, { isSignIn: true });
  location.assign(address);
}

/** The same of a person who is signed in. */
export async function goOwnWay(purpose: 'link' | 'confirm', handle: string, shown: Record<string, string> = {}): Promise<void> {
  const body = { provider: handle, purpose, return_to: here(), ...shown };
  const { address } = await sendJson<{ address: string }>('POST', '/account/provider/begin', body);
  location.assign(address);
}

/**
 * What came of the provider's page, if this is where it sends people back to: a second step to show, what was done of
 * a person who is signed in already, or nothing more to do. The code goes out of the address first of all.
 */
export async function comeBack(): Promise<Step | 'link' | 'confirm' | null> {
  const back = returnOf(location.pathname, location.search);
  if (!back) return null;
  history.replaceState(null, '', '/');
  const arrival = await sendJson<Arrival>('POST', '/session/provider', back, { isSignIn: true });
  navigate(ownPath(arrival.return_to, location.origin), { replace: true });
  if ('pending' in arrival) return arrival;
  if ('done' in arrival) {
    signedIn(await getJson<Session>('/session', { isSignIn: true }));
    return arrival.done;
  }
  signedIn(arrival);
  return null;
}

/** By which the present session began, if it can be used to show once more who is there. */
export const providerOfSession = (): string | null => app.session?.provider?.handle ?? null;
