import { plainText } from '../entities/plain.js';
import { isHan } from '../features/normalize.js';
import { hanKey, hanKeys } from './features.js';
import { ZH_SENTIMENT_BIAS, ZH_SENTIMENT_SCALE, ZH_SENTIMENT_WEIGHTS } from './zh-weights.js';

/** How a caller feels and how much of a hurry they are in, from the words alone. */
export interface Mood {
  /** -1 (upset) .. 1 (pleased). */
  readonly sentiment: number;
  /** 0 (no hurry) .. 1 (now). */
  readonly urgency: number;
}

/** By `hanKey`. */
const zhWeights: ReadonlyMap<number, number> = new Map(
  ZH_SENTIMENT_WEIGHTS.split(' ').map((entry): [number, number] => {
    const at = entry.search(/-?\d+$/);
    return [hanKey(entry.slice(0, at)), Number(entry.slice(at)) * ZH_SENTIMENT_SCALE];
  }),
);

/** Telephone talk that reviews don't teach; weights by judgement, 1 = plainly upset or pleased. */
const ZH_PHRASES: readonly (readonly [RegExp, number])[] = [
  [/投诉|骗子|骗人|坑人|垃圾|曝光|举报|消协|幺二三幺五|12315|起诉|律师|气死|过分|恶心|混蛋|王八蛋|他妈|妈的|滚/, -0.8],
  [
    /太差|很差|真差|差劲|破服务|不负责|不讲理|没人管|没人理|什么态度|怎么回事|搞什么|忍无可忍|受不了|火大|生气|愤怒|失望|不满|糟糕|烂|敷衍|推卸|拖着|欺骗/,
    -0.6,
  ],
  [
    /还没(?:到|收到|解决|处理)|一直没|到现在都|等了.{0,6}(?:天|周|星期|小时|月)|第[二三四五六]次|好几次|打了.{0,4}(?:次|遍)|坏了|不能用|(?<!不)(?<!不用)着急|(?<!不)烦/,
    -0.35,
  ],
  [/谢谢|感谢|多谢|辛苦了|太好了|很好|不错|满意|真棒|帮了大忙|厉害|喜欢|开心|高兴|完美|点赞/, 0.6],
];
const ZH_NEGATED_GOOD = /不(?:太|是很|怎么|够)?(?:好|满意|喜欢|开心|高兴|行|错过)|没(?:那么|有)?(?:好|满意)|不太好/;
const EN_WORDS: Readonly<Record<string, number>> = {
  terrible: -0.8,
  awful: -0.8,
  horrible: -0.8,
  worst: -0.9,
  useless: -0.8,
  ridiculous: -0.7,
  unacceptable: -0.8,
  disgusting: -0.8,
  pathetic: -0.8,
  scam: -0.9,
  fraud: -0.8,
  liar: -0.8,
  liars: -0.8,
  hate: -0.7,
  angry: -0.7,
  furious: -0.9,
  annoyed: -0.6,
  annoying: -0.6,
  frustrated: -0.7,
  frustrating: -0.7,
  disappointed: -0.6,
  disappointing: -0.6,
  upset: -0.6,
  unhappy: -0.6,
  rude: -0.6,
  bad: -0.5,
  poor: -0.4,
  broken: -0.4,
  damaged: -0.4,
  defective: -0.4,
  faulty: -0.4,
  wrong: -0.3,
  late: -0.3,
  missing: -0.3,
  lost: -0.3,
  nobody: -0.3,
  never: -0.3,
  still: -0.15,
  waiting: -0.2,
  complain: -0.6,
  complaint: -0.6,
  sue: -0.8,
  lawyer: -0.6,
  joke: -0.5,
  crap: -0.7,
  damn: -0.6,
  hell: -0.5,
  stupid: -0.7,
  idiot: -0.8,
  idiots: -0.8,
  sick: -0.4,
  great: 0.7,
  good: 0.5,
  excellent: 0.8,
  perfect: 0.8,
  wonderful: 0.8,
  amazing: 0.8,
  awesome: 0.8,
  love: 0.7,
  loved: 0.7,
  happy: 0.6,
  pleased: 0.6,
  thanks: 0.4,
  thank: 0.4,
  appreciate: 0.5,
  helpful: 0.6,
  nice: 0.5,
  fantastic: 0.8,
  best: 0.6,
  glad: 0.5,
  cheers: 0.4,
  brilliant: 0.7,
  lovely: 0.6,
  satisfied: 0.6,
  fine: 0.2,
};
const EN_NEGATION = new Set([
  'not',
  "don't",
  "isn't",
  "wasn't",
  "aren't",
  "can't",
  "didn't",
  "doesn't",
  "won't",
  'no',
  'never',
  'hardly',
  "ain't",
  'without',
]);
const EN_STRONG = new Set(['very', 'so', 'really', 'extremely', 'absolutely', 'totally', 'completely', 'such', 'too']);

