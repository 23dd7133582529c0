import { type UiLanguage, uiLanguage } from '../../../shared/language.js';
import { Value } from './value.js';

export type Theme = 'system' | 'light' | 'dark';

export interface Settings {
  readonly language: UiLanguage;
  readonly theme: Theme;
  /** A call that rings at the desk is heard. */
  readonly ringing: boolean;
}

const KEY = 'hearken-console-settings';
const THEMES: ReadonlySet<unknown> = new Set(['system', 'light', 'dark']);

/** What this browser's user likes; kept in the browser. */
export const settings = new Value<Settings>(read());

export function change(part: Partial<Settings>): void {
  settings.set({ ...settings.value, ...part });
  try {
    localStorage.setItem(KEY, JSON.stringify(settings.value));
  } catch {
    // A browser that keeps nothing: it holds until the page is closed.
  }
}

function read(): Settings {
  const defaults: Settings = { language: uiLanguage(navigator.language), theme: 'system', ringing: true };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings>;
    return {
      language: kept.language === 'en' || kept.language === 'zh-CN' ? kept.language : defaults.language,
      theme: THEMES.has(kept.theme) ? (kept.theme as Theme) : defaults.theme,
      ringing: kept.ringing !== false,
    };
  } catch {
    return defaults;
  }
}
