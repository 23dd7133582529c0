import { addDays, addMonths, type Day, daysIn, exists, mondayOf, weekdayOf } from './calendar.js';
import { type DateContext, type DayPart, dayOfMonth, interval, monthAndDay, nearestDay } from './date-context.js';
import { EN_NUMBER, EN_NUMBER_WORDS, EN_ORDINAL, EN_RANKED, readEnNumber, readEnOrdinal } from './en-number.js';

/** Days and spans of days in English. */

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const SHORT_MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH = `(${MONTHS.join('|')}|${SHORT_MONTHS.filter((name) => name !== 'may' && name !== 'mar').join('|')}|sept)`;
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const WEEKDAY = `(${WEEKDAYS.join('|')})`;
const DAY = `(${EN_ORDINAL}|\\d{1,2}|(?:twenty|thirty)[\\s-](?:one|two|three|four|five|six|seven|eight|nine)|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|twenty|thirty)`;
const YEAR =
  '(\\d{4}|(?:twenty|nineteen)[\\s-](?:[a-z]+)(?:[\\s-](?:one|two|three|four|five|six|seven|eight|nine))?|two thousand(?: and)? (?:[a-z]+)(?:[\\s-](?:one|two|three|four|five|six|seven|eight|nine))?)';

const HOLIDAYS: Readonly<Record<string, (year: number) => Day>> = {
  "new year's eve": (year) => ({ year, month: 12, day: 31 }),
  "new year's day": (year) => ({ year, month: 1, day: 1 }),
  "new year's": (year) => ({ year, month: 1, day: 1 }),
  'new year': (year) => ({ year, month: 1, day: 1 }),
  "valentine's day": (year) => ({ year, month: 2, day: 14 }),
  'april fools': (year) => ({ year, month: 4, day: 1 }),
  'memorial day': (year) => lastWeekday(year, 5, 1),
  'fourth of july': (year) => ({ year, month: 7, day: 4 }),
  'independence day': (year) => ({ year, month: 7, day: 4 }),
  'labor day': (year) => nthWeekday(year, 9, 1, 1),
  halloween: (year) => ({ year, month: 10, day: 31 }),
  thanksgiving: (year) => nthWeekday(year, 11, 4, 4),
  'black friday': (year) => addDays(nthWeekday(year, 11, 4, 4), 1),
  'cyber monday': (year) => addDays(nthWeekday(year, 11, 4, 4), 4),
  'christmas eve': (year) => ({ year, month: 12, day: 24 }),
  'christmas day': (year) => ({ year, month: 12, day: 25 }),
  christmas: (year) => ({ year, month: 12, day: 25 }),
  'boxing day': (year) => ({ year, month: 12, day: 26 }),
  easter: easterOf,
};

function nthWeekday(year: number, month: number, weekday: number, nth: number): Day {
  const first = { year, month, day: 1 };
  return addDays(first, ((weekday - weekdayOf(first) + 7) % 7) + 7 * (nth - 1));
}

function lastWeekday(year: number, month: number, weekday: number): Day {
  const last = { year, month, day: daysIn({ year, month }) };
  return addDays(last, -((weekdayOf(last) - weekday + 7) % 7));
}

/** Anonymous Gregorian computus (Nature, 20 April 1876). */
function easterOf(year: number): Day {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30;
  const e = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - d - (c % 4)) % 7;
  const f = d + e - 7 * Math.floor((a + 11 * d + 22 * e) / 451) + 114;
  return { year, month: Math.floor(f / 31), day: (f % 31) + 1 };
}

export interface DayFound {
  readonly day?: Day | undefined;
  /** 7 for a weekday. */
  readonly againAfterDays?: number;
  readonly value?: string;
  readonly part?: DayPart;
}
type Rule = readonly [RegExp, (match: RegExpExecArray, context: DateContext) => DayFound | undefined];