const URGENT: readonly (readonly [RegExp, number])[] = [
  [
    /马上|立刻|立即|赶紧|赶快|火速|十万火急|来不及|救命|紧急|immediately|right now|right away|urgent(?:ly)?|emergency|asap|as soon as possible|this instant/,
    0.8,
  ],
  [
    /尽快|快点|快一点|快些|抓紧|很急|着急|急用|急需|急着|今天必须|今天一定|加急|hurry|quickly|in a rush|need it today|can't wait|running out of time|deadline|today or/,
    0.6,
  ],
  [/急|等不了|等不及|soon|fast/, 0.35],
];
const NOT_URGENT =
  /不(?:着)?急|没那么急|不用(?:太)?(?:着)?急|慢慢|no (?:rush|hurry)|not urgent|take your time|whenever/;

export function readMood(text: string): Mood {
  const plain = plainText(text.slice(0, 1000));
  return { sentiment: clamp(zhSentiment(plain) + enSentiment(plain)), urgency: urgencyOf(plain, text) };
}

function zhSentiment(plain: string): number {
  const features = hanKeys(plain);
  if (features.size === 0) return 0;
  let sum = 0;
  let known = 0;
  for (const feature of features) {
    const weight = zhWeights.get(feature);
    if (weight === undefined) continue;
    sum += weight;
    known++;
  }
  // Few known characters say little: the share of the model grows with them. Bias belongs to whole reviews.
  const evidence = Math.min(1, known / 12);
  const learned = Math.tanh((sum / Math.sqrt(features.size) + ZH_SENTIMENT_BIAS * evidence) * 0.8) * evidence * 0.45;
  let told = 0;
  for (const [pattern, weight] of ZH_PHRASES) {
    const good = weight > 0 && ZH_NEGATED_GOOD.test(plain);
    if (pattern.test(plain)) told += good ? -0.4 : weight;
  }
  if (told === 0 && ZH_NEGATED_GOOD.test(plain)) told = -0.4;
  // What was said outright decides; the learned part only shades it.
  return told === 0 ? learned : told + learned * 0.3;
}

function enSentiment(plain: string): number {
  const words = plain.match(/[a-z]+(?:'[a-z]+)?/g) ?? [];
  let sum = 0;
  words.forEach((word, at) => {
    const weight = EN_WORDS[word];
    if (weight === undefined || !Object.hasOwn(EN_WORDS, word)) return;
    const before = words.slice(Math.max(0, at - 3), at);
    const negated = before.some((other) => EN_NEGATION.has(other));
    const strong = before.some((other) => EN_STRONG.has(other)) ? 1.3 : 1;
    // "not good" is mildly bad, "not bad" mildly good; "never" and "nobody" don't negate themselves.
    sum += negated ? -0.6 * weight : weight * strong;
  });
  return sum;
}

function urgencyOf(plain: string, text: string): number {
  if (NOT_URGENT.test(plain)) return 0;
  const told = URGENT.reduce((most, [pattern, weight]) => (pattern.test(plain) ? Math.max(most, weight) : most), 0);
  const shouting =
    /[!！]{2,}/.test(text) || (/[A-Z]{4,}/.test(text) && text === text.toUpperCase() && ![...text].some(isHan));
  return clamp(told + (shouting ? 0.2 : 0));
}

function clamp(value: number): number {
  return Math.round(Math.max(-1, Math.min(1, value)) * 1000) / 1000;
}
