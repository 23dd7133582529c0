import { EN_NUMBER, EN_ORDINAL, readEnNumber, readEnOrdinal } from './en-number.js';
import type { Candidate, EntityContext } from './types.js';
import { readZhNumber, ZH_NUMBER } from './zh-number.js';

/** Money, quantities, percentages and bare numbers, Mandarin and English. */

const HALF = '半';
const Z = `(${ZH_NUMBER}|${HALF})`;
const E = `(${EN_NUMBER})`;

const ZH_CURRENCIES: readonly (readonly [string, string])[] = [
  ['人民币', 'CNY'],
  ['美元|美金|刀', 'USD'],
  ['欧元', 'EUR'],
  ['英镑', 'GBP'],
  ['日元', 'JPY'],
  ['港币|港元', 'HKD'],
  ['台币|新台币', 'TWD'],
  ['澳元', 'AUD'],
  ['韩元', 'KRW'],
];
const EN_CURRENCIES: readonly (readonly [RegExp, string])[] = [
  [/^(?:us |u\.s\. )?(?:dollars?|bucks?|usd)$/, 'USD'],
  [/^(?:yuan|rmb|renminbi|kuai|cny)$/, 'CNY'],
  [/^(?:euros?|eur)$/, 'EUR'],
  [/^(?:pounds?(?: sterling)?|quid|gbp)$/, 'GBP'],
  [/^(?:yen|jpy)$/, 'JPY'],
  [/^(?:hong kong dollars?|hkd)$/, 'HKD'],
  [/^(?:canadian dollars?|cad)$/, 'CAD'],
  [/^(?:australian dollars?|aud)$/, 'AUD'],
];
const SYMBOLS: Readonly<Record<string, string>> = { '¥': 'CNY', '￥': 'CNY', $: 'USD', '€': 'EUR', '£': 'GBP' };
const MEASURES =
  '个|件|双|只|条|台|部|本|箱|盒|袋|包|套|张|瓶|罐|支|根|块儿|斤|公斤|千克|克|对|份|位|人|次|把|顶|款|单|笔|辆|副|打|片|卷|桶|杯|串|朵|间|层|楼|项';
const EN_UNITS =
  'items?|pieces?|pairs?|boxes|box|packs?|packages?|bottles?|units?|copies|copy|sets?|bags?|cases?|cans?|kilos?|kilograms?|pounds? of|people|persons?|orders?|tickets?|times|shirts?|shoes|phones?|jackets?|books?|chairs?|of them|of those|of these';

/** Any way to write or say a number begins with one of these. */
const HAS_NUMBER = /[\d零〇一二两三四五六七八九十百千万半俩仨几]|[a-z]{3}/;

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

function candidate(
  context: EntityContext,
  entity: string,
  value: unknown,
  start: number,
  end: number,
  priority: number,
): Candidate {
  const text = context.text.slice(start, end);
  const trimmed = text.trimEnd().length;
  return {
    entity,
    value,
    start,
    end: start + trimmed,
    text: text.slice(0, trimmed),
    confidence: 0.92,
    extractor: 'amounts',
    priority,
  };
}

const cents = (value: number) => Math.round(value * 100) / 100;

