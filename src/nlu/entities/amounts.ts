import { makeCandidate as candidate, cents, E } from './amount-parts.js';
import { EN_NUMBER, EN_ORDINAL, readEnNumber, readEnOrdinal } from './en-number.js';
import { matchesOf } from './matches.js';
import { enMoney, zhMoney } from './money.js';
import type { Candidate, EntityContext } from './types.js';
import { readZhAbout, readZhNumber, ZH_NUMBER } from './zh-number.js';

/** Money, quantities, percentages and bare numbers, Mandarin and English. */

const MEASURES =
  '个|件|双|只|条|台|部|本|箱|盒|袋|包|套|张|瓶|罐|支|根|块儿|斤|公斤|千克|克|对|份|位|人|次|把|顶|款|单|笔|辆|副|打|片|卷|桶|杯|串|朵|间|层|楼|项';
const EN_UNITS =
  'items?|pieces?|pairs?|boxes|box|packs?|packages?|bottles?|units?|copies|copy|sets?|bags?|cases?|cans?|kilos?|kilograms?|pounds? of|people|persons?|orders?|tickets?|times|shirts?|shoes|phones?|jackets?|books?|chairs?|of them|of those|of these';

/** Any way to write or say a number begins with one of these. */
const HAS_NUMBER =
  /[\d零〇一二两三四五六七八九十百千万半俩仨几]|last |zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twel|teen|twenty|thirt|fort|fift|hundred|thousand|grand|million|dozen|couple|half|first|second|third|pair|box|(?<![a-z])an? (?:dollar|buck|yuan|euro|pound|quid|yen)/;

const ZH_PERCENT = new RegExp(`百分之(${ZH_NUMBER})`, 'g');
const EN_PERCENT = new RegExp(`(?<![\\w.])${E}\\s+per\\s?cent(?![a-z])`, 'g');
const ZH_QUANTITY = new RegExp(
  `(?<![\\d零〇一二两三四五六七八九十百千万亿点第.后末前])(${ZH_NUMBER}|俩|仨|半|几)(多)?(${MEASURES})(半)?`,
  'g',
);
const EN_QUANTITY = new RegExp(`(?<![\\w.$])${E}\\s+(?:more\\s+)?(${EN_UNITS})(?![a-z])`, 'g');
const ZH_BARE = new RegExp(
  `(?<![\\d零〇一二两三四五六七八九十百千万亿点幺第.a-z])(?:${ZH_NUMBER})(?![零〇一二三四五六七八九十百千万亿\\d.])`,
  'g',
);
const EN_BARE = new RegExp(`(?<![\\w.$'])(?:${EN_NUMBER})(?![\\w%']|\\.\\d)`, 'g');
const EN_ORDINAL_NOUN = new RegExp(
  `(?<![a-z\\d])(?:the\\s+)?(?:(${EN_ORDINAL})(?=\\s+(?:one|item|option|order|choice|slot|appointment)\\b)|last(?=\\s+(?:one|item|option|choice|slot)\\b))`,
  'g',
);
const ZH_ORDINAL = new RegExp(`第(${ZH_NUMBER})(?:个|件|单|项|条|笔)?|最后一?(?:个|件|单|项|条|笔)`, 'g');
/** "The last one", whatever their number. */
const LAST = -1;

const ZH_DISCOUNT =
  /打?(?<![\d.零一二三四五六七八九十第])([一二三四五六七八九]{1,2}|\d(?:\.\d)?)折(?!叠|磨|腾|断|返|回)/g;

const PERCENT_SIGN = /(\d+(?:\.\d+)?)\s*%/g;
const ZH_TENTHS = /([一二两三四五六七八九\d])成(半)?(?![为了功交员本年立都])/g;
const EN_SET = /(?<![a-z])an?\s+(pair|dozen|box|couple)\s+of(?: them| those| these)?(?![a-z])/g;
/** What English amounts can't do without; those of bare numbers may be digits only. */
const HAS_LETTER = /[a-z]/;
const HAS_LETTER_OR_DIGIT = /[a-z\d]/;

