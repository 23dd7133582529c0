/** Wishes that the caller does not have: "不要转人工", "I don't want an agent". The words of the wish are all there, only one small word turns it round. */

export interface NegatedWish {
  /** What is not wanted: "转人工". */
  readonly rest: string;
  /** A wish said in the same breath, after it: "我要查订单"; empty when there is none. */
  readonly instead: string;
  /** Where `instead` begins in the text. */
  readonly insteadStart: number;
}

const ZH_NOT =
  /^(?:嗯|呃|额|哎|那个?|啊|哦|喂|你好|我说|都说了?|跟你说了?|我|你们?|您|算了|又|还是|其实|想了?想|请|麻烦|先|千万|可以|能不能|可不可以|暂时|现在|[,，\s])*(?:不要(?!紧|脸)|不想要?|不用(?!心)|不需要|用不着|不必|无需|别(?![人的处说家])|没说过?[要想]|没[要想](?!到)|不是(?:[要想来]|(?=[^是吗呢,，。\s]{1,8}(?:[,，\s]*而?是|[。.!！\s]*$)))|没让你?|没叫你?|(?<!你们?|您)不(?=查|退货|退了|换货|换了|改|办|开发?票|转|取消|投诉))(?:再|去|来|给|帮|我(?![要想])|你|您|先|急着|马上|[,，\s])*/u;
const ZH_INSTEAD =
  /(?<=.)[,，\s]*(?=但是?|不过|而是|我[就只是]?[要想]|就[要想]|只[要想是]|我是[要想])|(?<=.了)(?=你?给我|请|直接|转|找|叫|接|查|取消|退|换|改|开)|(?<=..)(?=你?帮我|帮忙|麻烦)|(?<=.)[,，\s]*还是(?![没不有])/u;
/** The same after "不是": "不是退货是换货". */
const ZH_BUT_IS = /(?<=.)[,，\s]*(?:我?[就而只]?是|(?=但是?|不过|我?[就只]?[要想]))/u;
/** "不是要三天到吗": a question that expects a yes. */
const ZH_RHETORICAL = /(?:吗|嘛|呢|吧)[?？。\s]*$/u;

const EN_NOT =
  /^(?:um+\b|uh+\b|er|no|nope|please|look|listen|hey|hi|hello|well|oh|sorry|actually|wait|but|[\s,.!])*(?:(?:i|we)\s+(?:really\s+|still\s+)?(?:don'?t|do not|didn'?t|did not|never)\s+(?:really\s+|actually\s+)?(?:want|need|ask|asked|wish|mean|meant|say|said)(?:\s+(?:you\s+to|to|for|about))?|(?:i'm|i am|we're)\s+not\s+(?:calling|trying|here|looking|asking|going)(?:\s+(?:to|for|about))?|(?:you\s+)?(?:don'?t|do not|needn'?t)(?:\s+(?:have to|need to))?(?!\s+(?:know|understand|see|have|think|recogni[sz]e|remember|get|like|believe|care|worry|find|hear|seem)\b)|there(?:'s| is)\s+no need\s+(?:for|to)|no need\s+(?:for|to))\s+/u;
const EN_INSTEAD =
  /(?<!\bto)[,.;]?\s+(?=(?:but|just|instead|rather)\b|(?:please\s+)?(?:get|give|put|transfer|connect)\s+me\b|(?:can|could)\s+you\b|(?:i|we)(?:'d| would| just| only)?\s+(?:want|need|like|wanna)\b|(?:i'm|i am)\s+(?:calling|looking|trying)\b)/u;
/** "I don't want it anymore" is a reason and not the absence of a wish, whatever comes after it: "cancel the order". */
const EN_REASON =
  /\b(?:want|need)\s+(?:(?!to\b)[^,.;!?]*?\bany\s?(?:more|longer)\b|(?:it|them)\s+(?:please\s+|so\s+|just\s+)?(?:cancel|return|refund|send|take|exchange|change|give|get|let|call|transfer|connect)\b)/u;
/** The same in "不要了帮我取消订单", "不要这个了 …" (`了解` is a verb); and in "不要我要退货" "not" is said of what was asked before. */
const ZH_REASON = /^(?:(?:[这那](?:[个件双台单些款条把]|东西)?|它|东西)?了(?!解)|我[就只]?是?[要想])/u;

const PAUSE = /[,.;!?，。；！？]|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])/u;

/** Who talks for longer says more than "not this". */
const MAX_CHARS = 200;

/** Reads "not" at the beginning of an utterance (or clause) and what it is said of. Undefined where nothing is negated. */
export function readNegation(text: string): NegatedWish | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const plain = text.toLowerCase().replace(/[\u2018\u2019]/g, "'");
  const zh = ZH_NOT.exec(plain);
  const found = zh ?? EN_NOT.exec(plain);
  if (found === null) return undefined;
  const after = text.slice(found[0].length);
  const instead = zh === null ? EN_INSTEAD : zh[0].includes('不是') ? ZH_BUT_IS : ZH_INSTEAD;
  const cut = instead.exec(after.toLowerCase());
  // What comes after a pause is another clause, and not what "not" is said of.
  const pause = after.search(PAUSE);
  if (pause > 0 && (cut === null || pause < cut.index)) return readNegation(text.slice(0, found[0].length + pause));
  const rest = (cut === null ? after : after.slice(0, cut.index)).trim();
  const short = rest.replace(/[\s了的吧呢啊,，。.!！]/gu, '');
  if (short.length < (cut === null ? 2 : 1)) return undefined;
  if (zh === null ? EN_REASON.test(plain.slice(0, found[0].length + rest.length)) : ZH_REASON.test(after))
    return undefined;
  if (cut === null && zh !== null && ZH_RHETORICAL.test(plain)) return undefined;
  const insteadStart = cut === null ? text.length : found[0].length + cut.index + cut[0].length;
  return { rest, instead: text.slice(insteadStart).trim(), insteadStart };
}
