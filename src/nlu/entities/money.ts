import { makeCandidate as candidate, cents, E, Z } from './amount-parts.js';
import { EN_NUMBER, readEnNumber } from './en-number.js';
import { matchesOf } from './matches.js';
import type { Candidate, EntityContext } from './types.js';
import { readZhNumber } from './zh-number.js';

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

const EN_UNIT =
  '(us dollars?|u\\.s\\. dollars?|hong kong dollars?|canadian dollars?|australian dollars?|dollars?|bucks?|usd|yuan|rmb|renminbi|kuai|cny|euros?|eur|pounds?(?: sterling)?|quid|gbp|yen|jpy)';
const EN_MONEY = new RegExp(
  `(?<![\\w.])(an?\\s+|half a\\s+)?(?:${E})?\\s*(?:and a half\\s+)?${EN_UNIT}(?:\\s+(?:and\\s+)?${E}(?:\\s+(?:cents?|pence|p))?)?(?![a-z\\d])`,
  'g',
);
const ZH_FOREIGN = ZH_CURRENCIES.map(
  ([names, currency]) => [new RegExp(`${Z}(?:多)?(?:块)?(?:${names})`, 'g'), currency] as const,
);
const ZH_COINS = new RegExp(
  `(?:人民币)?(?:${Z}(?:多)?(块|元|圆)(?:钱|整)?)?(?:(半)(?![天年月个小])|(?:${Z}(毛|角)(?:钱)?)?(?:${Z}分(?:钱)?)?(?:([一二两三四五六七八九\\d])(?![\\d个件双号点月年天]))?)?(?:钱)?(?:人民币)?`,
  'g',
);
const ZH_CENTS = new RegExp(`${Z}分钱`, 'g');
/** Without one of these units coins are no amount. */
const HAS_ZH_COIN = /[块元圆毛角]/;
const WITH_SYMBOL = /[¥￥$€£]\s*(\d[\d,]*(?:\.\d+)?)/g;
const EN_CENTS = new RegExp(`(?<![\\w.])${E}\\s+(cents?|pence)(?![a-z])`, 'g');
const EN_PRICE_PAIR = new RegExp(`(?<![\\w.$])${E}\\s+(${EN_NUMBER})(?![a-z\\d])`, 'g');

/** Amounts of money in Mandarin. */
export function zhMoney(context: EntityContext): Candidate[] {
  const { plain } = context;
  if (!/[块元圆毛角分币刀镑金¥￥$€£]/.test(plain)) return [];
  const out: Candidate[] = [];
  const insideNumber = (at: number) => /[\d零〇一二两三四五六七八九十百千万亿点第.]/.test(plain[at - 1] ?? '');
  // 十二块五, 三块五毛二, 五毛, 八分钱, 一百二十元整
  for (const match of HAS_ZH_COIN.test(plain) ? matchesOf(ZH_COINS, plain) : []) {
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
  for (const match of plain.includes('分钱') ? matchesOf(ZH_CENTS, plain) : []) {
    const amount = readZhNumber(match[1] ?? '');
    if (amount !== undefined && !/[块元毛角\d]/.test(plain[match.index - 1] ?? '')) {
      const end = match.index + match[0].length;
      out.push(candidate(context, 'money', { amount: cents(amount / 100), currency: 'CNY' }, match.index, end, 84));
    }
  }
  for (const [pattern, currency] of ZH_FOREIGN) {
    for (const match of matchesOf(pattern, plain)) {
      const amount = readZhNumber(match[1] ?? '');
      if (amount !== undefined && !insideNumber(match.index))
        out.push(candidate(context, 'money', { amount, currency }, match.index, match.index + match[0].length, 86));
    }
  }
  for (const match of matchesOf(WITH_SYMBOL, plain)) {
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

/** Amounts of money in English. */
export function enMoney(context: EntityContext): Candidate[] {
  const { plain, expected } = context;
  if (!/[a-z]{3}/.test(plain)) return [];
  const out: Candidate[] = [];
  for (const match of matchesOf(EN_MONEY, plain)) {
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
  for (const match of matchesOf(EN_CENTS, plain)) {
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
  for (const match of matchesOf(EN_PRICE_PAIR, plain)) {
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
