// The newest live value of each tag in view. Changes repaint at the pace of the server: what is little at once, what is much four times a second.
import { onDestroy } from 'svelte';
import { live, type LiveValue } from './live.svelte.ts';

const KEPT_MAX = 4000;

export class LiveRows {
  #values = $state.raw<ReadonlyMap<number, LiveValue>>(new Map());
  #watch = live.watch((values) => this.#take(values));

  /** Call it while a component starts: it stops with the component. */
  constructor() {
    onDestroy(() => this.#watch.stop());
  }

  of = (tag: number): LiveValue | undefined => this.#values.get(tag);

  show(tags: readonly number[]): void {
    this.#watch.tags(tags);
  }

  #take(values: LiveValue[]): void {
    const kept = this.#values.size > KEPT_MAX ? new Map<number, LiveValue>() : new Map(this.#values);
    for (const value of values) kept.set(value.tag, value);
    this.#values = kept;
  }
}
