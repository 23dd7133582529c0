import { matchesOf } from './matches.js';
import type { Candidate, EntityContext } from './types.js';

/** Names of people, as callers give them. */

/** The hundred commonest family names cover most callers (Ministry of Public Security, 2020), with the compound ones. */
const SURNAMES =
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔文庞樊殷施牛';
const COMPOUND = '欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|司徒|端木';
const SURNAME = `(?:${COMPOUND}|[${SURNAMES}])`;
/** Characters that end a given name: what follows a name in a sentence. */
const NOT_NAME = '的了是吗呢啊吧我你他她它们这那要想在有和跟就都也不没给对呀哦嗯电手';
const GIVEN = `(?!先生|女士|小姐|太太|老师)[^${NOT_NAME}\\s\\d，。,.!！?？、a-z]{1,2}`;
const TITLE = '先生|女士|小姐|太太|老师|师傅|经理|阿姨|叔叔';

const EN_NAME = "[a-z][a-z'-]+";
const EN_STOP = new Set(
  'calling not here the a an just looking trying really very so sorry wondering interested waiting from in on at going still ready done fine good okay ok happy unhappy upset angry having getting your my his her their our this that it and or but to for with about is am are was were'.split(
    ' ',
  ),
);

export function extractNames(context: EntityContext): Candidate[] {
  return [...zhNames(context), ...enNames(context)];
}

function make(context: EntityContext, start: number, end: number, value: string, confidence: number): Candidate {
  return {
    entity: 'person',
    value,
    start,
    end,
    text: context.text.slice(start, end),
    confidence,
    extractor: 'names',
    priority: context.expected === 'person' ? 83 : 77,
  };
}

const ZH_CUED = new RegExp(
  `(?:我叫|我的名字叫|我的名字是|我名字是|我名字叫|名字叫|名字是|姓名是|姓名|叫做|收件人是|收件人叫|收货人是|联系人是|本人)\\s*(${SURNAME}${GIVEN})`,
  'g',
);
const ZH_FAMILY = new RegExp(`(?:我姓|免贵姓|姓)(${SURNAME})(?!名)`, 'g');
const ZH_TITLED = new RegExp(
  `(?<![\\u4e00-\\u9fff])(?:我是|这里是|我这边是)?(${SURNAME}(?:${GIVEN})?)(?=${TITLE})`,
  'g',
);
const ZH_WHOLE = new RegExp(
  `^\\s*(?:嗯+|呃+|额)?[，,\\s]*(?:我是|是|叫|我叫|就是)?\\s*(${SURNAME}${GIVEN}|${SURNAME})\\s*(?:先生|女士|小姐)?[。.!！吧呀啊]*$`,
);
const HAS_HAN = /[\u4e00-\u9fff]/;
/** What every cue and every title has one of. */
const HAS_ZH_CUE = new RegExp(`[叫名姓人]|${TITLE}`);

function zhNames(context: EntityContext): Candidate[] {
  const { plain, expected } = context;
  const out: Candidate[] = [];
  if (!HAS_HAN.test(plain)) return out;
  for (const pattern of HAS_ZH_CUE.test(plain) ? [ZH_CUED, ZH_FAMILY, ZH_TITLED] : [])
    for (const match of matchesOf(pattern, plain)) push(out, context, match, 1);
  if (expected === 'person') {
    const whole = ZH_WHOLE.exec(plain);
    if (whole) push(out, context, whole as RegExpMatchArray, 1);
  }
  return out;
}

function push(out: Candidate[], context: EntityContext, match: RegExpMatchArray, group: number): void {
  const words = match[group];
  if (words === undefined || match.index === undefined) return;
  const start = match.index + match[0].indexOf(words);
  out.push(make(context, start, start + words.length, words, 0.9));
}

const EN_CUED = new RegExp(
  `(?:my name is|my name's|the name is|the name's|name is|first name is|last name is|surname is|i am called|they call me|you're speaking (?:with|to)|this is)\\s+((?:${EN_NAME})(?:\\s+${EN_NAME}){0,2})(?=\\s+(?:speaking|calling|here)|[\\s,.!?]|$)`,
  'g',
);

const EN_INTRODUCED = new RegExp(
  `(?:i'm|i am|it's)\\s+(${EN_NAME}(?:\\s+${EN_NAME})?)(?=[,.!?]|$|\\s+(?:speaking|calling|here|and))`,
  'g',
);
const EN_TITLED = new RegExp(`\\b(?:mr|mrs|ms|miss|mister|dr)\\.?\\s+(${EN_NAME})`, 'g');
const EN_WHOLE = new RegExp(
  `^\\s*(?:(?:uh+|um+|yes|yeah|sure|it's|it is)[,\\s]+)*((?:${EN_NAME})(?:\\s+${EN_NAME}){0,2})[\\s.!]*$`,
);
const HAS_LETTER = /[a-z]/;

function enNames(context: EntityContext): Candidate[] {
  const { plain, text, expected } = context;
  const out: Candidate[] = [];
  if (!HAS_LETTER.test(plain)) return out;
  const add = (start: number, words: string) => {
    const kept = keepName(words);
    if (kept === '') return;
    const said = text.slice(start, start + kept.length);
    out.push(make(context, start, start + kept.length, titleCase(said), 0.88));
  };
  for (const match of matchesOf(EN_CUED, plain)) {
    const words = match[1] ?? '';
    // "this is" opens much else: it wants "speaking", "calling", "here", a capital in the text, or the question for a name.
    const start = match.index + match[0].length - words.length;
    if (/this is\s+$/.test(plain.slice(0, start)) && !isIntroduced(context, start, words)) continue;
    add(start, words);
  }
  for (const match of matchesOf(EN_INTRODUCED, plain)) {
    const start = match.index + match[0].length - (match[1] ?? '').length;
    if (isIntroduced(context, start, match[1] ?? '')) add(start, match[1] ?? '');
  }
  for (const match of matchesOf(EN_TITLED, plain)) {
    add(match.index + match[0].length - (match[1] ?? '').length, match[1] ?? '');
  }
  if (expected === 'person' && out.length === 0) {
    const whole = EN_WHOLE.exec(plain);
    if (whole?.[1]) add(whole.index + whole[0].indexOf(whole[1]), whole[1]);
  }
  return out;
}

function isIntroduced(context: EntityContext, start: number, words: string): boolean {
  if (context.expected === 'person') return true;
  if (
    /^\s+(?:speaking|calling|here)\b/.test(context.plain.slice(start + words.length)) ||
    /\b(?:speaking|calling|here)$/.test(words)
  )
    return true;
  return /^\p{Lu}/u.test(context.text.slice(start)) && !/^\p{Lu}{2}/u.test(context.text.slice(start));
}

/** Words up to the first that is no name. */
function keepName(words: string): string {
  const parts = words.split(/(\s+)/);
  let kept = '';
  for (const part of parts) {
    if (part.trim() === '') {
      kept += part;
      continue;
    }
    if (EN_STOP.has(part) || /^(?:speaking|calling)$/.test(part)) break;
    kept += part;
  }
  return kept.trimEnd();
}

function titleCase(words: string): string {
  return words
    .toLowerCase()
    .replace(/(^|[\s'-])([a-z])/g, (_all, before: string, letter: string) => before + letter.toUpperCase());
}
