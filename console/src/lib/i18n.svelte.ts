// The words of the console in the reader's language. One flat JSON file per language; English and
// Chinese are complete (words/words.test.ts finds every gap).
import { fillMessage } from './message.ts';

export type Language = 'en' | 'zh';
export const LANGUAGES: readonly Language[] = ['en', 'zh'];
export type Params = Record<string, string | number>;

const loaders: Record<Language, () => Promise<{ default: Record<string, string> }>> = {
  en: () => import('../words/en.json'),
  zh: () => import('../words/zh.json'),
};
const KEPT_AS = 'lineshaft.language';

let messages = $state.raw<Record<string, string>>({});
let current = $state<Language>('en');

/** BCP 47 tag for Intl. */
export const locale = (): string => (current === 'zh' ? 'zh-CN' : navigatorEnglish());
export const language = (): Language => current;

// A reader of en-GB keeps day before month; any other browser gets the neutral en-GB as well.
function navigatorEnglish(): string {
  return navigator.languages.find((tag) => tag.toLowerCase().startsWith('en')) ?? 'en-GB';
}

export function preferredLanguage(): Language {
  const kept = localStorage.getItem(KEPT_AS);
  if (kept === 'en' || kept === 'zh') return kept;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export async function useLanguage(wanted: Language): Promise<void> {
  messages = (await loaders[wanted]()).default;
  current = wanted;
  document.documentElement.lang = wanted === 'zh' ? 'zh-CN' : 'en';
}

export async function chooseLanguage(wanted: Language): Promise<void> {
  localStorage.setItem(KEPT_AS, wanted);
  await useLanguage(wanted);
}

/** The text of a key with its parameters filled in. An unknown key shows itself. */
export function t(key: string, params?: Params): string {
  return fillMessage(messages[key] ?? key, params ?? {}, locale());
}

/** The text of a key, or the fallback where the language has none (the server's own English). */
export function tOr(key: string, fallback: string, params?: Params): string {
  return key in messages ? t(key, params) : fallback;
}

/** What follows `prefix` in the keys that begin with it: the names that have words. */
export const keysUnder = (prefix: string): string[] => Object.keys(messages).filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));

/** An error as the server writes it in a line, "LS-1105: what it means: detail", in the reader's words. */
export function errorInWords(line: string): string {
  const [, id, meaning, detail] = /^(LS-\d{4}): ([^:]+)(: [^]*)?$/.exec(line) ?? [];
  return id ? `${id}: ${tOr(`error.${id}.title`, meaning!)}${detail ?? ''}` : line;
}
