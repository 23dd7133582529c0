/** Mandarin numbers as said: 二十五, 一百零五, 三百五, 两万三, 一点五, 1.5万, 二零二五, 半. */

const DIGITS: Readonly<Record<string, number>> = {
  零: 0,
  〇: 0,
  一: 1,
  幺: 1,
  壹: 1,
  二: 2,
  两: 2,
  俩: 2,
  贰: 2,
  三: 3,
  仨: 3,
  叁: 3,
  四: 4,
  肆: 4,
  五: 5,
  伍: 5,
  六: 6,
  陆: 6,
  七: 7,
  柒: 7,
  八: 8,
  捌: 8,
  九: 9,
  玖: 9,
};
const SMALL_UNITS: Readonly<Record<string, number>> = { 十: 10, 拾: 10, 百: 100, 佰: 100, 千: 1000, 仟: 1000 };
const BIG_UNITS: Readonly<Record<string, number>> = { 万: 10_000, 亿: 100_000_000 };

/** Source of a regular expression that matches a number in running text. */
export const ZH_NUMBER =
  '(?:[零〇一二两三四五六七八九幺十百千万亿拾]+(?:点[零〇一二三四五六七八九幺]+)?|\\d[\\d,]*(?:\\.\\d+)?[百千万亿]*)';

/** The number a text says, or undefined when it is none. The whole text must be the number. */
export function readZhNumber(said: string): number | undefined {
  const text = said.replace(/\s+/g, '').replace(/(\d),(?=\d{3})/g, '$1');
  if (text === '') return undefined;
  if (text === '半') return 0.5;
  const [whole = '', fraction, ...rest] = text.split('点');
  if (rest.length > 0) return undefined;
  if (fraction !== undefined) {
    const high = /^\d/.test(whole) ? Number(whole) : readWhole(whole);
    const low = digitString(fraction);
    if (high === undefined || low === undefined || Number.isNaN(high)) return undefined;
    return Number(`${high}.${low}`);
  }
  const western = /^(\d+(?:\.\d+)?)([百千万亿]*)$/.exec(text);
  if (western)
    return Number(
      (
        Number(western[1]) *
        [...(western[2] ?? '')].reduce((by, unit) => by * (SMALL_UNITS[unit] ?? BIG_UNITS[unit] ?? 1), 1)
      ).toFixed(6),
    );
  return readWhole(text);
}

/** 两三, 三五, 七八: bounds of a number that is only about right; undefined for any other. */
export function readZhAbout(said: string): readonly [number, number] | undefined {
  const match = /^([一二两三四五六七八])([二三四五六七八九])$/.exec(said);
  const low = DIGITS[match?.[1] ?? ''];
  const high = DIGITS[match?.[2] ?? ''];
  if (low === undefined || high === undefined) return undefined;
  return high === low + 1 || (low === 3 && high === 5) ? [low, high] : undefined;
}

/** `二零二五` as `2025`; undefined when a character is no digit. */
export function digitString(text: string): string | undefined {
  let out = '';
  for (const char of text) {
    const digit = /\d/.test(char) ? Number(char) : DIGITS[char];
    if (digit === undefined) return undefined;
    out += digit;
  }
  return out === '' ? undefined : out;
}

function readWhole(text: string): number | undefined {
  if (text === '') return undefined;
  if (![...text].some((char) => char in SMALL_UNITS || char in BIG_UNITS)) {
    const digits = digitString(text);
    return digits === undefined ? undefined : Number(digits);
  }
  let total = 0;
  let section = 0;
  let digit: number | undefined;
  let lastUnit = 0;
  let zero = false;
  for (const char of text) {
    if (char in DIGITS) {
      if (digit !== undefined && digit !== 0) return undefined;
      digit = DIGITS[char] as number;
      zero ||= digit === 0;
      continue;
    }
    const small = SMALL_UNITS[char];
    if (small !== undefined) {
      section += (digit ?? (small === 10 ? 1 : Number.NaN)) * small;
      lastUnit = small;
    } else {
      const big = BIG_UNITS[char];
      if (big === undefined) return undefined;
      const before = section + (digit ?? 0);
      if (before === 0 && total === 0) return undefined;
      total = big === 100_000_000 ? (total + before) * big : total + before * big;
      section = 0;
      lastUnit = big;
    }
    digit = undefined;
    zero = false;
  }
  // 三百五 is 350, 两万三 is 23000; 三百零五 is 305.
  if (digit !== undefined) section += zero || lastUnit < 100 ? digit : (digit * lastUnit) / 10;
  const value = total + section;
  return Number.isNaN(value) ? undefined : value;
}