function zhMoney(context: EntityContext): Candidate[] {
  const { plain } = context;
  if (!/[块元圆毛角分币刀镑金¥￥$€£]/.test(plain)) return [];
  const out: Candidate[] = [];
  const insideNumber = (at: number) => /[\d零〇一二两三四五六七八九十百千万亿点第.]/.test(plain[at - 1] ?? '');
  // 十二块五, 三块五毛二, 五毛, 八分钱, 一百二十元整
  const coins = new RegExp(
    `(?:人民币)?(?:${Z}(?:多)?(块|元|圆)(?:钱|整)?)?(?:(半)(?![天年月个小])|(?:${Z}(毛|角)(?:钱)?)?(?:${Z}分(?:钱)?)?(?:([一二两三四五六七八九\\d])(?![\\d个件双号点月年天]))?)?(?:钱)?(?:人民币)?`,
    'g',
  );
  for (const match of plain.matchAll(coins)) {
    const [whole, yuan, yuanUnit, half, jiao, jiaoUnit, fen, tail] = match;
    if (whole === '' || insideNumber(match.index)) continue;
    if (yuan === undefined && jiao === undefined) continue;
    let amount = yuan === undefined ? 0 : (readZhNumber(yuan) ?? Number.NaN);
    if (yuanUnit === undefined && jiaoUnit === undefined) continue;
    if (half) amount += 0.5;
    if (jiao) amount += (readZhNumber(jiao) ?? Number.NaN) / 10;
    if (fen) amount += (readZhNumber(fen) ?? Number.NaN) / 100;
    // 十二块五 is 12.5, 三块五毛二 is 3.52.
    if (tail) amount += (readZhNumber(tail) ?? Number.NaN) / (jiao ? 100 : 10);
    if (Number.isNaN(amount)) continue;
    out.push(
      candidate(
        context,
        'money',
        { amount: cents(amount), currency: 'CNY' },
        match.index,
        match.index + whole.length,
        84,
      ),
    );
  }
  for (const match of plain.matchAll(new RegExp(`${Z}分钱`, 'g'))) {
    const amount = readZhNumber(match[1] ?? '');
    if (amount !== undefined && !/[块元毛角\d]/.test(plain[match.index - 1] ?? '')) {
      const end = match.index + match[0].length;
      out.push(candidate(context, 'money', { amount: cents(amount / 100), currency: 'CNY' }, match.index, end, 84));
    }
  }
  for (const [names, currency] of ZH_CURRENCIES) {
    for (const match of plain.matchAll(new RegExp(`${Z}(?:多)?(?:块)?(?:${names})`, 'g'))) {
      const amount = readZhNumber(match[1] ?? '');
      if (amount !== undefined && !insideNumber(match.index))
        out.push(candidate(context, 'money', { amount, currency }, match.index, match.index + match[0].length, 86));
    }
  }
  for (const match of plain.matchAll(/[¥￥$€£]\s*(\d[\d,]*(?:\.\d+)?)/g)) {
    const amount = Number((match[1] ?? '').replaceAll(',', ''));
    out.push(
      candidate(
        context,
        'money',
        { amount, currency: SYMBOLS[match[0][0] ?? ''] ?? 'CNY' },
        match.index,
        match.index + match[0].length,
        86,
      ),
    );
  }
  return out;
}

function enMoney(context: EntityContext): Candidate[] {
  const { plain, expected } = context;
  if (!/[a-z]{3}/.test(plain)) return [];
  const out: Candidate[] = [];
  const unit =
    '(us dollars?|u\\.s\\. dollars?|hong kong dollars?|canadian dollars?|australian dollars?|dollars?|bucks?|usd|yuan|rmb|renminbi|kuai|cny|euros?|eur|pounds?(?: sterling)?|quid|gbp|yen|jpy)';
  const pattern = new RegExp(
    `(?<![\\w.])(an?\\s+|half a\\s+)?(?:${E})?\\s*(?:and a half\\s+)?${unit}(?:\\s+(?:and\\s+)?${E}(?:\\s+(?:cents?|pence|p))?)?(?![a-z\\d])`,
    'g',
  );
  for (const match of plain.matchAll(pattern)) {
    const [whole, article, number, name = '', small] = match;
    const high =
      number === undefined
        ? article === undefined
          ? undefined
          : article.startsWith('half')
            ? 0.5
            : 1
        : readEnNumber(number);
    const currency = EN_CURRENCIES.find(([test]) => test.test(name))?.[1];
    if (
      high === undefined ||
      currency === undefined ||
      /pounds? of/.test(plain.slice(match.index, match.index + whole.length + 3))
    )
      continue;
    const low = small === undefined ? 0 : (readEnNumber(small) ?? Number.NaN);
    const cents100 = low >= 1 && low < 100 && Number.isInteger(low) ? low / 100 : Number.NaN;
    const end = match.index + whole.length;
    const withSmall = small !== undefined && !Number.isNaN(cents100);
    const shortEnd = small === undefined ? end : plain.indexOf(name, match.index) + name.length;
    const half = /and a half\s+\S*$/.test(whole.slice(0, whole.indexOf(name))) ? 0.5 : 0;
    out.push(
      candidate(
        context,
        'money',
        { amount: cents(high + half + (withSmall ? cents100 : 0)), currency },
        match.index,
        withSmall ? end : shortEnd,
        84,
      ),
    );
  }
  for (const match of plain.matchAll(new RegExp(`(?<![\\w.])${E}\\s+(cents?|pence)(?![a-z])`, 'g'))) {
    const amount = readEnNumber(match[1] ?? '');
    if (amount !== undefined)
      out.push(
        candidate(
          context,
          'money',
          { amount: cents(amount / 100), currency: match[2] === 'pence' ? 'GBP' : 'USD' },
          match.index,
          match.index + match[0].length,
          83,
        ),
      );
  }
  if (expected !== 'money') return out;
  // The question was for an amount: "twelve fifty" is 12.50.
  for (const match of plain.matchAll(new RegExp(`(?<![\\w.$])${E}\\s+(${EN_NUMBER})(?![a-z\\d])`, 'g'))) {
    const high = readEnNumber(match[1] ?? '');
    const low = readEnNumber(match[2] ?? '');
    if (high !== undefined && low !== undefined && low >= 10 && low < 100)
      out.push(
        candidate(
          context,
          'money',
          { amount: cents(high + low / 100), currency: 'USD' },
          match.index,
          match.index + match[0].length,
          82,
        ),
      );
  }
  return out;
}

