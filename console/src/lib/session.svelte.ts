// Who is signed in, and what this server is. When a session ends, the page stays as it is, asks for the
// password again, and what was asked meanwhile is asked once more.
import type { ServerStatus, Session } from './types.ts';

export type Phase = 'loading' | 'unreachable' | 'claim' | 'join' | 'signed-out' | 'signed-in' | 'expired';

export const app = $state<{
  phase: Phase;
  status: ServerStatus | null;
  session: Session | null;
  left: Session['provider']; // where the person may still be signed in who has just signed out here
}>({
  phase: 'loading',
  status: null,
  session: null,
  left: null,
});

/** What a request needs of the session. */
export const authority = {
  csrf: '',
  generation: 0, // grows with every sign-in
  waiting: [] as (() => void)[],

  /** Resolves when somebody has signed in after generation `asked`. */
  renewed(asked: number): Promise<void> {
    if (this.generation !== asked) return Promise.resolve();
    if (app.phase === 'signed-in') app.phase = 'expired';
    return new Promise((resolve) => this.waiting.push(resolve));
  },
};

export function signedIn(session: Session): void {
  const other = app.session && app.session.user.id !== session.user.id;
  app.session = session;
  app.phase = 'signed-in';
  authority.csrf = session.csrf;
  authority.generation++;
  const waiting = authority.waiting.splice(0);
  // What another person had open is not for this one.
  if (other) location.assign('/');
  else for (const go of waiting) go();
}

/** Reads the session again after something about it has changed. */
export async function renewSession(): Promise<void> {
  const answer = await fetch('/api/v1/session', { credentials: 'same-origin', cache: 'no-store' });
  if (answer.ok) app.session = (await answer.json()) as Session;
}

export function signedOut(): void {
  app.left = app.session?.provider ?? null;
  app.session = null;
  app.phase = 'signed-out';
  authority.csrf = '';
}

/** Somewhere in the plant. The server looks again, for each thing. */
export const may = (permission: string): boolean => app.session?.permissions.includes(permission) ?? false;
/** In the whole organisation. */
export const mayEverywhere = (permission: string): boolean => app.session?.everywhere.includes(permission) ?? false;
/** Is this the organisation that runs the server for all others? */
export const runsTheServer = (): boolean => app.session?.operator ?? false;
