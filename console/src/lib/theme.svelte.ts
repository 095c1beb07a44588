// Dark, light, or as the system says.
import { keep, kept } from './preferences.ts';

export type Theme = 'system' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

let current = $state<Theme>('system');
let painted = $state(0);

export const theme = (): Theme => current;
/** Changes whenever colours change: for what is drawn on a canvas. */
export const paintEpoch = (): number => painted;

export function applyTheme(wanted: Theme): void {
  current = wanted;
  const root = document.documentElement;
  if (wanted === 'system') delete root.dataset.theme;
  else root.dataset.theme = wanted;
  painted++;
}

export function chooseTheme(wanted: Theme): void {
  keep('theme', wanted);
  applyTheme(wanted);
}

export function startTheme(): void {
  const wanted = kept<Theme>('theme', 'system');
  applyTheme(THEMES.includes(wanted) ? wanted : 'system');
  for (const media of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
    matchMedia(media).addEventListener('change', () => painted++);
  }
}
