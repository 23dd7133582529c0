import { normalizeEn } from './en.js';
import { writeMoments } from './moments.js';
import { normalizeZh } from './zh.js';

/** Longest text that is spoken in one go; what is longer is cut (an answer of this length is minutes of speech). */
const LONGEST_TEXT = 4000;
/** Control and format characters (joiners, byte order marks) but for line ends and tabs. */
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cf}]/gu;
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|\p{Variation_Selector}|\u20e3/gu;

/** Written text to what is said, by language (BCP 47). */
export function normalizeText(text: string, language: string): string {
  const plain = text.slice(0, LONGEST_TEXT).normalize('NFC').replace(INVISIBLE, '').replace(EMOJI, '');
  const chinese = language.toLowerCase().startsWith('zh');
  const written = writeMoments(plain, chinese);
  return chinese ? normalizeZh(written) : normalizeEn(written);
}

/** Is there anything in it that can be said? */
export function isSpeakable(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}
