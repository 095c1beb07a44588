// The tags that match a filter, fetched in pages as they come into view; whatever their number, only
// some pages are kept.
import { asProblem, getJson, isAbort } from './api.ts';
import { tagSearch } from './tag-search.ts';
import type { Page, Problem, Tag } from './types.ts';
import { pagesOf, type ListWindow } from './window.ts';

const PAGE = 200;
const PAGES_KEPT = 40;
const SETTLE_MS = 60; // a fast scroll passes many pages that nobody reads

export interface TagFilter {
  text: string;
  quality: string; // "", "bad", "uncertain"
}

export class TagList {
  total = $state(0);
  problem = $state.raw<Problem | null>(null);
  loaded = $state(false);

  #filter: TagFilter = { text: '', quality: '' };
  #window: ListWindow = { first: 0, end: 50 };
  #pages = $state.raw<ReadonlyMap<number, Tag[]>>(new Map());
  #asked = new Map<number, AbortController>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  row = (index: number): Tag | undefined => this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];

  ask(filter: TagFilter): void {
    this.#filter = filter;
    this.reload();
  }

  /** Reads again what is in view. What is on the page stays until the answer is here. */
  reload(): void {
    this.stop();
    this.#fetch(pagesOf(this.#window, PAGE).length ? pagesOf(this.#window, PAGE) : [0], true);
  }

  need(window: ListWindow): void {
    this.#window = window;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const missing = pagesOf(window, PAGE).filter((page) => !this.#pages.has(page) && !this.#asked.has(page));
      this.#fetch(missing, false);
    }, SETTLE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const controller of this.#asked.values()) controller.abort();
    this.#asked.clear();
  }

  #fetch(pages: number[], fresh: boolean): void {
    for (const page of pages) void this.#fetchPage(page, fresh);
  }

  async #fetchPage(page: number, fresh: boolean): Promise<void> {
    const controller = new AbortController();
    this.#asked.set(page, controller);
    try {
      const answer = await getJson<Page<Tag>>('/tags', {
        query: { ...tagSearch(this.#filter.text), quality: this.#filter.quality, offset: page * PAGE, limit: PAGE },
        signal: controller.signal,
      });
      this.#take(page, answer, fresh);
      this.problem = null;
    } catch (error) {
      if (isAbort(error)) return;
      this.problem = asProblem(error);
    } finally {
      if (this.#asked.get(page) === controller) this.#asked.delete(page);
    }
    this.loaded = true;
  }

  #take(page: number, answer: Page<Tag>, fresh: boolean): void {
    // Another total means that the pages no longer fit together.
    const keep = !fresh && answer.total === this.total ? [...this.#pages].slice(-PAGES_KEPT) : [];
    this.#pages = new Map([...keep, [page, answer.items]]);
    this.total = answer.total;
  }
}
