import { addMinutes, type Day, isoDay, isoMoment, isoTime } from './calendar.js';
import { comingDay, comingPart, type DateContext, type DayPart, hourIn } from './date-context.js';
import { type DayFound, exec, mayBeginEnDate, n, readEnDay } from './en-days.js';
import { EN_NUMBER, EN_ORDINAL } from './en-number.js';
import { partNamed, readEnPart } from './en-parts.js';
import { namesHalfOfDay } from './partial-times.js';
import type { DateReading } from './zh-dates.js';

/** Dates, times, spans of time and durations in English. */

const HOUR = '(\\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)';
const MINUTE_WORDS =
  '(?:oh\\s+(?:one|two|three|four|five|six|seven|eight|nine)|(?:twenty|thirty|forty|fifty)(?:[\\s-](?:one|two|three|four|five|six|seven|eight|nine))?|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen)';
const AM_PM = '(a\\.?\\s?m\\.?|p\\.?\\s?m\\.?|in the morning|in the afternoon|in the evening|at night)';
const TIME_RULES: readonly RegExp[] = [
  // 1 minutes, 2 past or to, 3 hour, 4 part
  new RegExp(
    `\\b(half|quarter|a quarter|\\d{1,2}|five|ten|twenty|twenty[\\s-]five)\\s+(?:minutes\\s+)?(past|to|after|before|till)\\s+${HOUR}(?:\\s*${AM_PM})?(?![a-z\\d])`,
    'y',
  ),
  // 1 hour, 2 minutes, 3 part
  new RegExp(`\\b${HOUR}(?:(?::|\\s)(\\d{2}|${MINUTE_WORDS}))?\\s*(?:o'?\\s?clock)?\\s*${AM_PM}(?![a-z\\d])`, 'y'),
  new RegExp(`\\b${HOUR}()\\s*o'?\\s?clock()(?![a-z\\d])`, 'y'),
  /\b(\d{1,2}):(\d{2})()(?![a-z\d])/y,
];
/** "at seven", "at three thirty": a bare hour wants this before it, or the question for a time. */
const AT_HOUR = new RegExp(
  `\\b${HOUR}(?:\\s+(${MINUTE_WORDS}|\\d{2}))?(?![a-z\\d:/%$]|\\s*(?:dollars?|bucks|percent|items?|days?|hours?|minutes?|weeks?|months?))`,
  'y',
);
/** "The second one", "that one", "the blue one" choose; "one of them", "one moment" count. */
const CHOOSING = new RegExp(
  `\\b(?:${EN_ORDINAL}|the|this|that|which|any|another|every|each|some|only|other|last|next|same|latest|earliest|earlier|later|(?:an?|the|my|your)\\s+(?!morning|afternoon|evening|night)[a-z]+)\\s+$`,
);
const COUNTING = /^\s+(?:of|more|moment|second|sec|time|thing|person|day|that|which)(?![a-z])/;

function isNoHour(plain: string, at: number, end: number): boolean {
  return CHOOSING.test(plain.slice(Math.max(0, at - 40), at)) || COUNTING.test(plain.slice(end, end + 12));
}

function partOf(word: string | undefined): DayPart | undefined {
  if (word === undefined || word === '') return undefined;
  if (/^a\.?\s?m|morning/.test(word)) return 'morning';
  return /^p\.?\s?m|afternoon/.test(word) ? 'afternoon' : 'evening';
}

/** 12 a.m. is midnight; p.m. hours are those of the afternoon. */
function clockHour(part: DayPart | undefined, hour: number): number {
  if (part === 'morning' && hour === 12) return 0;
  return hourIn(part === 'evening' && hour < 6 ? undefined : part, hour);
}

interface TimeFound {
  readonly hour: number;
  readonly minute: number;
  readonly end: number;
}

