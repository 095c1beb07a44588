// Something read from the server, as state for a page: the data, or the problem, and how to read again.
import { asProblem, isAbort } from './api.ts';
import { poll } from './poll.ts';
import type { Problem } from './types.ts';

const NEVER_MS = 2 ** 31 - 1; // the longest that a timer takes

export interface Resource<T> {
  readonly data: T | null;
  readonly problem: Problem | null;
  readonly loading: boolean;
  reload: () => void;
}

/**
 * Reads with `load` when the component starts, whenever state that `load` touches before its first
 * await changes, and every `everyMs` if given. Old data stay on the page while new ones come.
 * Call it during a component's initialisation.
 */
export function resource<T>(load: (signal: AbortSignal) => Promise<T>, everyMs = 0): Resource<T> {
  let data = $state.raw<T | null>(null);
  let problem = $state.raw<Problem | null>(null);
  let loading = $state(true);
  let reload = (): void => {};

  $effect(() => {
    let first: Promise<T> | null = null;
    const controller = new AbortController();
    // Called here so that the effect depends on what `load` touches.
    first = load(controller.signal);
    loading = true;
    const read = async (signal: AbortSignal): Promise<void> => {
      const wanted = first ?? load(signal);
      first = null;
      try {
        data = await wanted;
        problem = null;
      } catch (error) {
        if (isAbort(error)) return;
        problem = asProblem(error);
      }
      loading = false;
    };
    const repeated = poll(read, everyMs || NEVER_MS);
    reload = repeated.now;
    return () => {
      repeated.stop();
      controller.abort();
    };
  });

  return {
    get data() {
      return data;
    },
    get problem() {
      return problem;
    },
    get loading() {
      return loading;
    },
    reload: () => reload(),
  };
}
