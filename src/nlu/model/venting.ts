/** "你们怎么回事，我要退货", "this is ridiculous, I want a refund": anger first, and then what is wanted. */

const ZH_ANGER = [
  '(?:到底|究竟)?(?:怎么|咋)(?:回事|搞的|弄的|办事的|做事的|做生意的)',
  '(?:在)?搞什么(?:鬼|名堂|飞机)?|有没有搞错|搞没搞错',
  '(?:真是|真的?|都)?(?:要|快)?(?:把我|让我|给我)?(?:气死|烦死|急死)(?:我|人)?',
  '(?:真是|真的?|也)?(?:太|够)(?:过分|差劲?|坑人?|烂|气人|离谱|不像话|慢|不负责任?)',
  '(?:真是|真的?|简直)(?:服(?:了你们?)?|无语|气人|倒霉|离谱|不像话|受不|够)',
  '什么(?:(?:破|烂|垃圾|鬼)(?:服务|公司|平台|东西|玩意儿?|态度|商家|店)|服务|态度)',
  '(?:我)?(?:很|非常|特别|真的?)(?:生气|不满意?|失望|无语|恼火)',
  '(?:我)?(?:受够|受不|忍不)|无语|烦死|气死',
  '(?:服务|态度|质量)(?:真是|真的?|也)?(?:太|真|好|这么)(?:差劲?|烂|坏|恶劣)',
].join('|');
const ZH = new RegExp(
  `^(?:(?:喂|哎|唉|我说|我的天|天哪|哎呀|拜托)?[\\s，,]*(?:你们|你|您|这|这家|这个)?(?:店|公司|客服)?(?:是)?(?:${ZH_ANGER})(?:了|啦|啊|呀|呢|吧|嘛|的)*[\\s，,。.!！?？、]*)+`,
  'u',
);
const EN_ANGER = [
  "what(?:'s| is| the (?:hell|heck) is) (?:going on|wrong with you(?: (?:people|guys))?|this)",
  "(?:this|that|it)(?:'s| is)(?: (?:just|so|really|absolutely|completely))? (?:ridiculous|unacceptable|outrageous|terrible|awful|a joke|a disgrace|insane)",
  "(?:i'm|i am)(?: (?:so|really|very|absolutely|pretty))? (?:angry|furious|mad|upset|annoyed|fed up|sick of (?:this|it|you))(?: (?:with|at) (?:you|this)(?: (?:people|guys))?)?",
  "i(?:'ve| have) had enough(?: of (?:this|it))?|are you (?:kidding|joking)(?: me)?|unbelievable|ridiculous",
  '(?:what )?(?:terrible|awful|horrible|lousy) (?:service|company)',
].join('|');
const EN = new RegExp(
  `^(?:(?:oh|well|look|listen|seriously|come on)?[\\s,]*(?:${EN_ANGER})[\\s,.!?;]+(?:and |so )?)+`,
  'iu',
);
/** Angry beginnings are short; the rest of a long text is not searched. */
const MAX_CHARS = 80;

/** Where the wish begins after the anger; undefined when there is none of it, or nothing is said after it. */
export function wishAfterAnger(text: string): number | undefined {
  const begin = text.slice(0, MAX_CHARS);
  const vented = ZH.exec(begin) ?? EN.exec(begin);
  if (vented === null) return undefined;
  return /[\p{L}\p{N}]{2}/u.test(text.slice(vented[0].length)) ? vented[0].length : undefined;
}
