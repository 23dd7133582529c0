/**
 * Words that ask for something to be done ("先帮我查…", "can you first …"), beside those that only tell what happened ("我的快递坏了"): where any words would be an answer, a wish counts
 * only when it is put as one.
 */

/** What may stand before it. No word is made of others: the match stays linear. */
const ZH_BEFORE = '嗯|呃|哎|那|等等|等一下|等下|不|对了|但是|不过|你|您|再|[,，。！!\\s]';
const ZH_ASKS =
  '先(?![前生后])|顺便|麻烦|请(?!问)|帮(?:我|忙)|给我|替我|能不能|可不可以|我(?:还|就|只)?(?:想|要|需要)(?!的|说|讲|问问|知道你们)';
const EN_BEFORE = 'um|uh|no|wait|hold on|but|and|also|ok|okay|well|sorry|oh|actually';
const EN_ASKS =
  "first(?! of all)|before (?:that|this)|please|(?:can|could|would|will) you|(?:can|could|may) i|i(?:'d like| would like| want| need)(?= (?:to|a|an|my|you)\\b)|let's|let me|help me";

const REQUEST = new RegExp(
  `^(?:${ZH_BEFORE})*(?:${ZH_ASKS})|^(?:(?:${EN_BEFORE})(?![a-z])|[\\s,.!;])*(?:${EN_ASKS})\\b|\\bfirst[\\s.!?]*$`,
  'iu',
);
/** A request says so at its beginning; a long text is not searched. */
const MAX_CHARS = 200;

export function isPutAsRequest(text: string): boolean {
  return REQUEST.test(text.slice(0, MAX_CHARS).replace(/[’]/gu, "'"));
}

/**
 * Words that ask, beside those that tell: told by what questions begin with in English, and in Mandarin by the words that stand in them, "…吗" or "…呢" at their end, or "能不能". Ears write no
 * question mark; one that is there is believed.
 */
const ZH_QUESTION =
  /[?？]\s*$|(?:吗|么|呢|嘛)[。！!\s]*$|几(?:点|号|天|个|月|时)|多少|多久|多大|多远|什么时候|什么时间|啥时候|哪(?:里|儿|天|些|个|家|种)|怎么(?!说)|如何|为什么|能不能|可不可以|会不会|有没有|是不是|要不要|用不用/u;
const EN_QUESTION = new RegExp(
  `^(?:(?:${EN_BEFORE}|by the way|just|tell me|hey)(?![a-z])|[\\s,.!;])*(?:(?:when|what time|what days|where|how (?:much|many|long|late|far|do|can|does)|which|who|what)(?:'s|'re)?|do|does|is|are|can|will|would|may|have|has)\\b`,
  'iu',
);
const ZH = /\p{Script=Han}/u;

export function isPutAsQuestion(text: string): boolean {
  const words = text.slice(0, MAX_CHARS).replace(/[’]/gu, "'");
  return ZH.test(words) ? ZH_QUESTION.test(words) : /[?？]\s*$/u.test(words) || EN_QUESTION.test(words);
}

/** "不对，是文三路66号", "no, 14 Lake Street": a no and what is right, which is named as such or holds a number. */
const INSTEAD = [
  /^(?:[嗯呃哦]|啊)*(?:不对|不是|不(?=[，,\s])|错了|弄错了|说错了)(?:啊|哦|了)?[，,。\s]*(?:(?:应该)?是|改成|叫)[，,\s]*(?![这那的吗])(\S.*)$/su,
  /^(?:[嗯呃哦]|啊)*(?:不对|不是|错了|弄错了|说错了)(?:啊|哦|了)?[，,。\s]*(\S*\d.*)$/su,
  /^(?:(?:um|uh|oh)[\s,]+)*(?:no|nope|wrong|sorry|that's wrong|that is wrong)\b[\s,.]+(?:(?:sorry|actually)[\s,]+)?(?:it's|it is|i said|i meant|i mean|make it|it should be)\s+(?!wrong\b|not\b|right\b)(\S.*)$/isu,
  /^(?:(?:um|uh|oh)[\s,]+)*(?:no|nope|wrong|sorry|that's wrong|that is wrong)\b[\s,.]+(\d.*|\S+(?:\s+\S+){0,2}\s+\d.*)$/isu,
];

/** What an utterance says is right instead; undefined where it says nothing of it. */
export function putInstead(text: string): string | undefined {
  const words = text.slice(0, MAX_CHARS).replace(/[’]/gu, "'").trim();
  for (const pattern of INSTEAD) {
    const right = pattern.exec(words)?.[1]?.replace(/[。.!！\s]+$/u, '');
    if (right !== undefined && right.length > 1) return right;
  }
  return undefined;
}

/** "可以，但是…", "yes, but …": no plain yes. */
const RESERVATION =
  /(?:但是?|不过|可是|只是|除了)(?=[^\s吧啊呢了。！!]{2})|\b(?:but|except|only|however|though)\b[\s,]+\S{2}/iu;

export function hasReservation(text: string): boolean {
  return RESERVATION.test(text.slice(0, MAX_CHARS));
}
