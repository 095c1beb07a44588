// The columns that the table of tags can show, and the same as text for the clipboard and files.
import { t } from './i18n.svelte.ts';
import type { LiveValue } from './live.svelte.ts';
import { shownValue } from './shown-value.ts';
import type { Tag } from './types.ts';

export const TAG_COLUMNS: readonly { id: string; width: string; number?: boolean }[] = [
  { id: 'path', width: 'minmax(230px, 3fr)' },
  { id: 'value', width: 'minmax(96px, 130px)', number: true },
  { id: 'unit', width: '52px' },
  { id: 'quality', width: '132px' },
  { id: 'time', width: '92px' },
  { id: 'description', width: 'minmax(120px, 2fr)' },
  { id: 'type', width: '64px' },
  { id: 'source', width: 'minmax(120px, 1fr)' },
];

function cellText(tag: Tag, column: string, live: LiveValue | undefined): string {
  const shown = shownValue(tag, live);
  switch (column) {
    case 'path': return tag.path;
    case 'value': return shown ? String(shown.value) : ''; // exact, for other programs
    case 'unit': return tag.unit_symbol;
    case 'quality': return shown?.quality ?? '';
    case 'time': return shown?.time ?? '';
    case 'description': return tag.description;
    case 'type': return tag.type;
    default: return tag.source;
  }
}

/** A header and a line per tag. */
export function tableRows(tags: readonly Tag[], columns: readonly string[], live: (tag: number) => LiveValue | undefined): string[][] {
  const shown = TAG_COLUMNS.filter((column) => columns.includes(column.id)).map((column) => column.id);
  return [
    shown.map((id) => t(`tags.column.${id}`)),
    ...tags.map((tag) => shown.map((id) => cellText(tag, id, live(tag.id)))),
  ];
}
