import { addDays, addMonths, compareDays, type Day, exists, isoDay, isoTime, type Moment } from './calendar.js';

/** What all readers of dates share: "now" where the caller is, and whether they speak of the past. */
export interface DateContext {
  readonly now: Moment;
  /** The utterance tells what has happened ("我买的", "I ordered"): an incomplete date is the last one, not the next. */
  readonly past: boolean;
}

/** A date said without its year or month, as the nearest such day in the direction the caller speaks of. Undefined when there is none. */
export function nearestDay(context: DateContext, at: (steps: number) => Day): Day | undefined {
  const candidates = [-2, -1, 0, 1, 2].map(at).filter(exists);
  const today = context.now;
  if (context.past) return candidates.filter((day) => compareDays(day, today) <= 0).at(-1);
  return candidates.find((day) => compareDays(day, today) >= 0);
}

export function dayOfMonth(context: DateContext, day: number): Day | undefined {
  const first = { ...context.now, day: 1 };
  return nearestDay(context, (steps) => ({ ...addMonths(first, steps), day }));
}

export function monthAndDay(context: DateContext, month: number, day: number): Day | undefined {
  return nearestDay(context, (steps) => ({ year: context.now.year + steps, month, day }));
}

/** ISO 8601 interval; `to` is the last day of it. */
export const interval = (from: Day, to: Day): string => `${isoDay(from)}/${isoDay(to)}`;

/** Hours of the parts of a day, [from, to). Conventions of speech, not of any standard. */
export const DAY_PARTS = {
  night: [0, 6],
  morning: [6, 12],
  noon: [11, 13],
  afternoon: [12, 18],
  evening: [18, 24],
} as const;
export type DayPart = keyof typeof DAY_PARTS;

/** "tomorrow afternoon" as an interval of times. */
export function partOfDay(day: Day, part: DayPart): string {
  const [from, to] = DAY_PARTS[part];
  const end = to === 24 ? `${isoDay(addDays(day, 1))}T00:00` : `${isoDay(day)}T${isoTime({ hour: to, minute: 0 })}`;
  return `${isoDay(day)}T${isoTime({ hour: from, minute: 0 })}/${end}`;
}

/** A day as it was said. */
export interface DaySaid {
  readonly day: Day;
  /** The same words name a day again after as many: 7 for a weekday, 1 where only a part of the day was said. */
  readonly againAfterDays?: number | undefined;
}

/** A part of a day, as an interval of times: of today, the next such day's once it is over, unless the caller tells what has happened. */
export function comingPart(context: DateContext, said: DaySaid, part: DayPart): string {
  return partOfDay(isPast(context, said.day, DAY_PARTS[part][1] * 60) ? again(context, said) : said.day, part);
}

/** The day of a time of day: of today, the next such day once the time is over. `orTwelveHoursLater`: morning or afternoon was left open. */
export function comingDay(
  context: DateContext,
  said: DaySaid,
  time: { readonly hour: number; readonly minute: number },
  orTwelveHoursLater: boolean,
): Day {
  const latest = (time.hour + (orTwelveHoursLater && time.hour < 12 ? 12 : 0)) * 60 + time.minute;
  return isPast(context, said.day, latest) ? again(context, said) : said.day;
}

function isPast({ now }: DateContext, day: Day, minutes: number): boolean {
  return compareDays(day, now) === 0 && minutes <= now.hour * 60 + now.minute;
}

function again(context: DateContext, { day, againAfterDays = 0 }: DaySaid): Day {
  return context.past ? day : addDays(day, againAfterDays);
}

/** Hour of a 12-hour clock said with a part of the day. */
export function hourIn(part: DayPart | undefined, hour: number): number {
  if (part === undefined || hour > 12) return hour;
  if (part === 'afternoon' || part === 'evening') return hour === 12 ? (part === 'evening' ? 0 : 12) : hour + 12;
  if (part === 'noon') return hour < 6 ? hour + 12 : hour;
  return hour === 12 && part === 'night' ? 0 : hour;
}
