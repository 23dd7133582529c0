import type { UiLanguage } from '../../../shared/language.js';
import { settings } from '../core/settings.js';
import { en, type Words } from './en.js';
import { zh } from './zh.js';

export const WORDS: Readonly<Record<UiLanguage, Words>> = { en, 'zh-CN': zh };

/** The words of the language that the viewer has chosen. */
export function t(): Words {
  return WORDS[settings.value.language];
}
