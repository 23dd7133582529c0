import { DAY_WITH_PART, RELATIVE_DAYS, YEAR_SHIFT } from './zh-days.js';
import { HOLIDAY_NAMES } from './zh-holidays.js';

/** Where a Mandarin date, time or duration may begin: conditions that are cheap to see and that no reading does without. */

/** What begins with a number, or with words before one (差, 再, 过). */
const COUNTED = new Set('0123456789零〇一二两三四五六七八九十百千万亿幺廿半俩差再过');
/** What comes behind such a number: a unit, the sign of a written date, or the rest of 一早 and 半夜. */
const UNITS = new Set('年月日号天周星礼时钟点分刻秒:/.-早夜');
const COUNTED_HOLIDAY = new RegExp(HOLIDAY_NAMES.filter((name) => COUNTED.has(name.charAt(0))).join('|'));
/** What begins with one of these is a month or a week, a part of the day or this year. */
const POINTING = new Set('上下这本个');
const POINTED = /(?:上上|下下|[上下这本])?个?(?:月|周|星期|礼拜)|[上下]午|本年/y;
/** First characters of all else. */
const OTHERS = new Set(
  `${[...HOLIDAY_NAMES, ...Object.keys(RELATIVE_DAYS), ...Object.keys(DAY_WITH_PART), ...Object.keys(YEAR_SHIFT)]
    .map((name) => name.charAt(0))
    .join('')}月周年星礼凌深大早清中正午傍夜晚`,
);

/** Place of the last character that can end what begins with a number; -1 where there is none, the text's end where a holiday is named by one. */
export function lastUnitOf(plain: string): number {
  if (COUNTED_HOLIDAY.test(plain)) return plain.length;
  let at = plain.length - 1;
  while (at >= 0 && !UNITS.has(plain.charAt(at))) at--;
  return at;
}

/** `lastUnit`: that of the same text. */
export function mayBeginDate(plain: string, at: number, lastUnit: number): boolean {
  const char = plain.charAt(at);
  if (COUNTED.has(char)) return at < lastUnit;
  if (POINTING.has(char)) {
    POINTED.lastIndex = at;
    return POINTED.test(plain);
  }
  return OTHERS.has(char);
}
