import { isChinese } from './words.js';

/** When somebody shall call back: from what was said to a time and to words, or why it can't be. */

export type CallbackTime =
  | { readonly ok: true; readonly at: string; readonly words: string }
  | { readonly ok: false; readonly why: 'past' | 'closed' | 'too_far' | 'unclear' };

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const DAY_MS = 24 * HOUR_MS;
/** The shop's people are there from nine to nine, Beijing time; there is no daylight saving. */
const OPENS = 9;
const CLOSES = 21;
const OFFSET_MS = 8 * HOUR_MS;
const MOST_DAYS = 14;

/** What the keypad offers. */
const CHOICES: Readonly<Record<string, { readonly days: number; readonly hour: number }>> = {
  afternoon: { days: 0, hour: 16 },
  tomorrow_morning: { days: 1, hour: 10 },
  tomorrow_afternoon: { days: 1, hour: 15 },
};

/** `value`: `soon`, `any` (any time on `day`, or soon where no day was spoken of before), a choice of the keypad, or `2026-11-22T15:00`, `2026-11-22`, `15:00`, or two of them with a slash between. */
export function readCallbackTime(value: unknown, nowMs: number, language: string, day = ''): CallbackTime {
  const said = String(value ?? '');
  const now = local(nowMs);
  if (said === 'any') return anyTimeOn(day, now, language);
  if (said === 'soon') return soon(now, language);
  const choice = CHOICES[said];
  if (choice !== undefined) {
    // This afternoon, keyed in the evening, is tomorrow's.
    const days = choice.days === 0 && now.hour >= choice.hour ? 1 : choice.days;
    return { ok: true, at: stamp(now, days, choice.hour, 0), words: words(now, days, choice.hour, 0, false, language) };
  }
  const [from = '', until = ''] = said.split('/');
  const match = /^(?:(\d{4}-\d{2}-\d{2})T?)?(?:(\d{2}):(\d{2}))?/.exec(from);
  const [, date, hourText, minuteText] = match ?? [];
  if (date === undefined && hourText === undefined) return { ok: false, why: 'unclear' };
  if (date !== undefined && hourText !== undefined && until !== '')
    return inPartOfDay(minutesAhead(from, now), minutesAhead(until, now), now, language);
  const range = until !== '';
  let hour = hourText === undefined ? 10 : Number(hourText);
  const minute = range || minuteText === undefined ? 0 : Number(minuteText);
  // "三点" said to a shop that opens at nine is the afternoon.
  if (!range && hour < OPENS && hour + 12 < CLOSES) hour += 12;
  if (range) hour = Math.max(hour, OPENS + 1);
  // An hour alone, after "tomorrow at half past nine", is one of that day.
  let days = date === undefined ? dayAhead(day, now) : daysTo(date, now);
  if (date === undefined && days === 0 && hour * 60 + minute <= now.hour * 60 + now.minute) days = 1;
  if (hour < OPENS || hour >= CLOSES) return { ok: false, why: 'closed' };
  if (days > MOST_DAYS) return { ok: false, why: 'too_far' };
  if (days < 0 || (days === 0 && !range && hour * 60 + minute <= now.hour * 60 + now.minute))
    return { ok: false, why: 'past' };
  const exact = !range && hourText !== undefined;
  return { ok: true, at: stamp(now, days, hour, minute), words: words(now, days, hour, minute, exact, language) };
}

/** Minutes from the beginning of today to `2026-11-22T15:00`. */
function minutesAhead(time: string, now: Local): number {
  return Math.round((Date.parse(`${time}Z`) - now.dayMs) / MINUTE_MS);
}

