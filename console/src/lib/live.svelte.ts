// Live values: one WebSocket for the whole tab. Parts of the page watch the tags they show; the union
// of them is what the server sends. A lost connection comes back by itself.
import { authority } from './session.svelte.ts';
import { toMs } from './time.ts';
import type { Value } from './types.ts';

export interface LiveValue {
  tag: number;
  time: string;
  ms: number;
  value: Value;
  quality: number;
}

type Listener = (values: LiveValue[]) => void;
type Message = { values?: [number, string, Value, number][]; ping?: number; error?: { id?: string } };

const WATCH_MAX = 2000; // the server's limit
const SILENCE_MS = 40_000; // the server sends at least a ping every 15 s
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 15_000;

class Live {
  /** Null while live values arrive; else since when they do not (ms). */
  lostSince = $state<number | null>(null);

  #watchers = new Map<symbol, { tags: readonly number[]; listener: Listener }>();
  #socket: WebSocket | null = null;
  #sent = '';
  #pending = false;
  #retryMs = RETRY_MIN_MS;
  #heard = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    setInterval(() => this.#checkSilence(), 5000);
    window.addEventListener('online', () => this.#reconnectNow());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#reconnectNow();
    });
  }

  /** Calls `listener` with the values of `tags`, first all, then what changed. Returns how to change the tags and stop. */
  watch(listener: Listener): { tags: (tags: readonly number[]) => void; stop: () => void } {
    const key = Symbol();
    this.#watchers.set(key, { tags: [], listener });
    return {
      tags: (tags) => {
        this.#watchers.set(key, { tags, listener });
        this.#update();
      },
      stop: () => {
        this.#watchers.delete(key);
        this.#update();
      },
    };
  }

  // One message for all changes of this turn of the event loop.
  #update(): void {
    if (this.#pending) return;
    this.#pending = true;
    setTimeout(() => {
      this.#pending = false;
      this.#send();
    }, 30);
  }

  #wanted(): number[] {
    const wanted = new Set<number>();
    for (const { tags } of this.#watchers.values()) for (const tag of tags) wanted.add(tag);
    return [...wanted].slice(0, WATCH_MAX);
  }

  #send(): void {
    const wanted = this.#wanted();
    if (wanted.length === 0 && !this.#socket) return;
    if (!this.#socket) return this.#open();
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const text = JSON.stringify({ watch: wanted });
    if (text === this.#sent) return;
    this.#sent = text;
    this.#socket.send(text);
  }

  #open(): void {
    clearTimeout(this.#timer);
    const socket = new WebSocket(`wss://${location.host}/api/v1/live`);
    this.#socket = socket;
    this.#sent = '';
    this.#heard = Date.now();
    socket.onopen = () => {
      this.#retryMs = RETRY_MIN_MS;
      this.lostSince = null;
      this.#send();
    };
    socket.onmessage = (event) => this.#take(String(event.data));
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  #take(text: string): void {
    this.#heard = Date.now();
    const message = JSON.parse(text) as Message;
    if (message.error?.id === 'LS-1503') {
      // The session has ended: wait for the next one instead of knocking.
      void authority.renewed(authority.generation).then(() => this.#reconnectNow());
      return;
    }
    if (!message.values) return;
    const all = message.values.map(([tag, time, value, quality]) => ({ tag, time, ms: toMs(time), value, quality }));
    for (const { tags, listener } of this.#watchers.values()) {
      const own = new Set(tags);
      const values = all.filter((value) => own.has(value.tag));
      if (values.length) listener(values);
    }
  }

  #lost(): void {
    this.#socket = null;
    if (this.#wanted().length === 0) return;
    this.lostSince ??= Date.now();
    // Full jitter: a hall of panels does not knock in step when the server is back.
    const wait = RETRY_MIN_MS + Math.random() * this.#retryMs;
    this.#retryMs = Math.min(RETRY_MAX_MS, this.#retryMs * 2);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), wait);
  }

  #reconnectNow(): void {
    if (!this.#socket && this.#wanted().length > 0) this.#open();
  }

  #checkSilence(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN || Date.now() - this.#heard < SILENCE_MS) return;
    const socket = this.#socket;
    this.#lost();
    socket.close();
  }
}

export const live = new Live();