export function extractAmounts(context: EntityContext): Candidate[] {
  if (!HAS_NUMBER.test(context.plain)) return [];
  return [
    ...zhMoney(context),
    ...enMoney(context),
    ...percentages(context),
    ...quantities(context),
    ...bareNumbers(context),
  ];
}

function percentages(context: EntityContext): Candidate[] {
  const { plain } = context;
  const out: Candidate[] = [];
  const add = (match: RegExpMatchArray, value: number | undefined) => {
    if (value !== undefined && !Number.isNaN(value))
      out.push(candidate(context, 'percentage', value, match.index ?? 0, (match.index ?? 0) + match[0].length, 87));
  };
  if (plain.includes('%')) for (const match of matchesOf(PERCENT_SIGN, plain)) add(match, Number(match[1]));
  for (const match of plain.includes('百分之') ? matchesOf(ZH_PERCENT, plain) : []) {
    add(match, match[1] === '百' ? 100 : readZhNumber(match[1] ?? ''));
  }
  for (const match of plain.includes('成') ? matchesOf(ZH_TENTHS, plain) : [])
    add(match, (readZhNumber(match[1] ?? '') ?? Number.NaN) * 10 + (match[2] ? 5 : 0));
  // 打八折: eighty percent of the price.
  for (const match of plain.includes('折') ? matchesOf(ZH_DISCOUNT, plain) : []) {
    const said = match[1] ?? '';
    const value = /^\d/.test(said) ? Number(said) : readZhNumber(said);
    if (value !== undefined) add(match, Number((value < 10 ? value * 10 : value).toFixed(2)));
  }
  if (plain.includes('cent'))
    for (const match of matchesOf(EN_PERCENT, plain)) add(match, readEnNumber(match[1] ?? ''));
  return out;
}

function quantities(context: EntityContext): Candidate[] {
  const { plain } = context;
  const out: Candidate[] = [];
  for (const match of matchesOf(ZH_QUANTITY, plain)) {
    const about = readZhAbout(match[1] ?? '');
    const amount = about?.[0] ?? readZhNumber(match[1] ?? '');
    const unit = match[3] ?? '';
    // "一个" and "一下" open many sentences; 一 counts only when it was asked for or with a real measure.
    if (
      amount === undefined ||
      (match[1] === '一' && /个|次|位|项|笔|款/.test(unit) && context.expected !== 'quantity')
    )
      continue;
    // 三个八 is digits, 两个小时 a duration, 三个月 likewise.
    if (
      unit === '个' &&
      /^(?:半|小时|钟头|月|星期|礼拜|[零一二三四五六七八九\d](?![个件双]))/.test(
        plain.slice(match.index + match[0].length),
      )
    )
      continue;
    out.push(
      candidate(
        context,
        'quantity',
        // 三五个: three at the least, five at the most.
        { amount: amount + (match[4] ? 0.5 : 0), ...(about ? { most: about[1] } : {}), unit },
        match.index,
        match.index + match[0].length,
        72,
      ),
    );
  }
  if (!HAS_LETTER.test(plain)) return out;
  for (const match of matchesOf(EN_QUANTITY, plain)) {
    const amount = readEnNumber(match[1] ?? '');
    if (amount !== undefined)
      out.push(
        candidate(
          context,
          'quantity',
          { amount, unit: singular(match[2] ?? '') },
          match.index,
          match.index + match[0].length,
          72,
        ),
      );
  }
  for (const match of matchesOf(EN_SET, plain)) {
    const amount = match[1] === 'dozen' ? 12 : match[1] === 'couple' ? 2 : 1;
    out.push(
      candidate(
        context,
        'quantity',
        { amount, unit: match[1] === 'pair' || match[1] === 'box' ? match[1] : 'item' },
        match.index,
        match.index + match[0].length,
        73,
      ),
    );
  }
  return out;
}

