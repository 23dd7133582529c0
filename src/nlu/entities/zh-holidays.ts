import { addDays, type Day, lunarDay } from './calendar.js';
import { type DateContext, nearestDay } from './date-context.js';

/** Holidays by solar date, and by lunar month and day. */
const SOLAR_HOLIDAYS: Readonly<Record<string, readonly [number, number]>> = {
  元旦: [1, 1],
  情人节: [2, 14],
  妇女节: [3, 8],
  三八节: [3, 8],
  植树节: [3, 12],
  愚人节: [4, 1],
  劳动节: [5, 1],
  五一: [5, 1],
  青年节: [5, 4],
  儿童节: [6, 1],
  六一: [6, 1],
  六一八: [6, 18],
  '618': [6, 18],
  建军节: [8, 1],
  教师节: [9, 10],
  国庆: [10, 1],
  国庆节: [10, 1],
  十一: [10, 1],
  万圣节: [10, 31],
  光棍节: [11, 11],
  双十一: [11, 11],
  双11: [11, 11],
  双十二: [12, 12],
  双12: [12, 12],
  平安夜: [12, 24],
  圣诞: [12, 25],
  圣诞节: [12, 25],
};
const LUNAR_HOLIDAYS: Readonly<Record<string, readonly [number, number]>> = {
  春节: [1, 1],
  大年初一: [1, 1],
  过年: [1, 1],
  元宵节: [1, 15],
  元宵: [1, 15],
  正月十五: [1, 15],
  端午节: [5, 5],
  端午: [5, 5],
  七夕: [7, 7],
  中秋节: [8, 15],
  中秋: [8, 15],
  重阳节: [9, 9],
  重阳: [9, 9],
  腊八: [12, 8],
};
export const HOLIDAY_NAMES = [
  ...Object.keys(SOLAR_HOLIDAYS),
  ...Object.keys(LUNAR_HOLIDAYS),
  '清明节',
  '清明',
  '除夕',
  '大年三十',
  '年三十',
].sort((a, b) => b.length - a.length);

/** Day of a holiday in a year. */
export function holiday(name: string, year: number): Day | undefined {
  const solar = SOLAR_HOLIDAYS[name];
  if (solar) return { year, month: solar[0], day: solar[1] };
  if (name.startsWith('清明')) {
    // Solar term by the usual formula for the 21st century: [Y × 0.2422 + 4.81] − [Y / 4].
    const short = year % 100;
    return { year, month: 4, day: Math.floor(short * 0.2422 + 4.81) - Math.floor(short / 4) };
  }
  if (name === '除夕' || name.endsWith('三十')) {
    const first = lunarDay(year, 1, 1);
    return first && addDays(first, -1);
  }
  const lunar = LUNAR_HOLIDAYS[name];
  return lunar && lunarDay(lunar[0] === 12 ? year - 1 : year, lunar[0], lunar[1]);
}

/** The next such holiday, or the last one in talk of the past. */
export function nearestHoliday(name: string, context: DateContext): Day | undefined {
  return nearestDay(context, (steps) => holiday(name, context.now.year + steps) ?? { year: 0, month: 0, day: 0 });
}
