/** Days as the caller's calendar has them: plain year, month and day, with no time zone left in them. */

const DAY_MS = 86_400_000;

export interface Day {
  readonly year: number;
  /** 1..12 */
  readonly month: number;
  readonly day: number;
}

export interface Moment extends Day {
  readonly hour: number;
  readonly minute: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();
const MAX_ZONES = 50;

/** Wall-clock time in a zone. An unknown zone is read as UTC. */
export function momentOf(epochMs: number, timeZone: string): Moment {
  const key = `${Math.floor(epochMs / 60_000)} ${timeZone}`;
  if (lastMoment?.key === key) return lastMoment.moment;
  const moment = computeMoment(epochMs, timeZone);
  lastMoment = { key, moment };
  return moment;
}

/** Turns of the same minute ask again and again. */
let lastMoment: { readonly key: string; readonly moment: Moment } | undefined;

function computeMoment(epochMs: number, timeZone: string): Moment {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(new Date(epochMs))
      .map((part) => [part.type, Number(part.value)]),
  );
  return {
    year: parts.get('year') ?? 1970,
    month: parts.get('month') ?? 1,
    day: parts.get('day') ?? 1,
    hour: (parts.get('hour') ?? 0) % 24,
    minute: parts.get('minute') ?? 0,
  };
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const options = {
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  } as const;
  let made: Intl.DateTimeFormat;
  try {
    made = new Intl.DateTimeFormat('en-US', { ...options, timeZone });
  } catch {
    made = new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' });
  }
  if (formatters.size < MAX_ZONES) formatters.set(timeZone, made);
  return made;
}

const toUtc = (day: Day) => Date.UTC(day.year, day.month - 1, day.day);
const fromUtc = (ms: number): Day => {
  const date = new Date(ms);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
};

export const addDays = (day: Day, days: number): Day => fromUtc(toUtc(day) + days * DAY_MS);
/** Same day of another month; the last day where that month is shorter. */
export function addMonths(day: Day, months: number): Day {
  const first = fromUtc(Date.UTC(day.year, day.month - 1 + months, 1));
  return { ...first, day: Math.min(day.day, daysIn(first)) };
}
export const daysIn = (day: Pick<Day, 'year' | 'month'>): number =>
  new Date(Date.UTC(day.year, day.month, 0)).getUTCDate();
/** Monday 1 … Sunday 7. */
export const weekdayOf = (day: Day): number => new Date(toUtc(day)).getUTCDay() || 7;
export const compareDays = (a: Day, b: Day): number => toUtc(a) - toUtc(b);
export const exists = (day: Day): boolean =>
  day.month >= 1 && day.month <= 12 && day.day >= 1 && day.day <= daysIn(day);
export const mondayOf = (day: Day): Day => addDays(day, 1 - weekdayOf(day));
export function addMinutes(moment: Moment, minutes: number): Moment {
  const date = new Date(
    Date.UTC(moment.year, moment.month - 1, moment.day, moment.hour, moment.minute) + minutes * 60_000,
  );
  return { ...fromUtc(date.getTime()), hour: date.getUTCHours(), minute: date.getUTCMinutes() };
}

const two = (value: number) => String(value).padStart(2, '0');
export const isoDay = (day: Day): string => `${String(day.year).padStart(4, '0')}-${two(day.month)}-${two(day.day)}`;
export const isoTime = (time: { hour: number; minute: number }): string => `${two(time.hour)}:${two(time.minute)}`;
export const isoMoment = (moment: Moment): string => `${isoDay(moment)}T${isoTime(moment)}`;

/**
 * New Year's days of the Chinese calendar (Hong Kong Observatory's conversion tables). The runtime's own tables are a day off where the
 * new moon falls within minutes of midnight, as in 2027.
 */
const LUNAR_NEW_YEAR: Readonly<Record<number, readonly [number, number]>> = {
  2020: [1, 25],
  2021: [2, 12],
  2022: [2, 1],
  2023: [1, 22],
  2024: [2, 10],
  2025: [1, 29],
  2026: [2, 17],
  2027: [2, 6],
  2028: [1, 26],
  2029: [2, 13],
  2030: [2, 3],
  2031: [1, 23],
  2032: [2, 11],
  2033: [1, 31],
  2034: [2, 19],
  2035: [2, 8],
};

let chinese: Intl.DateTimeFormat | undefined;
const lunarDays = new Map<string, Day | undefined>();
const MAX_LUNAR_DAYS = 500;
/** Mean length of a month (synodic), days. */
const LUNATION = 29.5306;

/** Day of a lunar date (traditional Chinese calendar) in a year, by the runtime's own calendar tables. */
export function lunarDay(year: number, lunarMonth: number, lunarDate: number): Day | undefined {
  const newYear = LUNAR_NEW_YEAR[year];
  if (newYear && lunarMonth === 1) return addDays({ year, month: newYear[0], day: newYear[1] }, lunarDate - 1);
  const key = `${year}-${lunarMonth}-${lunarDate}`;
  if (lunarDays.has(key)) return lunarDays.get(key);
  const found = findLunarDay(year, lunarMonth, lunarDate, newYear);
  if (lunarDays.size < MAX_LUNAR_DAYS) lunarDays.set(key, found);
  return found;
}

function findLunarDay(
  year: number,
  lunarMonth: number,
  lunarDate: number,
  newYear: readonly [number, number] | undefined,
): Day | undefined {
  chinese ??= new Intl.DateTimeFormat('en-u-ca-chinese', { month: 'numeric', day: 'numeric', timeZone: 'UTC' });
  const start = newYear ? Date.UTC(year, newYear[0] - 1, newYear[1]) : Date.UTC(year, 0, 21);
  const slackDays = newYear ? 2 : 32;
  // A leap month before it puts the date one month later.
  for (const extra of [0, 1]) {
    const about = start + Math.round((lunarMonth - 1 + extra) * LUNATION + lunarDate - 1) * DAY_MS;
    for (let at = about - slackDays * DAY_MS; at <= about + slackDays * DAY_MS; at += DAY_MS) {
      const parts = new Map(chinese.formatToParts(new Date(at)).map((part) => [part.type, part.value]));
      // Leap months are written "6bis": they don't match.
      if (parts.get('month') === String(lunarMonth) && parts.get('day') === String(lunarDate)) return fromUtc(at);
    }
  }
  return undefined;
}