function readTime(plain: string, at: number, bare: boolean, dayPart: DayPart | undefined): TimeFound | undefined {
  if (/[\d.:$]/.test(plain[at - 1] ?? '')) return undefined;
  const noonWord = /^(noon|midday|midnight)(?![a-z])/.exec(plain.slice(at, at + 9));
  if (noonWord && !/[a-z]/.test(plain[at - 1] ?? ''))
    return { hour: noonWord[1] === 'midnight' ? 0 : 12, minute: 0, end: at + noonWord[0].length };
  const [relation, ...rest] = TIME_RULES;
  const found = relation && exec(relation, plain, at);
  if (found) {
    const minutes = /half/.test(found[1] ?? '') ? 30 : /quarter/.test(found[1] ?? '') ? 15 : n(found[1]);
    const hour = clockHour(partOf(found[4]) ?? dayPart, n(found[3]));
    const before = /to|before|till/.test(found[2] ?? '');
    const total = (hour * 60 + (before ? -minutes : minutes) + 1440) % 1440;
    return Number.isNaN(total)
      ? undefined
      : { hour: Math.floor(total / 60), minute: total % 60, end: at + found[0].length };
  }
  for (const pattern of bare ? [...rest, AT_HOUR] : rest) {
    const match = exec(pattern, plain, at);
    if (!match || (match[0].trimEnd() === 'one' && isNoHour(plain, at, at + 3))) continue;
    const hour = clockHour(partOf(match[3]) ?? dayPart, n(match[1]));
    const minute = match[2] ? n(match[2].replace(/^oh\s+/, '')) : 0;
    if (!(hour <= 24) || !(minute < 60)) continue;
    return { hour: hour % 24, minute, end: at + match[0].trimEnd().length };
  }
  return undefined;
}

const IN_A_WHILE = new RegExp(
  `\\b(?:in\\s+)?(half an hour|an hour and a half|an?|${EN_NUMBER})(\\s+and a half)?\\s*(hour|minute|min)?s?(\\s+and a half)?\\s*(ago|from now|later)?(?![a-z\\d])`,
  'y',
);
const DURATION = new RegExp(
  `\\b(half an hour|an hour and a half|(?:(an?|${EN_NUMBER})(\\s+and a half)?\\s+(hour|minute|second|day|week|month|year)s?(\\s+and a half)?))(?![a-z\\d])`,
  'y',
);
const ISO: Readonly<Record<string, string>> = {
  second: 'S',
  minute: 'M',
  hour: 'H',
  day: 'D',
  week: 'W',
  month: 'M',
  year: 'Y',
};

function readRelativeTime(plain: string, at: number, context: DateContext): DateReading | undefined {
  const match = exec(IN_A_WHILE, plain, at);
  if (!match) return undefined;
  const ahead = /^in\s/.test(match[0]);
  if (!ahead && match[5] === undefined) return undefined;
  const phrase = match[1] ?? '';
  let minutes: number;
  if (phrase === 'half an hour') minutes = 30;
  else if (phrase === 'an hour and a half') minutes = 90;
  else {
    if (match[3] === undefined) return undefined;
    const amount = (/^an?$/.test(phrase) ? 1 : n(phrase)) + (match[2] || match[4] ? 0.5 : 0);
    minutes = amount * (match[3] === 'hour' ? 60 : 1);
  }
  if (!Number.isFinite(minutes) || minutes > 1_000_000) return undefined;
  const value = isoMoment(addMinutes(context.now, Math.round(match[5] === 'ago' ? -minutes : minutes)));
  return { entity: 'datetime', value, start: at, end: at + match[0].trimEnd().length };
}

function readDuration(plain: string, at: number): DateReading | undefined {
  const match = exec(DURATION, plain, at);
  if (!match) return undefined;
  const done = (value: string) => ({ entity: 'duration' as const, value, start: at, end: at + match[0].length });
  if (match[1] === 'half an hour') return done('PT30M');
  if (match[1] === 'an hour and a half') return done('PT90M');
  let amount = (/^an?$/.test(match[2] ?? '') ? 1 : n(match[2])) + (match[3] || match[5] ? 0.5 : 0);
  const unit = match[4] ?? '';
  if (!Number.isFinite(amount)) return undefined;
  const clock = unit === 'hour' || unit === 'minute' || unit === 'second';
  let code = ISO[unit] ?? '';
  if (unit === 'hour' && !Number.isInteger(amount)) {
    amount *= 60;
    code = 'M';
  }
  return done(`P${clock ? 'T' : ''}${amount}${code}`);
}

/** All readings of a text, none overlapping. `wantsTime`: the question asked for a time, so a bare "seven" is one. */
export function readEnDates(plain: string, context: DateContext, wantsTime: boolean): DateReading[] {
  const out: DateReading[] = [];
  let at = 0;
  while (at < plain.length) {
    const wordStart = /[a-z\d]/.test(plain[at] ?? '') && !/[a-z\d]/.test(plain[at - 1] ?? '');
    const reading = wordStart && mayBeginEnDate(plain, at) ? readEnDateAt(plain, at, context, wantsTime) : undefined;
    if (reading && reading.end > at) {
      out.push(reading);
      at = reading.end;
    } else at++;
  }
  return out;
}

