/** Wishes among words that are no part of them: thanks at the end, a number that is told along. */

const ZH_THANKS =
  /[\s,，。.!！]*(?:好的?|行)?[\s,，]*(?:谢谢|多谢|感谢|谢了|麻烦了|辛苦了?)(?:你们?|您们?|啊|啦|了|哈)*[\s。.!！~]*$/u;
const EN_THANKS = /[\s,.!]*\b(?:thank you|thanks|cheers)(?: (?:very much|so much|a lot|anyway|though))?[\s.!]*$/iu;

/** The text without the thanks it ends with; undefined when there are none, or nothing else. */
export function withoutThanks(text: string): string | undefined {
  const rest = text.replace(ZH_THANKS, '').replace(EN_THANKS, '').trim();
  return rest === text.trim() || rest.length < 2 ? undefined : rest;
}

/** Digits, said or written, four or more, with what announces them. */
const NUMBER =
  /[\s,，。]*(?:(?:我的|它的|的)?(?:订单号码?|订单编号|订单|单号|编号|号码|运单号|快递单号|尾号|手机号码?|电话号码?|卡号)\s*(?:是|为)?|(?:it'?s|it is|the|my|with)?\s*(?:order|tracking|phone|card)?\s*(?:number|no\.?)\s*(?:is|:)?)?[\s:：,，]*(?:[\d零〇一二三四五六七八九幺两洞拐勾][\s-]?){4,}[\s。.]*$/iu;
/** Shorter than this nothing is left that could be a wish. */
const SHORTEST_WISH_CHARS = 3;

/** What was said before a number at the end ("我要退货订单号八七六五四三二一"); undefined when there is no number, or nothing before it. */
export function beforeNumber(text: string): string | undefined {
  const at = text.search(NUMBER);
  if (at === -1) return undefined;
  const rest = text.slice(0, at).trim();
  return rest.length < SHORTEST_WISH_CHARS ? undefined : rest;
}