function percentages(context: EntityContext): Candidate[] {
  const { plain } = context;
  const out: Candidate[] = [];
  const add = (match: RegExpMatchArray, value: number | undefined) => {
    if (value !== undefined && !Number.isNaN(value))
      out.push(candidate(context, 'percentage', value, match.index ?? 0, (match.index ?? 0) + match[0].length, 87));
  };
  for (const match of plain.matchAll(/(\d+(?:\.\d+)?)\s*%/g)) add(match, Number(match[1]));
  for (const match of plain.matchAll(new RegExp(`百分之(${ZH_NUMBER})`, 'g'))) {
    add(match, match[1] === '百' ? 100 : readZhNumber(match[1] ?? ''));
  }
  for (const match of plain.matchAll(/([一二两三四五六七八九\d])成(半)?(?![为了功交员本年立都])/g))
    add(match, (readZhNumber(match[1] ?? '') ?? Number.NaN) * 10 + (match[2] ? 5 : 0));
  for (const match of plain.matchAll(new RegExp(`(?<![\\w.])${E}\\s+per\\s?cent(?![a-z])`, 'g')))
    add(match, readEnNumber(match[1] ?? ''));
  return out;
}

function quantities(context: EntityContext): Candidate[] {
  const { plain } = context;
  const out: Candidate[] = [];
  for (const match of plain.matchAll(
    new RegExp(
      `(?<![\\d零〇一二两三四五六七八九十百千万亿点第.后末前])(${ZH_NUMBER}|俩|仨|半|几)(多)?(${MEASURES})(半)?`,
      'g',
    ),
  )) {
    const amount = readZhNumber(match[1] ?? '');
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
        { amount: amount + (match[4] ? 0.5 : 0), unit },
        match.index,
        match.index + match[0].length,
        72,
      ),
    );
  }
  for (const match of plain.matchAll(new RegExp(`(?<![\\w.$])${E}\\s+(?:more\\s+)?(${EN_UNITS})(?![a-z])`, 'g'))) {
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
  for (const match of plain.matchAll(
    /(?<![a-z])an?\s+(pair|dozen|box|couple)\s+of(?: them| those| these)?(?![a-z])/g,
  )) {
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
  for (const match of plain.matchAll(
    new RegExp(
      `(?<![\\d零〇一二两三四五六七八九十百千万亿点幺第.a-z])(?:${ZH_NUMBER})(?![零〇一二三四五六七八九十百千万亿\\d.])`,
      'g',
    ),
  )) {
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
  for (const match of plain.matchAll(new RegExp(`(?<![\\w.$'])(?:${EN_NUMBER})(?![\\w%']|\\.\\d)`, 'g'))) {
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
  for (const match of plain.matchAll(
    new RegExp(`(?<![a-z\\d])(?:the\\s+)?(${EN_ORDINAL})(?=\\s+(?:one|item|option|order)\\b)`, 'g'),
  )) {
    const value = readEnOrdinal(match[1] ?? '');
    if (value !== undefined)
      out.push(candidate(context, 'ordinal', value, match.index, match.index + match[0].length, 90));
  }
  for (const match of plain.matchAll(new RegExp(`第(${ZH_NUMBER})(?:个|件|单|项|条|笔)?`, 'g'))) {
    const value = readZhNumber(match[1] ?? '');
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
