/**
 * What the recogniser listens for: anything, or only the answers to a narrow question. A model that decodes over graphs has one for
 * each; others hear everything alike.
 */
export const GRAPHS = ['general', 'digits', 'confirm', 'email'] as const;
export type Graph = (typeof GRAPHS)[number];

/** What one graph made of an utterance. */
export interface GraphText {
  readonly graph: Graph;
  readonly text: string;
}

/** What numbers are made of. */
const DIGIT =
  /[零〇一幺二两三四五六七八九十\d]|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)\b/gu;
const SIGN = /[\p{L}\p{N}]/gu;
/**
 * A narrow text with less than this share of the characters that the free pass heard left something out: the caller said more than
 * an answer.
 */
const LEAST_SHARE = 0.6;
/**
 * The digit graph makes digits of a stranger's sentence too; the free pass then hears hardly any. Of 70 such sentences through the telephone
 * 14 came out as numbers without this, of 10 digit strings none was lost by it.
 */
const LEAST_DIGITS_IN_FREE = 0.4;
/** An address is spelled: the free pass makes words of it, and hardly more characters than it has. */
const LEAST_SHARE_OF_ADDRESS = 0.5;

/**
 * The narrow graph's text when it is a plausible account of what was said, else the free pass's. Narrow graphs print nothing for words outside
 * them, so a digression ("营业时间是几点" when a number was asked for) comes out of the free pass.
 */
export function plausibleText(narrow: GraphText, free: string): string {
  const heard = count(narrow.text, SIGN);
  if (heard === 0) return free;
  if (narrow.graph === 'digits') {
    if (free === '') return narrow.text;
    return count(free, DIGIT) >= count(narrow.text, DIGIT) * LEAST_DIGITS_IN_FREE ? narrow.text : free;
  }
  const least = narrow.graph === 'email' ? LEAST_SHARE_OF_ADDRESS : LEAST_SHARE;
  return heard >= count(free, SIGN) * least ? narrow.text : free;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