/** A cardinal or ordinal; NaN when it is none. */
export const n = (text: string | undefined): number =>
  text === undefined ? Number.NaN : (readEnOrdinal(text) ?? readEnNumber(text) ?? Number.NaN);
const monthOf = (name: string | undefined) => SHORT_MONTHS.indexOf((name ?? '').slice(0, 3)) + 1;
const rule = (source: string, read: Rule[1]): Rule => [new RegExp(`\\b(?:${source})(?![a-z\\d])`, 'y'), read];

const RULES: readonly Rule[] = [
  rule('(\\d{4})[-/](\\d{1,2})[-/](\\d{1,2})', (m) => ({
    day: { year: Number(m[1]), month: Number(m[2]), day: Number(m[3]) },
  })),
  // Month first, as in North America.
  rule('(\\d{1,2})/(\\d{1,2})/(\\d{4})', (m) => ({
    day: { year: Number(m[3]), month: Number(m[1]), day: Number(m[2]) },
  })),
  rule('(\\d{1,2})/(\\d{1,2})', (m, context) => ({ day: monthAndDay(context, Number(m[1]), Number(m[2])) })),
  rule(`(?:the\\s+)?${MONTH}\\.?\\s+(?:the\\s+)?${DAY}(?:\\s*,?\\s*${YEAR})?`, (m, context) =>
    monthDay(context, m[1], m[2], m[3]),
  ),
  rule(`(?:the\\s+)?(${EN_ORDINAL}|\\d{1,2})\\s+(?:of\\s+)?${MONTH}(?:\\s*,?\\s*${YEAR})?`, (m, context) =>
    monthDay(context, m[2], m[1], m[3]),
  ),
  rule(`the\\s+(${EN_ORDINAL})\\s+of\\s+(this|next|last)\\s+month`, (m, { now }) => ({
    day: { ...addMonths({ ...now, day: 1 }, step(m[2])), day: n(m[1]) },
  })),
  rule(`the\\s+(${EN_ORDINAL})(?!\\s+(?:${EN_RANKED})s?(?![a-z]))`, (m, context) => ({
    day: dayOfMonth(context, n(m[1])),
  })),
  rule(
    `(?:the\\s+)?(early|mid|late|beginning of|start of|middle of|end of)[\\s-]+(?:(?:this|the)\\s+)?(next\\s+|last\\s+)?month`,
    (m, { now }) => monthPart(addMonths({ ...now, day: 1 }, step(m[2]?.trim())), m[1]),
  ),
  rule(`(?:the\\s+)?(early|mid|late|beginning of|start of|middle of|end of)[\\s-]+${MONTH}`, (m, context) => {
    const first = nextMonth(context, monthOf(m[2]));
    return first && monthPart(first, m[1]);
  }),
  rule('(?:the\\s+)?end of (?:the|this) year', (_m, { now }) => ({ day: { year: now.year, month: 12, day: 31 } })),
  rule('(this|next|last)\\s+month', (m, { now }) => wholeMonth(addMonths({ ...now, day: 1 }, step(m[1])))),
  rule('(this|next|last)\\s+year', (m, { now }) => ({ value: String(now.year + step(m[1])) })),
  rule(`(?:in\\s+)?${MONTH}\\s+(?:of\\s+)?(\\d{4}|last year|next year|this year)`, (m, { now }) =>
    wholeMonth({
      year: /^\d/.test(m[2] ?? '') ? Number(m[2]) : now.year + step((m[2] ?? '').split(' ')[0]),
      month: monthOf(m[1]),
      day: 1,
    }),
  ),
  rule(`(?:(last|next|this)\\s+)?${MONTH}`, (m, context) => {
    // "may" and "march" are also verbs: alone they want a word of time before them.
    if (
      m[1] === undefined &&
      /^(may|march|mar)$/.test(m[2] ?? '') &&
      !/\b(in|since|until|for|of|by|from)\s$/.test(m.input.slice(0, m.index))
    )
      return undefined;
    const first = nextMonth(m[1] === 'last' ? { ...context, past: true } : context, monthOf(m[2]));
    return first && wholeMonth(first);
  }),
  rule(`(this|next|last|this coming|this past)\\s+weekend`, (m, { now }) =>
    weekend(now, step(m[1]?.split(' ')[0]) + (m[1] === 'this past' ? -1 : 0)),
  ),
  rule('(?:the\\s+|over the\\s+)?weekend', (_m, { now, past }) => weekend(now, past ? -1 : 0)),
  rule('the (?:weekend|week) (before last|after next)', (m, { now }) => week(now, m[1] === 'before last' ? -2 : 2)),
  rule('(this|next|last)\\s+week', (m, { now }) => week(now, step(m[1]))),
  rule(`a week from (?:${WEEKDAY}|(today|tomorrow))|${WEEKDAY} week`, (m, { now }) => {
    if (m[2]) return { day: addDays(now, 7 + (m[2] === 'tomorrow' ? 1 : 0)) };
    return { day: addDays(upcoming(now, m[1] ?? m[3]), 7) };
  }),
  rule(`next\\s+${WEEKDAY}`, (m, { now }) => ({ day: addDays(mondayOf(now), 7 + WEEKDAYS.indexOf(m[1] ?? '')) })),
  rule(`last\\s+${WEEKDAY}`, (m, { now }) => ({ day: previous(now, m[1], 1) })),
  rule(`(?:this\\s+past|past)\\s+${WEEKDAY}`, (m, { now }) => ({ day: previous(now, m[1], 1) })),
  rule(`this\\s+(?:coming\\s+)?${WEEKDAY}`, (m, { now, past }) => ({
    day: past ? addDays(mondayOf(now), WEEKDAYS.indexOf(m[1] ?? '')) : upcoming(now, m[1]),
  })),
  rule(`${WEEKDAY}`, (m, { now, past }) => ({
    day: past ? previous(now, m[1], 0) : upcoming(now, m[1]),
    againAfterDays: 7,
  })),
  rule('(?:the\\s+)?day before yesterday', (_m, { now }) => ({ day: addDays(now, -2) })),
  rule('(?:the\\s+)?day after tomorrow', (_m, { now }) => ({ day: addDays(now, 2) })),
  rule('yesterday|today|tomorrow', (m, { now }) => ({
    day: addDays(now, { yesterday: -1, today: 0, tomorrow: 1 }[m[0]] ?? 0),
  })),
  rule('tonight|last night', (m, { now }) => ({ day: addDays(now, m[0] === 'tonight' ? 0 : -1), part: 'evening' })),
  rule('this (morning|afternoon|evening)', (m, { now }) => ({ day: now, part: m[1] as DayPart })),
  rule(
    `(?:in\\s+)?(an?|${EN_NUMBER})\\s+(day|week|fortnight|month|year)s?\\s+(ago|from now|from today|back)`,
    (m, { now }) => shifted(now, m[1], m[2], /ago|back/.test(m[3] ?? '') ? -1 : 1),
  ),
  rule(`in\\s+(an?|${EN_NUMBER})\\s+(day|week|fortnight|month|year)s?(?:\\s+time)?`, (m, { now }) =>
    shifted(now, m[1], m[2], 1),
  ),
  rule(Object.keys(HOLIDAYS).join('|'), (m, context) => ({
    day: nearestDay(context, (steps) => (HOLIDAYS[m[0]] as (year: number) => Day)(context.now.year + steps)),
  })),
];

