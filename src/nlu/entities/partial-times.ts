/**
 * Times that are corrected in part: "next Tuesday 3:30, no, Wednesday" keeps the half past three, "下午三点，不，四点" stays in the afternoon. Values are the ISO
 * ones of the readers of dates: `2026-11-25`, `15:30`, `2026-11-25T15:30`, or an interval of two of the last.
 */

const VALUE = /^(?:(\d{4}-\d{2}-\d{2})(?:T|$))?(?:(\d{2}):(\d{2}))?$/;
const SPAN = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})\/(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})$/;
/** The words say themselves which half of the day they mean, or are of a 24-hour clock. */
const OWN_HALF =
  /凌晨|半夜|深夜|早|上午|清晨|中午|正午|下午|午后|晚|傍晚|夜|\b(?:morning|noon|midday|midnight|afternoon|evening|night|[ap]\.?\s?m)\b|\b[ap]\.m\.|\b0\d:|\d[ap]m/i;
/** Nothing but a part of the day, which the readers of dates take for today's. */
const HALF_ALONE =
  /^(?:凌晨|早上?|早晨|上午|清晨|中午|下午|午后|傍晚|晚上?|夜里)$|^(?:in |at )?(?:the )?(?:early |late )?(?:morning|noon|afternoon|evening|night)s?$/i;
const DAY_MS = 86_400_000;

/** Whether the words of a time leave no doubt which half of the day it is in. */
export const namesHalfOfDay = (words: string): boolean => OWN_HALF.test(words);

interface Parts {
  readonly date: string | undefined;
  readonly hour: number | undefined;
  readonly minute: string | undefined;
  /** Last moment of an interval. */
  readonly until?: { readonly date: string; readonly time: string };
}

/**
 * The new value with what it leaves open taken from the one it replaces; undefined when there is nothing to take. `words`: those of the new value.
 */
export function completeTime(before: unknown, after: unknown, words: string): string | undefined {
  const old = read(before);
  const now = read(after);
  if (old === undefined || now === undefined) return undefined;
  if (now.until !== undefined) return HALF_ALONE.test(words) ? halfOf(old, now) : undefined;
  if (now.date !== undefined && now.hour !== undefined) return undefined;
  if (now.hour !== undefined) {
    const hour = String(inHalfOf(old, now.hour, words)).padStart(2, '0');
    const completed = `${old.date === undefined ? '' : `${old.date}T`}${hour}:${now.minute}`;
    return completed === after ? undefined : completed;
  }
  if (old.hour === undefined || now.date === undefined) return undefined;
  const from = `${now.date}T${String(old.hour).padStart(2, '0')}:${old.minute}`;
  if (old.until === undefined || old.date === undefined) return from;
  const end = dayAfter(now.date, daysBetween(old.date, old.until.date));
  return `${from}/${end}T${old.until.time}`;
}

/** "下午", said of another day than today's: that day's. */
function halfOf({ date }: Parts, { date: named, hour, minute, until }: Parts): string | undefined {
  if (date === undefined || named === undefined || hour === undefined || until === undefined) return undefined;
  if (date === named) return undefined;
  const to = dayAfter(date, daysBetween(named, until.date));
  return `${date}T${String(hour).padStart(2, '0')}:${minute}/${to}T${until.time}`;
}

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The hour in the half of the day that was spoken of: after three in the afternoon, four is 16 and ten is not 22. */
function inHalfOf(old: Parts, hour: number, words: string): number {
  if (old.hour === undefined || old.hour < 12 || hour < 1 || hour > 11 || OWN_HALF.test(words)) return hour;
  const evening = old.hour >= 18;
  return (evening ? hour >= 5 : hour <= 8) ? hour + 12 : hour;
}

function read(value: unknown): Parts | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const span = SPAN.exec(value);
  if (span !== null) {
    const [, date, hour, minute, untilDate = '', time = ''] = span;
    if (!isDay(date) || !isDay(untilDate)) return undefined;
    return { date, hour: Number(hour), minute, until: { date: untilDate, time } };
  }
  const match = VALUE.exec(value);
  const [, date, hour, minute] = match ?? [];
  if (match === null || (date !== undefined && !isDay(date))) return undefined;
  return { date, hour: hour === undefined ? undefined : Number(hour), minute };
}

function isDay(date: string | undefined): date is string {
  return date !== undefined && !Number.isNaN(Date.parse(date));
}
