// Which rows of a long list to draw: pure arithmetic, so that it can be tested without a page.

export interface ListWindow {
  first: number; // index of the first row to draw
  end: number; // index after the last
}

/** Rows that touch the viewport, and `spare` more at each end. */
export function listWindow(scrollTop: number, viewport: number, row: number, total: number, spare: number): ListWindow {
  const seen = Math.max(0, Math.floor(scrollTop / row));
  const first = Math.max(0, Math.min(total, seen - spare));
  const end = Math.max(first, Math.min(total, Math.ceil((scrollTop + viewport) / row) + spare));
  return { first, end };
}

/** The pages of `size` rows that hold the rows of a window. */
export function pagesOf(window: ListWindow, size: number): number[] {
  if (window.end <= window.first) return [];
  const pages: number[] = [];
  for (let page = Math.floor(window.first / size); page * size < window.end; page++) pages.push(page);
  return pages;
}

/** Where to scroll so that row `index` is fully seen; the present place if it is. */
export function scrollToSee(index: number, scrollTop: number, viewport: number, row: number): number {
  const top = index * row;
  if (top < scrollTop) return top;
  if (top + row > scrollTop + viewport) return top + row - viewport;
  return scrollTop;
}
