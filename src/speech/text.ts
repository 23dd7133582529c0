/** Han, kana, hangul and CJK punctuation: scripts written without spaces between words. */
const CJK = '[\\u3000-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uac00-\\ud7af\\uf900-\\ufaff\\uff00-\\uffef]';
const AFTER_CJK = new RegExp(`(${CJK})\\s+`, 'gu');
const BEFORE_CJK = new RegExp(`\\s+(${CJK})`, 'gu');

/** A recogniser's text as people write it: no spaces beside Chinese characters, single ones between words of Latin script. */
export function tidyRecognized(text: string): string {
  return text.replace(AFTER_CJK, '$1').replace(BEFORE_CJK, '$1').replace(/\s+/g, ' ').trim();
}
