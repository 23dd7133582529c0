/** The languages that pages speak. */
export type UiLanguage = 'zh-CN' | 'en';

/** The nearest of ours to what was asked for (BCP 47): Chinese of any kind, else English. */
export function uiLanguage(wanted: string): UiLanguage {
  return /^zh\b/i.test(wanted) ? 'zh-CN' : 'en';
}
