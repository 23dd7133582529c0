import { addDays, addMonths, type Day, daysIn, exists, mondayOf, weekdayOf } from './calendar.js';
import { type DateContext, type DayPart, dayOfMonth, interval, monthAndDay, nearestDay } from './date-context.js';
import { HOLIDAY_NAMES, holiday, nearestHoliday } from './zh-holidays.js';
import { digitString, readZhAbout, readZhNumber, ZH_NUMBER } from './zh-number.js';

/** Days and spans of days in Mandarin. */

/** Source of a short number. */
export const N = '[零〇一二两三四五六七八九十幺廿\\d]{1,4}';
const NUMERALS = '零〇一二两三四五六七八九十百千万亿幺廿\\d';
const PARTS: readonly (readonly [RegExp, DayPart])[] = [
  [/凌晨|半夜|深夜/, 'night'],
  [/早上|早晨|上午|清晨|一早|大早上|早/, 'morning'],
  [/中午|正午/, 'noon'],
  [/下午|午后/, 'afternoon'],
  [/晚上|傍晚|夜里|晚间|今晚|晚/, 'evening'],
];
export const PART_SOURCE = '(?:凌晨|半夜|深夜|大早上|早上|早晨|上午|清晨|一早|中午|正午|下午|午后|晚上|傍晚|夜里|晚间)';

export const RELATIVE_DAYS: Readonly<Record<string, number>> = {
  大前天: -3,
  前天: -2,
  昨天: -1,
  昨日: -1,
  今天: 0,
  今日: 0,
  当天: 0,
  明天: 1,
  明日: 1,
  后天: 2,
  大后天: 3,
  前日: -2,
  后日: 2,
  今儿: 0,
  明儿: 1,
  昨儿: -1,
  后儿: 2,
  前儿: -2,
};
/** Contractions: day and part of it. */
export const DAY_WITH_PART: Readonly<Record<string, readonly [number, DayPart]>> = {
  今晚: [0, 'evening'],
  明晚: [1, 'evening'],
  昨晚: [-1, 'evening'],
  前晚: [-2, 'evening'],
  后晚: [2, 'evening'],
  今早: [0, 'morning'],
  明早: [1, 'morning'],
  昨早: [-1, 'morning'],
};
const WEEKDAYS: Readonly<Record<string, number>> = {
  一: 1,
  二: 2,
  三: 3,
  四: 4,
  五: 5,
  六: 6,
  日: 7,
  天: 7,
  '1': 1,
  '2': 2,
  '3': 3,
  '4': 4,
  '5': 5,
  '6': 6,
  '7': 7,
};
const WEEK = '(?:周|星期|礼拜)';
const WEEK_SHIFT: Readonly<Record<string, number>> = { 上上: -2, 上: -1, 这: 0, 本: 0, 下: 1, 下下: 2 };
export const YEAR_SHIFT: Readonly<Record<string, number>> = { 前年: -2, 去年: -1, 今年: 0, 本年: 0, 明年: 1, 后年: 2 };

type Rule = readonly [
  RegExp,
  (
    match: RegExpExecArray,
    context: DateContext,
  ) => { day?: Day | undefined; againAfterDays?: number; value?: string; part?: DayPart } | undefined,
];

/** A number with 廿; NaN when it is none. */
/** 两三 counts as two: of "两三天后" the earlier day is the one to be ready for. */
export const n = (text: string | undefined): number =>
  text === undefined ? Number.NaN : (readZhAbout(text)?.[0] ?? readZhNumber(text.replace('廿', '二十')) ?? Number.NaN);
const clock = (year: string) => (year.length <= 2 ? 2000 + Number(year) : Number(year));

