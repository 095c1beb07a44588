// Repeats a request while the page is looked at: not when the tab is hidden, never two at a time.

/** Runs `task` now and again `intervalMs` after each end. Returns how to stop and how to run at once. */
export function poll(task: (signal: AbortSignal) => Promise<void>, intervalMs: number): { stop: () => void; now: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AbortController | null = null;
  let stopped = false;
  let again = false;

  const run = async (): Promise<void> => {
    clearTimeout(timer);
    if (running) {
      again = true;
      return;
    }
    const controller = new AbortController();
    running = controller;
    try {
      await task(controller.signal);
    } finally {
      running = null;
      if (!stopped) timer = setTimeout(tick, again ? 0 : intervalMs);
      again = false;
    }
  };
  const tick = (): void => {
    if (!document.hidden) void run();
  };
  document.addEventListener('visibilitychange', tick);
  void run();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      running?.abort();
      document.removeEventListener('visibilitychange', tick);
    },
    now: () => void run(),
  };
}
