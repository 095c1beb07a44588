// A value as a line of text, for cells and the clipboard: the same everywhere.
import { decimalsOf, formatValue } from './format.ts';
import { locale, t } from './i18n.svelte.ts';
import type { LiveValue } from './live.svelte.ts';
import { qualityName } from './quality.ts';
import type { Last, Tag, Value } from './types.ts';

export interface ShownValue {
  text: string;
  quality: string;
  time: string;
  value: Value;
  none?: true; // there was no value yet; the quality says why
}

const words = () => ({ on: t('value.on'), off: t('value.off') });

// The most decimals that a value of a tag had, by tag: what a signal has shows in its values, and a
// figure does not get narrower when it happens to end in zero.
const decimals = new Map<number, number>();

function decimalsOfTag(value: Value, id: number): number {
  const most = Math.max(decimals.get(id) ?? 0, typeof value === 'number' ? decimalsOf(value) : 0);
  decimals.set(id, most);
  return most;
}

export const valueText = (value: Value, tag: Pick<Tag, 'type'> & Partial<Tag>): string =>
  formatValue(value, tag.id === undefined ? tag : { ...tag, decimals: decimalsOfTag(value, tag.id) }, locale(), words());

/** The newer of what the list brought and what came live. */
export function shownValue(tag: Tag, live: LiveValue | undefined): ShownValue | null {
  const last: Last | null = live
    ? { time: live.time, value: live.value, quality: qualityName(live.quality), quality_code: live.quality }
    : tag.last;
  if (!last) return null;
  if (Date.parse(last.time) <= 0) return { text: '–', quality: last.quality, time: '', value: '', none: true };
  return { text: valueText(last.value, tag), quality: last.quality, time: last.time, value: last.value };
}