/** Rules for a day or span of days; each is tried at every place of the text, longest match wins. */
const DAY_RULES: readonly Rule[] = [
  [
    /(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)/y,
    (m) => ({ day: { year: Number(m[1]), month: Number(m[2]), day: Number(m[3]) } }),
  ],
  [
    new RegExp(
      `([零〇一二三四五六七八九幺\\d]{4}|[零〇一二三四五六七八九幺\\d]{2})年\\s*(${N})月\\s*(?:份)?\\s*(${N})(?:号|日)?`,
      'y',
    ),
    (m) => ({ day: { year: clock(digitString(m[1] ?? '') ?? ''), month: n(m[2]), day: n(m[3]) } }),
  ],
  [
    new RegExp(`([零〇一二三四五六七八九幺\\d]{4})年\\s*(${N})月(?:份)?`, 'y'),
    (m) => wholeMonth(clock(digitString(m[1] ?? '') ?? ''), n(m[2])),
  ],
  [
    new RegExp(`(前年|去年|今年|本年|明年|后年)的?(${N})月(?:份)?(?:的)?(${N})(?:号|日)?`, 'y'),
    (m, { now }) => ({ day: { year: now.year + (YEAR_SHIFT[m[1] ?? ''] ?? 0), month: n(m[2]), day: n(m[3]) } }),
  ],
  [
    new RegExp(`(前年|去年|今年|本年|明年|后年)的?(${N})月(?:份)?`, 'y'),
    (m, { now }) => wholeMonth(now.year + (YEAR_SHIFT[m[1] ?? ''] ?? 0), n(m[2])),
  ],
  [
    new RegExp(`(前年|去年|今年|本年|明年|后年)的?(${HOLIDAY_NAMES.join('|')})`, 'y'),
    (m, { now }) => ({ day: holiday(m[2] ?? '', now.year + (YEAR_SHIFT[m[1] ?? ''] ?? 0)) }),
  ],
  [
    /(今年|本年|明年|去年|前年)?的?(年底|年末|年初|年中)/y,
    (m, { now }) => yearPart(now.year + (YEAR_SHIFT[m[1] ?? '今年'] ?? 0), m[2] ?? ''),
  ],
  [
    /(今|明|去)年(底|末|初)/y,
    (m, { now }) => yearPart(now.year + ({ 今: 0, 明: 1, 去: -1 }[m[1] ?? ''] ?? 0), `年${m[2]}`),
  ],
  [/(前年|去年|今年|明年|后年)/y, (m, { now }) => ({ value: String(now.year + (YEAR_SHIFT[m[1] ?? ''] ?? 0)) })],
  [
    new RegExp(`(${N})月(?:份)?(?:的)?(${N})(?:号|日)?`, 'y'),
    (m, context) => ({ day: monthAndDay(context, n(m[1]), n(m[2])) }),
  ],
  [/(\d{1,2})[/](\d{1,2})(?!\d)/y, (m, context) => ({ day: monthAndDay(context, Number(m[1]), Number(m[2])) })],
  [
    new RegExp(`(上上|上|这|本|下|下下)个?月的?(${N})(?:号|日)`, 'y'),
    (m, { now }) => ({ day: { ...addMonths({ ...now, day: 1 }, WEEK_SHIFT[m[1] ?? ''] ?? 0), day: n(m[2]) } }),
  ],
  [
    /(上上|上|这|本|下|下下)?个?月(底|末|初|中)(?:旬)?/y,
    (m, { now }) => monthPart(addMonths({ ...now, day: 1 }, WEEK_SHIFT[m[1] ?? '这'] ?? 0), m[2] ?? ''),
  ],
  [
    new RegExp(`(${N})月(底|末|初|中旬|中|上旬|下旬)`, 'y'),
    (m, context) => {
      const first = nearestDay(context, (steps) => ({
        year: context.now.year + steps,
        month: n(m[1]),
        day: daysIn({ year: context.now.year + steps, month: n(m[1]) }),
      }));
      return first && monthPart({ ...first, day: 1 }, m[2] ?? '');
    },
  ],
  [
    /(上上|上|这|本|下|下下)个?月/y,
    (m, { now }) => {
      const first = addMonths({ ...now, day: 1 }, WEEK_SHIFT[m[1] ?? ''] ?? 0);
      return wholeMonth(first.year, first.month);
    },
  ],
  [
    new RegExp(`(${N})月份?(?!\\d)`, 'y'),
    (m, context) => {
      const month = n(m[1]);
      const day = nearestDay(context, (steps) => ({
        year: context.now.year + steps,
        month,
        day: daysIn({ year: context.now.year + steps, month }),
      }));
      return day && wholeMonth(day.year, day.month);
    },
  ],
  [
    new RegExp(`(上上|上|这|本|下|下下)个?${WEEK}([一二三四五六日天1-7])(?![点\\d])`, 'y'),
    (m, { now }) => ({
      day: addDays(mondayOf(now), 7 * (WEEK_SHIFT[m[1] ?? ''] ?? 0) + (WEEKDAYS[m[2] ?? ''] ?? 1) - 1),
    }),
  ],
  [
    new RegExp(`(上上|上|这|本|下|下下)?个?${WEEK}(?:末)`, 'y'),
    (m, { now }) => {
      const saturday = addDays(mondayOf(now), 7 * (WEEK_SHIFT[m[1] ?? '这'] ?? 0) + 5);
      return { value: interval(saturday, addDays(saturday, 1)) };
    },
  ],
  [
    new RegExp(`(上上|上|这|本|下|下下)个?${WEEK}`, 'y'),
    (m, { now }) => {
      const monday = addDays(mondayOf(now), 7 * (WEEK_SHIFT[m[1] ?? ''] ?? 0));
      return { value: interval(monday, addDays(monday, 6)) };
    },
  ],
  [
    new RegExp(`${WEEK}([一二三四五六日天1-7])(?![点\\d])`, 'y'),
    (m, { now, past }) => {
      const ahead = ((WEEKDAYS[m[1] ?? ''] ?? 1) - weekdayOf(now) + 7) % 7;
      return { day: addDays(now, past ? (ahead === 0 ? 0 : ahead - 7) : ahead), againAfterDays: 7 };
    },
  ],
  [
    /大前天|大后天|前天|昨天|昨日|今天|今日|当天|明天|明日|后天|前日|后日|今儿|明儿|昨儿|后儿|前儿/y,
    (m, { now }) => ({ day: addDays(now, RELATIVE_DAYS[m[0]] ?? 0) }),
  ],
  [
    /今晚|明晚|昨晚|前晚|后晚|今早|明早|昨早/y,
    (m, { now }) => {
      const [days, part] = DAY_WITH_PART[m[0]] ?? [0, 'evening'];
      return { day: addDays(now, days), part };
    },
  ],
  [
    new RegExp(`(${ZH_NUMBER}|半)(?:个)?(天|日|周|星期|礼拜|月|年)(?:之|以)?(后|前)`, 'y'),
    (m, { now }) => shifted(now, m[1] ?? '', m[2] ?? '', m[3] === '后' ? 1 : -1),
  ],
  [
    new RegExp(`(?:过|再过)(${ZH_NUMBER}|半)(?:个)?(天|周|星期|礼拜|月|年)(?!以?前)`, 'y'),
    (m, { now }) => shifted(now, m[1] ?? '', m[2] ?? '', 1),
  ],
  // The end of a number is no holiday: "三百二十一".
  [
    new RegExp(
      `(?<![${NUMERALS}])(?:${HOLIDAY_NAMES.join('|')})(?!(?<=(?<!双)[十五六]一)[个件只条块元度台岁点时分秒月日号年天周])`,
      'y',
    ),
    (m, context) => ({ day: nearestHoliday(m[0], context) }),
  ],
  // Nor is the number of a house a day: "解放路12号", "3号2单元".
  [
    new RegExp(
      `(?<!(?:路|街|街道|大道|巷|弄|胡同|村)[${NUMERALS}]*)(${N})(?:号|日)(?!楼|店|线|院|车|码|房|床|机|弄|[${NUMERALS}]+(?:单元|栋|幢|楼|室|层))`,
      'y',
    ),
    (m, context) => ({ day: dayOfMonth(context, n(m[1])) }),
  ],
];