/** "Tomorrow afternoon": as early in it as somebody is there. `from` and `to`: minutes from the beginning of today. */
function inPartOfDay(from: number, to: number, now: Local, language: string): CallbackTime {
  const days = Math.floor(from / DAY_MINUTES);
  if (Number.isNaN(to)) return { ok: false, why: 'unclear' };
  if (days > MOST_DAYS) return { ok: false, why: 'too_far' };
  const nowMinutes = now.hour * 60 + now.minute;
  if (to <= nowMinutes) return { ok: false, why: 'past' };
  // Nobody is called in the first hour.
  const first = days * DAY_MINUTES + (OPENS + 1) * 60;
  const closes = days * DAY_MINUTES + CLOSES * 60;
  const start = Math.max(from, first, nowMinutes);
  if (start >= Math.min(to, closes)) return { ok: false, why: 'closed' };
  const [hour, minute] = [Math.floor((start % DAY_MINUTES) / 60), start % 60];
  return { ok: true, at: stamp(now, days, hour, minute), words: words(now, days, hour, minute, false, language) };
}

interface Local {
  readonly dayMs: number;
  readonly hour: number;
  readonly minute: number;
}

function local(nowMs: number): Local {
  const shifted = nowMs + OFFSET_MS;
  const dayMs = Math.floor(shifted / DAY_MS) * DAY_MS;
  return {
    dayMs,
    hour: Math.floor((shifted - dayMs) / HOUR_MS),
    minute: Math.floor(((shifted - dayMs) % HOUR_MS) / 60_000),
  };
}

function daysTo(date: string, now: Local): number {
  return Math.round((Date.parse(`${date}T00:00Z`) - now.dayMs) / DAY_MS);
}

function anyTimeOn(day: string, now: Local, language: string): CallbackTime {
  const days = dayAhead(day, now);
  if (days === 0) return soon(now, language);
  return { ok: true, at: stamp(now, days, OPENS + 1, 0), words: dayName(now, days, language) };
}

/** How many days ahead a day is that was spoken of before; 0 where none was, or it is over. */
function dayAhead(day: string, now: Local): number {
  return /^\d{4}-\d{2}-\d{2}$/.test(day) ? Math.max(0, daysTo(day, now)) : 0;
}

/** Within an hour while the shop is open, else the next morning. */
function soon(now: Local, language: string): CallbackTime {
  const chinese = isChinese(language);
  if (now.hour >= OPENS && now.hour < CLOSES)
    return { ok: true, at: stamp(now, 0, now.hour, now.minute), words: chinese ? '一个小时内' : 'within an hour' };
  const days = now.hour < OPENS ? 0 : 1;
  return { ok: true, at: stamp(now, days, OPENS, 0), words: words(now, days, OPENS, 0, true, language) };
}

function stamp(now: Local, days: number, hour: number, minute: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${new Date(now.dayMs + days * DAY_MS).toISOString().slice(0, 10)}T${two(hour)}:${two(minute)}+08:00`;
}

const WEEKDAYS = ['日', '一', '二', '三', '四', '五', '六'];
const ENGLISH_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function dayName(now: Local, days: number, language: string): string {
  const day = new Date(now.dayMs + days * DAY_MS);
  if (!isChinese(language)) return ['today', 'tomorrow'][days] ?? `on ${ENGLISH_DAYS[day.getUTCDay()]}`;
  const date = `${day.getUTCMonth() + 1}月${day.getUTCDate()}号星期${WEEKDAYS[day.getUTCDay()]}`;
  return ['今天', '明天', '后天'][days] ?? date;
}

function words(now: Local, days: number, hour: number, minute: number, exact: boolean, language: string): string {
  const name = dayName(now, days, language);
  const half = hour < 12 ? 0 : hour < 18 ? 1 : 2;
  const twelve = hour > 12 ? hour - 12 : hour;
  if (isChinese(language)) {
    const clock = exact ? `${twelve}点${minute === 0 ? '' : minute === 30 ? '半' : `${minute}分`}` : '';
    return `${name}${['上午', '下午', '晚上'][half]}${clock}`;
  }
  const clock = `${twelve}${minute === 0 ? '' : `:${String(minute).padStart(2, '0')}`}`;
  if (exact) return `${name} at ${clock} ${hour < 12 ? 'a.m.' : 'p.m.'}`;
  const partName = ['morning', 'afternoon', 'evening'][half] ?? '';
  return days === 0 ? `this ${partName}` : `${name} ${partName}`;
}
