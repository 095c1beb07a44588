// Speaks the HTTP API of docs/reference/api.md. Every failure is a ProblemError with something to say
// to a person. A request that meets an ended session waits until the person has signed in again.
import { authority } from './session.svelte.ts';
import type { Problem } from './types.ts';

export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
}

export interface RequestOptions {
  query?: Record<string, string | number | undefined>;
  body?: unknown; // sent as JSON, a Blob as it is
  signal?: AbortSignal;
  ifMatch?: string; // refused if the thing has changed since
  /** The answer 401 means what it says: used by signing in itself. */
  isSignIn?: boolean;
}

const BASE = '/api/v1';
const NO_SESSION = 'LS-1503';

function address(path: string, query: RequestOptions['query']): string {
  const words = Object.entries(query ?? {})
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${encodeURIComponent(value!).replaceAll('%2C', ',')}`);
  return BASE + path + (words.length ? `?${words.join('&')}` : '');
}

async function problemOf(response: Response): Promise<Problem> {
  const problem: Problem = { id: '', title: '', detail: '', remedy: '', status: response.status };
  try {
    return { ...problem, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return { ...problem, title: 'http', detail: `${response.status} ${response.statusText}` };
  }
}

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (options.signal) init.signal = options.signal;
  if (method !== 'GET') headers['X-CSRF-Token'] = authority.csrf;
  if (options.ifMatch) headers['If-Match'] = options.ifMatch;
  if (options.body instanceof Blob) {
    headers['Content-Type'] = options.body.type || 'application/octet-stream';
    init.body = options.body;
  } else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(options.body);
  }
  try {
    return await fetch(address(path, options.query), init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ProblemError({ id: '', title: 'unreachable', detail: '', remedy: '', status: 0 });
  }
}

async function request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  for (;;) {
    const asked = authority.generation;
    const response = await send(method, path, options);
    if (response.ok) return response;
    const problem = await problemOf(response);
    const ended = response.status === 401 && !options.isSignIn && (problem.id === NO_SESSION || !problem.id);
    if (!ended) throw new ProblemError(problem);
    await authority.renewed(asked);
  }
}

export async function getJson<T>(path: string, options?: RequestOptions): Promise<T> {
  return (await (await request('GET', path, options)).json()) as T;
}

export async function getText(path: string, options?: RequestOptions): Promise<string> {
  return (await request('GET', path, options)).text();
}

export async function getBytes(path: string, options?: RequestOptions): Promise<ArrayBuffer> {
  return (await request('GET', path, options)).arrayBuffer();
}

export async function sendJson<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown,
  options?: RequestOptions): Promise<T> {
  const response = await request(method, path, { ...options, body });
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError';

/** Any thrown thing as a problem that can be shown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return { id: '', title: 'internal', detail: String((error as Error)?.message ?? error), remedy: '', status: 0 };
}