function singular(unit: string): string {
  if (/^(?:of (?:them|those|these)|items?|pieces?)$/.test(unit)) return 'item';
  if (unit === 'boxes') return 'box';
  if (unit === 'copies') return 'copy';
  if (unit === 'people') return 'person';
  if (unit === 'shoes') return 'shoe';
  return unit === 'times' ? 'time' : unit.replace(/s? of$/, '').replace(/s$/, '');
}

/** A number with no unit is whatever was asked for. */
function bareNumbers(context: EntityContext): Candidate[] {
  const { plain, expected } = context;
  const out: Candidate[] = [];
  const push = (start: number, end: number, said: number | undefined) => {
    if (said === undefined || Number.isNaN(said)) return;
    // "nineteen ninety nine" as a price is 19.99.
    const pair =
      expected === 'money' && said >= 1000 && !/\d|thousand|hundred|[\u4e00-\u9fff]/.test(plain.slice(start, end));
    const value = pair ? said / 100 : said;
    const made = asExpected(expected, value, plain);
    if (made) out.push(candidate(context, made.entity, made.value, start, end, made.priority));
  };
  for (const match of matchesOf(ZH_BARE, plain)) {
    const words = match[0];
    // A lone 一, 两 or 千 inside words ("一下", "万一") is no number unless the whole answer is it.
    const alone = plain.trim().replace(/[。.,，!！?？]/g, '') === words;
    const hinted =
      /(?:是|要|就|有|共|总共|一共|大概|差不多|大约)$/.test(plain.slice(0, match.index)) &&
      /^[\s。.,，!！吧的左右多]*$/.test(plain.slice(match.index + words.length));
    if (words.length === 1 && !/\d/.test(words) && !alone && !hinted) continue;
    if (/^[万千百亿]/.test(words) && words !== '百') continue;
    push(match.index, match.index + words.length, readZhNumber(words));
  }
  for (const match of HAS_LETTER_OR_DIGIT.test(plain) ? matchesOf(EN_BARE, plain) : []) {
    const words = match[0];
    if (
      /^(?:one|a couple(?: of)?|couple(?: of)?)$/.test(words) &&
      plain.trim().replace(/[.,!?]/g, '') !== words &&
      expected !== 'number' &&
      expected !== 'quantity'
    )
      continue;
    push(match.index, match.index + words.length, readEnNumber(words));
  }
  for (const match of HAS_LETTER.test(plain) ? matchesOf(EN_ORDINAL_NOUN, plain) : []) {
    const value = match[1] === undefined ? LAST : readEnOrdinal(match[1]);
    if (value !== undefined)
      out.push(candidate(context, 'ordinal', value, match.index, match.index + match[0].length, 90));
  }
  for (const match of /第|最后/.test(plain) ? matchesOf(ZH_ORDINAL, plain) : []) {
    const value = match[1] === undefined ? LAST : readZhNumber(match[1]);
    if (value !== undefined)
      out.push(candidate(context, 'ordinal', value, match.index, match.index + match[0].length, 74));
  }
  return out;
}

function asExpected(
  expected: string | undefined,
  value: number,
  plain: string,
): { entity: string; value: unknown; priority: number } | undefined {
  switch (expected) {
    case 'money':
      return {
        entity: 'money',
        value: { amount: cents(value), currency: /[a-z]{2}/.test(plain) ? 'USD' : 'CNY' },
        priority: 80,
      };
    case 'quantity':
      return { entity: 'quantity', value: { amount: value, unit: '' }, priority: 80 };
    case 'percentage':
      return value <= 1000 ? { entity: 'percentage', value, priority: 80 } : undefined;
    case undefined:
    case 'number':
      return { entity: 'number', value, priority: 50 };
    default:
      return { entity: 'number', value, priority: 40 };
  }
}
