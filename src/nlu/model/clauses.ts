/** One part of an utterance that may hold a wish of its own. */
export interface Clause {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Said with a word that adds something ("顺便", "and also"). */
  readonly joined: boolean;
}

const JOINER = /然后|还有|顺便|另外|再|对了|以及|并且|同时|\b(?:and|also|then|plus)\b/iu;

/** Where one wish ends and the next begins: punctuation, or words that add something ("另外", but not "另外一个号码"). */
const SEPARATOR =
  /[,，。;；!！?？、]+\s*(?:(?:然后|还有|顺便|另外|再|对了|以及|并且|同时|and also|and then|and|also|then|plus|oh and)\s*)?|\s*(?:顺便|然后再?|还有就是|还有|(?<![我你他她打换送寄到给用把是在改发查一下](?=另外(?:的|那?[一两几]?[个件双台部张条号单])))另外|对了|以及|并且|同时)\s*|\s+(?:and also|and then|and|also|then|plus|oh and)\s+/giu;
/** Commonest separator of recognised speech is a space between Han characters. */
const HAN_SPACE = /(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])/gu;
/** Whatever parts clauses has one of these. */
const HAS_CUT = /[,，。;；!！?？、\s]|顺便|然后|还有|另外|对了|以及|并且|同时/;
const MAX_CLAUSES = 6;

/** Splits an utterance where callers join wishes ("查一下订单,顺便把地址改了"). One clause when there is nothing to split. */
export function splitClauses(text: string): Clause[] {
  if (text !== '' && !HAS_CUT.test(text)) return [{ text, start: 0, end: text.length, joined: false }];
  const cuts = [...text.matchAll(SEPARATOR), ...text.matchAll(HAN_SPACE)]
    .map((match) => ({ start: match.index, end: match.index + match[0].length, joined: JOINER.test(match[0]) }))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const clauses: Clause[] = [];
  let from = 0;
  let joined = false;
  const push = (start: number, end: number) => {
    const words = text.slice(start, end);
    const lead = words.length - words.trimStart().length;
    const trimmed = words.trim();
    if (trimmed !== '')
      clauses.push({ text: trimmed, start: start + lead, end: start + lead + trimmed.length, joined });
  };
  for (const cut of cuts) {
    if (cut.start < from || clauses.length >= MAX_CLAUSES - 1) continue;
    push(from, cut.start);
    from = cut.end;
    joined = cut.joined;
  }
  push(from, text.length);
  return clauses;
}

/** "和" stands between two wishes as between two things ("衣服和裤子") or persons ("和客服说"); "先查订单再退货" is two only with its "先" (or "完"): "再" also begins "再说一遍". */
const THEN = /(?<=[先完].{1,20})再(?![见说次])/u;
const ZH_AND = new RegExp(`[和与跟]|${THEN.source}`, 'u');
const COMPARED = /区别|不同|一样|相比|哪个|哪种/u;
const SHORTEST_CHARS = 2;

/**
 * What stands beside each other with "和", or is to be done one after the other: wishes only if each part is one by itself ("退货和开发票"). `joined`: with "先…再", which is
 * said of wishes only. None where that can't be.
 */
export function splitListed(text: string): Clause[] {
  if (!ZH_AND.test(text) || COMPARED.test(text)) return [];
  const clauses: Clause[] = [];
  const inTurn = THEN.test(text);
  let start = 0;
  for (const part of text.split(ZH_AND)) {
    clauses.push({ text: part, start, end: start + part.length, joined: inTurn });
    start += part.length + 1;
  }
  return clauses.length > MAX_CLAUSES || clauses.some((clause) => clause.text.trim().length < SHORTEST_CHARS)
    ? []
    : clauses;
}
