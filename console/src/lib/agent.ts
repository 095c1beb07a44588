// What a browser or program calls itself, in words that a person knows it by.

// The first that is found counts: Edge and Opera call themselves Chrome as well, and Chrome Safari.
const PROGRAMS: [RegExp, string][] = [
  [/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/MicroMessenger\//, 'WeChat'], [/QQBrowser\//, 'QQ'], [/SamsungBrowser\//, 'Samsung Internet'],
  [/Firefox\/|FxiOS\//, 'Firefox'], [/Chrome\/|CriOS\/|Chromium\//, 'Chrome'], [/Safari\//, 'Safari'], [/lineshaft/i, 'Lineshaft'],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android'], [/HarmonyOS|OpenHarmony/, 'HarmonyOS'], [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'], [/CrOS/, 'ChromeOS'], [/Linux/, 'Linux'],
];

const first = (list: [RegExp, string][], agent: string): string => list.find(([pattern]) => pattern.test(agent))?.[1] ?? '';

/** Its program and its system; either may be "" when nobody knows it. */
export const agentOf = (agent: string): { program: string; system: string } => ({ program: first(PROGRAMS, agent), system: first(SYSTEMS, agent) });
