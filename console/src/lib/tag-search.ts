// What is typed to find tags: words, or a path if there is a star in it.

export interface TagSearch {
  text: string;
  pattern: string;
}

/** A path without slashes is that of the last level. */
export function tagSearch(typed: string): TagSearch {
  const wanted = typed.trim();
  if (!wanted.includes('*')) return { text: wanted, pattern: '' };
  return { text: '', pattern: wanted.includes('/') ? wanted : `**/${wanted}` };
}