/** The reading that begins at a place of the text, the beginning of a word. */
export function readEnDateAt(
  plain: string,
  at: number,
  context: DateContext,
  wantsTime: boolean,
): DateReading | undefined {
  const relative = readRelativeTime(plain, at, context);
  if (relative) return relative;
  const day = readEnDay(plain, at, context);
  if (day) return withTime(plain, at, day, context);
  const alone = readPart(plain, at, context, wantsTime);
  if (alone) return alone;
  const time = readTime(plain, at, wantsTime || /\bat\s+$/.test(plain.slice(Math.max(0, at - 4), at)), undefined);
  if (!time) return readDuration(plain, at);
  // "half past three next Tuesday": the day may come after the time.
  const later = readDayBehind(plain, time.end, context);
  if (!later) return { entity: 'time', value: isoTime(time), start: at, end: time.end };
  const { part, end } = partBehind(plain, later.end) ?? later;
  const hour = part ? clockHour(part, time.hour) : time.hour;
  return moment(plain, at, { ...time, hour, end }, later, context);
}

type DaySpan = DayFound & { readonly day: Day; readonly end: number };

/** "… on Friday", "… of the third", "…, tomorrow". */
function readDayBehind(plain: string, at: number, context: DateContext): DaySpan | undefined {
  const glue = /^(?:\s+(?:on|of)|,)?\s+/.exec(plain.slice(at))?.[0].length ?? 0;
  const found = glue > 0 ? readEnDay(plain, at + glue, context) : undefined;
  return found?.day && { ...found, day: found.day };
}

function moment(plain: string, at: number, time: TimeFound, day: DaySpan, context: DateContext): DateReading {
  const date = isoDay(comingDay(context, day, time, !namesHalfOfDay(plain.slice(at, time.end))));
  return { entity: 'datetime', value: `${date}T${isoTime(time)}`, start: at, end: time.end };
}

/** A part of the day before its time or its day, or alone. */
function readPart(plain: string, at: number, context: DateContext, wantsTime: boolean): DateReading | undefined {
  const found = readEnPart(plain, at, wantsTime);
  if (!found) return undefined;
  const { part, end, sure } = found;
  const day = readDayBehind(plain, end, context);
  if (day && (sure || plain[end] !== ',')) return withTime(plain, at, { ...day, part }, context);
  const glue = /^,?\s+(at\s+|around\s+|about\s+|by\s+)?/.exec(plain.slice(end));
  const announced = glue?.[1] !== undefined;
  const time =
    glue && (sure || announced) ? readTime(plain, end + glue[0].length, announced || wantsTime, part) : undefined;
  if (!time && !sure) return undefined;
  if (time) return { entity: 'time', value: isoTime(time), start: at, end: time.end };
  return {
    entity: 'datetime',
    value: comingPart(context, { day: context.now, againAfterDays: 1 }, part),
    start: at,
    end,
  };
}

/** The part of the day behind a day: "afternoon", "in the afternoon". */
function partBehind(plain: string, at: number): { part: DayPart; end: number } | undefined {
  const match = /^,?\s+(?:in the\s+|at\s+(?=night))?(morning|afternoon|evening|night|noon)(?![a-z])/.exec(
    plain.slice(at),
  );
  return match ? { part: partNamed(match[1] ?? ''), end: at + match[0].length } : undefined;
}

function withTime(plain: string, at: number, found: DayFound & { end: number }, context: DateContext): DateReading {
  const part = partBehind(plain, found.end);
  // "Next week in the morning" names no day: the week is the answer, and not this very morning.
  if (!found.day) return { entity: 'date', value: found.value ?? '', start: at, end: part?.end ?? found.end };
  const day = { ...found, day: found.day };
  const glue = /^(?:,?\s+(?:at|around|about|by)?\s*|,\s*)/.exec(plain.slice(day.end))?.[0] ?? '';
  const time =
    glue === '' ? undefined : readTime(plain, day.end + glue.length, /\b(?:at|around|by)\b/.test(glue), day.part);
  if (time) return moment(plain, at, time, day, context);
  if (part) {
    const after = /^\s+at\s+/.exec(plain.slice(part.end));
    const hour = after && readTime(plain, part.end + after[0].length, true, part.part);
    if (hour) return moment(plain, at, hour, day, context);
  }
  const named = part?.part ?? day.part;
  if (named)
    return { entity: 'datetime', value: comingPart(context, day, named), start: at, end: part?.end ?? day.end };
  return { entity: 'date', value: isoDay(day.day), start: at, end: day.end };
}
