// The present, for ages on the page: one timer for all of them. `offset` is how far the server's clock
// is ahead of the browser's, so that an age does not depend on a panel with a wrong clock.

const TICK_MS = 1000;

let present = $state(Date.now());
let offset = 0;

setInterval(() => {
  if (!document.hidden) present = Date.now() + offset;
}, TICK_MS);

/** Server time in ms; changes every second and repaints what uses it. */
export const now = (): number => present;
/** The same at this very moment, without repainting anything. */
export const serverNow = (): number => Date.now() + offset;

/** The day it is at the server, in UTC: "2026-11-26". */
export const today = (): string => new Date(serverNow()).toISOString().slice(0, 10);

/** Differences below two seconds are the way of the answer, not a wrong clock. */
export function learnServerTime(serverMs: number): void {
  const difference = serverMs - Date.now();
  offset = Math.abs(difference) < 2000 ? 0 : difference;
}
