/** Wishes among words that are no part of them: thanks at the end, a number that is told along. */

const ZH_THANKS =
  /[\s,，。.!！]*(?:好的?|行)?[\s,，]*(?:谢谢|多谢|感谢|谢了|麻烦了|辛苦了?)(?:你们?|您们?|啊|啦|了|哈)*[\s。.!！~]*$/u;
const EN_THANKS = /[\s,.!]*\b(?:thank you|thanks|cheers)(?: (?:very much|so much|a lot|anyway|though))?[\s.!]*$/iu;

/** The text without the thanks it ends with; undefined when there are none, or nothing else. */
export function withoutThanks(text: string): string | undefined {
  const whole = squeezed(text);
  const rest = whole.replace(ZH_THANKS, '').replace(EN_THANKS, '').trim();
  return rest === whole || rest.length < 2 ? undefined : rest;
}

const DIGITS = new Set('0123456789零〇一二三四五六七八九幺两洞拐勾');
const FEWEST_DIGITS = 4;
/** What announces a number, right before it. */
const ANNOUNCEMENT =
  /(?:(?:我的|它的|的)?(?:订单号码?|订单编号|订单|单号|编号|号码|运单号|快递单号|尾号|手机号码?|电话号码?|卡号) ?(?:是|为)?|(?:(?:it'?s|it is|the|my|with) ?)?(?:(?:order|tracking|phone|card) ?)?(?:number|no\.?) ?(?:is)?)$/iu;
const LONGEST_ANNOUNCEMENT_CHARS = 40;
/** Shorter than this nothing is left that could be a wish. */
const SHORTEST_WISH_CHARS = 3;

/** What was said before a number at the end ("我要退货订单号八七六五四三二一"), four digits or more, said or written; undefined when there is no number, or nothing before it. */
export function beforeNumber(text: string): string | undefined {
  const whole = squeezed(text).replace(/[\s。.]$/u, '');
  let start = whole.length;
  let digits = 0;
  for (; start > 0; start -= 1) {
    const isDigit = DIGITS.has(whole.charAt(start - 1));
    // Groups of digits have a blank or a hyphen between them.
    const between = !isDigit && /[\s-]/u.test(whole.charAt(start - 1)) && DIGITS.has(whole.charAt(start - 2));
    if (!isDigit && !between) break;
    if (isDigit) digits += 1;
  }
  if (digits < FEWEST_DIGITS) return undefined;
  const said = whole.slice(0, start).replace(/[\s:：,，]{0,3}$/u, '');
  const far = said.slice(0, -LONGEST_ANNOUNCEMENT_CHARS);
  const rest = (far + said.slice(-LONGEST_ANNOUNCEMENT_CHARS).replace(ANNOUNCEMENT, ''))
    .replace(/[\s,，。]{0,3}$/u, '')
    .trim();
  return rest.length < SHORTEST_WISH_CHARS ? undefined : rest;
}

/**
 * Of each run of blanks and stops the first only: a pattern that has room for them in several places would otherwise try every way to share out a long run, which takes minutes for a
 * hostile text.
 */
function squeezed(text: string): string {
  return text.replace(/[\s,，。.!！~]+/gu, (run) => run.charAt(0)).trim();
}
