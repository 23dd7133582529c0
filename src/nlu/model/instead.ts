/** "算了，还是换货", "never mind, exchange it": what is under way is given up, and something else is wanted in its place. */

const ZH =
  /^[\s，,]*(?:嗯|呃|哎|唉|那|哦)?(?:还是)?(?:算了吧?|不(?:退|换|办|弄|改|查|开|取消|投诉)了|不(?:能|可以)(?:退|换|改|取消)(?:货|掉)?(?:吗|么|啊|了)?(?=[\s，,。？?]*那))[\s，,。.!！？?]*(?:(?:那|我)*(?:还是|不如|干脆))?|^[\s，,]*(?:嗯|呃|哎|那|哦|我|就)*还是(?=(?:给我|帮我)?(?:[退换改查开]|取消|投诉))/u;
const EN =
  /^[\s,]*(?:oh|um|uh|well|no|ok(?:ay)?|actually)?[\s,]*(?:(?:never ?mind|forget (?:it|that|about (?:it|that))|scrap that|on second thoughts?)[\s,.!;]+(?:(?:then|instead)\s+)?|(?:actually|you know what)[\s,]+(?:let's\s+)?just\s+)/iu;

/** Where the new wish begins in the utterance; undefined when nothing is given up, or nothing is said after it. */
export function insteadStart(text: string): number | undefined {
  const given = ZH.exec(text) ?? EN.exec(text);
  if (given === null) return undefined;
  return /[\p{L}\p{N}]{2}/u.test(text.slice(given[0].length)) ? given[0].length : undefined;
}