function step(word: string | undefined): number {
  return word === 'next' ? 1 : word === 'last' ? -1 : 0;
}

function monthDay(
  context: DateContext,
  month: string | undefined,
  day: string | undefined,
  year: string | undefined,
): DayFound {
  const number = n(day);
  const said = year === undefined ? undefined : n(year);
  if (said !== undefined && !Number.isNaN(said)) return { day: { year: said, month: monthOf(month), day: number } };
  return { day: monthAndDay(context, monthOf(month), number) };
}

function nextMonth(context: DateContext, month: number): Day | undefined {
  const end = (steps: number) => ({
    year: context.now.year + steps,
    month,
    day: context.past ? 1 : daysIn({ year: context.now.year + steps, month }),
  });
  const day = nearestDay(context, end);
  return day && { ...day, day: 1 };
}

function wholeMonth(first: Day): DayFound {
  return { value: interval({ ...first, day: 1 }, { ...first, day: daysIn(first) }) };
}

function monthPart(first: Day, part: string | undefined): DayFound {
  if (part === 'end of') return { day: { ...first, day: daysIn(first) } };
  if (part === 'late') return { value: interval({ ...first, day: 21 }, { ...first, day: daysIn(first) }) };
  if (part === 'mid' || part === 'middle of') return { value: interval({ ...first, day: 11 }, { ...first, day: 20 }) };
  return { value: interval(first, { ...first, day: 10 }) };
}

