// A value as a line of text, for cells and the clipboard: the same everywhere.
import { formatValue } from './format.ts';
import { locale, t } from './i18n.svelte.ts';
import type { LiveValue } from './live.svelte.ts';
import { qualityName } from './quality.ts';
import type { Last, Tag, Value } from './types.ts';

export interface ShownValue {
  text: string;
  quality: string;
  time: string;
  value: Value;
}

const words = () => ({ on: t('value.on'), off: t('value.off') });

export const valueText = (value: Value, tag: Pick<Tag, 'type'> & Partial<Tag>): string =>
  formatValue(value, tag, locale(), words());

/** The newer of what the list brought and what came live. */
export function shownValue(tag: Tag, live: LiveValue | undefined): ShownValue | null {
  const last: Last | null = live
    ? { time: live.time, value: live.value, quality: qualityName(live.quality), quality_code: live.quality }
    : tag.last;
  if (!last || Date.parse(last.time) <= 0) return null;
  return { text: valueText(last.value, tag), quality: last.quality, time: last.time, value: last.value };
}