function shifted(now: Day, count: string, unit: string, direction: number): { day: Day } | undefined {
  const amount = n(count);
  if (Number.isNaN(amount) || amount > 1000) return undefined;
  if (unit === '月')
    return { day: amount === 0.5 ? addDays(now, 15 * direction) : addMonths(now, Math.round(amount) * direction) };
  if (unit === '年') return { day: addMonths(now, Math.round(amount * 12) * direction) };
  const days = unit === '天' || unit === '日' ? amount : amount * 7;
  return Number.isInteger(days) ? { day: addDays(now, days * direction) } : undefined;
}

function wholeMonth(year: number, month: number): { value: string } | undefined {
  if (!(month >= 1 && month <= 12)) return undefined;
  return { value: interval({ year, month, day: 1 }, { year, month, day: daysIn({ year, month }) }) };
}

/** 月初 and 上旬: the first ten days; 月中, 中旬: the next ten; 月底, 月末: the last day counts as the day meant; 下旬: from the 21st. */
function monthPart(first: Day, part: string): { day?: Day; value?: string } {
  if (part === '底' || part === '末') return { day: { ...first, day: daysIn(first) } };
  if (part === '下旬') return { value: interval({ ...first, day: 21 }, { ...first, day: daysIn(first) }) };
  return part === '初' || part === '上旬'
    ? { value: interval(first, { ...first, day: 10 }) }
    : { value: interval({ ...first, day: 11 }, { ...first, day: 20 }) };
}

function yearPart(year: number, part: string): { day?: Day; value?: string } {
  if (part === '年底' || part === '年末') return { day: { year, month: 12, day: 31 } };
  if (part === '年初') return { value: interval({ year, month: 1, day: 1 }, { year, month: 1, day: 31 }) };
  return { value: interval({ year, month: 6, day: 1 }, { year, month: 6, day: 30 }) };
}

/** Part of the day that a word names. */
export function partAt(text: string): DayPart | undefined {
  return PARTS.find(([pattern]) => pattern.test(text))?.[1];
}

export interface DaySpan {
  readonly day?: Day | undefined;
  /** 7 for a weekday. */
  readonly againAfterDays?: number;
  readonly value?: string;
  readonly part?: DayPart;
  readonly end: number;
}

/** The longest reading at a place of the text. */
export function readZhDay(plain: string, at: number, context: DateContext): DaySpan | undefined {
  // "几月几号" asks; a digit or 第 before means that this is the middle or a rank.
  if (/[\d第]/.test(plain[at - 1] ?? '') && /\d/.test(plain[at] ?? '')) return undefined;
  let best: DaySpan | undefined;
  for (const [pattern, read] of DAY_RULES) {
    pattern.lastIndex = at;
    const match = pattern.exec(plain);
    if (!match || (best && match[0].length <= best.end - at)) continue;
    const found = read(match, context);
    if (!found || (found.day && !exists(found.day)) || (!found.day && found.value === undefined)) continue;
    best = { ...found, end: at + match[0].length };
  }
  return best;
}