function week(now: Day, steps: number): DayFound {
  const monday = addDays(mondayOf(now), 7 * steps);
  return { value: interval(monday, addDays(monday, 6)) };
}

function weekend(now: Day, steps: number): DayFound {
  const saturday = addDays(mondayOf(now), 7 * steps + 5);
  return { value: interval(saturday, addDays(saturday, 1)) };
}

function upcoming(now: Day, weekday: string | undefined): Day {
  return addDays(now, (WEEKDAYS.indexOf(weekday ?? '') + 1 - weekdayOf(now) + 7) % 7);
}

function previous(now: Day, weekday: string | undefined, least: number): Day {
  const back = (weekdayOf(now) - (WEEKDAYS.indexOf(weekday ?? '') + 1) + 7) % 7;
  return addDays(now, -(back < least ? 7 : back));
}

function shifted(
  now: Day,
  count: string | undefined,
  unit: string | undefined,
  direction: number,
): DayFound | undefined {
  const amount = /^an?$/.test(count ?? '') ? 1 : n(count);
  if (!Number.isInteger(amount) || amount > 1000) return undefined;
  if (unit === 'month') return { day: addMonths(now, amount * direction) };
  if (unit === 'year') return { day: addMonths(now, 12 * amount * direction) };
  return { day: addDays(now, amount * direction * (unit === 'week' ? 7 : unit === 'fortnight' ? 14 : 1)) };
}

/** Runs a sticky pattern at a place. */
export function exec(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** First three letters of the words that begin a date, a time or a duration. */
const STARTS = new Set(
  [
    ...EN_NUMBER_WORDS,
    ...MONTHS,
    ...WEEKDAYS,
    ...Object.keys(HOLIDAYS),
    ...'the early mid late beginning start middle end this next last weekend over past day yesterday today tomorrow tonight'.split(
      ' ',
    ),
    ...'half quarter couple noon midday midnight morning afternoon evening night during'.split(' '),
  ].map((word) => word.slice(0, 3)),
);

/** False where nothing that is read in dates begins. `at`: the beginning of a word. */
export function mayBeginEnDate(plain: string, at: number): boolean {
  const begin = plain.slice(at, at + 3);
  return STARTS.has(begin) || /^(?:\d|(?:an?|at|in)(?![a-z]))/.test(begin);
}

/** The longest reading at a place of the text. */
export function readEnDay(plain: string, at: number, context: DateContext): (DayFound & { end: number }) | undefined {
  let best: (DayFound & { end: number }) | undefined;
  for (const [pattern, read] of RULES) {
    const match = exec(pattern, plain, at);
    if (!match || (best && match[0].length <= best.end - at)) continue;
    const found = read(match, context);
    if (!found || (found.day && !exists(found.day)) || (!found.day && found.value === undefined)) continue;
    best = { ...found, end: at + match[0].length };
  }
  return best;
}
