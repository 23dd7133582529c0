import { addMinutes, isoDay, isoMoment, isoTime } from './calendar.js';
import { comingDay, comingPart, type DateContext, type DayPart, hourIn } from './date-context.js';
import { namesHalfOfDay } from './partial-times.js';
import { N, n, PART_SOURCE, partAt, readZhDay } from './zh-days.js';
import { readZhAbout, ZH_NUMBER } from './zh-number.js';
import { lastUnitOf, mayBeginDate } from './zh-starts.js';

/** A reading of a date, time, span of time or duration in Mandarin. */
export interface DateReading {
  readonly entity: 'date' | 'time' | 'datetime' | 'duration';
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const TIME = new RegExp(
  `(${PART_SOURCE})?\\s*(?:(差)\\s*(${N}|一刻)\\s*分?钟?\\s*(${N})点|(${N})(?:点钟?|时(?!候|间)|:)(?:(半)|(一刻|三刻)|整|过?(${N})分?|(\\d{2}))?)`,
  'y',
);
const PART_ONLY = new RegExp(PART_SOURCE, 'y');
const IN_A_WHILE = new RegExp(
  `(?:再?过)?(${ZH_NUMBER}|半)(个半)?个?(半)?(小时|钟头|分钟|刻钟)(?:(?:之|以)?(后|前)|内)?`,
  'y',
);
const DURATION = new RegExp(
  `(${ZH_NUMBER}|半)(个半|个)?(小时|钟头|分钟|刻钟|天|周|星期|礼拜|月|年|秒)(半)?(?!以?[后前]|之)`,
  'y',
);

/** All readings of a text, none overlapping. */
export function readZhDates(plain: string, context: DateContext): DateReading[] {
  const out: DateReading[] = [];
  const lastUnit = lastUnitOf(plain);
  let at = 0;
  while (at < plain.length) {
    const reading = mayBeginDate(plain, at, lastUnit) ? readZhDateAt(plain, at, context) : undefined;
    if (reading) {
      out.push(reading);
      at = reading.end;
    } else at++;
  }
  return out;
}

/** The reading that begins at a place of the text. */
export function readZhDateAt(plain: string, at: number, context: DateContext): DateReading | undefined {
  const relative = readRelativeTime(plain, at, context);
  if (relative) return relative;
  const day = readZhDay(plain, at, context);
  if (day) {
    const glue = /^(?:的|\s|,|，)*/.exec(plain.slice(day.end))?.[0].length ?? 0;
    const part = partWord(plain, day.end + glue);
    // "下周上午" names no day: the week is the answer, and not this very morning.
    if (!day.day) return { entity: 'date', value: day.value ?? '', start: at, end: part?.end ?? day.end };
    const said = { day: day.day, againAfterDays: day.againAfterDays };
    const time = readTime(plain, day.end + glue, day.part, true);
    if (time) {
      const date = isoDay(comingDay(context, said, time, !namesHalfOfDay(plain.slice(at, time.end))));
      return { entity: 'datetime', value: `${date}T${isoTime(time)}`, start: at, end: time.end };
    }
    const named = part?.part ?? day.part;
    if (named)
      return { entity: 'datetime', value: comingPart(context, said, named), start: at, end: part?.end ?? day.end };
    return { entity: 'date', value: isoDay(day.day), start: at, end: day.end };
  }
  const time = readTime(plain, at, undefined);
  if (time) return { entity: 'time', value: isoTime(time), start: at, end: time.end };
  const part = partWord(plain, at);
  if (part) {
    const value = comingPart(context, { day: context.now, againAfterDays: 1 }, part.part);
    return { entity: 'datetime', value, start: at, end: part.end };
  }
  return readDuration(plain, at);
}

function readTime(
  plain: string,
  at: number,
  dayPart: DayPart | undefined,
  afterDay = false,
): { hour: number; minute: number; end: number } | undefined {
  TIME.lastIndex = at;
  const match = TIME.exec(plain);
  if (!match) return undefined;
  const bare = match[1] === undefined && !afterDay;
  if (bare && /[\d零〇一二三四五六七八九十百千万点.]/.test(plain[at - 1] ?? '')) return undefined;
  const part = match[1] === undefined ? dayPart : partAt(match[1]);
  const said = n(match[2] === undefined ? match[5] : match[4]);
  if (Number.isNaN(said) || said > 24) return undefined;
  // 一点 alone is "a little" more often than one o'clock: it wants a part of the day, minutes or 钟.
  if (match[0] === '一点' && dayPart === undefined) return undefined;
  let minute = 0;
  if (match[6]) minute = 30;
  else if (match[7]) minute = match[7] === '一刻' ? 15 : 45;
  else if (match[8]) minute = n(match[8]);
  else if (match[9]) minute = Number(match[9]);
  let hour = hourIn(part, said);
  // A decimal point: 三点五 is 3.5 unless 分 or two digits follow.
  if (match[8] && n(match[8]) < 10 && !/分$/.test(match[0]) && !/^[零〇0]/.test(match[8])) return undefined;
  if (match[2] !== undefined) {
    const less = match[3] === '一刻' ? 15 : n(match[3]);
    hour = (hour + 23) % 24;
    minute = 60 - less;
  }
  if (Number.isNaN(minute) || minute > 59 || minute < 0) return undefined;
  return { hour: hour % 24, minute, end: at + match[0].length };
}

function partWord(plain: string, at: number): { part: DayPart; end: number } | undefined {
  PART_ONLY.lastIndex = at;
  const match = PART_ONLY.exec(plain);
  const part = match && partAt(match[0]);
  return match && part && !/^好/.test(plain.slice(at + match[0].length))
    ? { part, end: at + match[0].length }
    : undefined;
}

const MINUTES: Readonly<Record<string, number>> = { 小时: 60, 钟头: 60, 刻钟: 15, 分钟: 1 };

/** 半小时后, 两个半小时前, 过十分钟. */
function readRelativeTime(plain: string, at: number, context: DateContext): DateReading | undefined {
  IN_A_WHILE.lastIndex = at;
  const match = IN_A_WHILE.exec(plain);
  if (!match || /[\d零〇一二三四五六七八九十百千万点.]/.test(plain[at - 1] ?? '')) return undefined;
  const direction = match[5];
  const ahead = /^再?过/.test(match[0]);
  if (direction === undefined && !ahead) return undefined;
  const amount = n(match[1]) + (match[2] !== undefined || match[3] !== undefined ? 0.5 : 0);
  const minutes = amount * (MINUTES[match[4] ?? ''] ?? 1) * (direction === '前' ? -1 : 1);
  if (!Number.isFinite(minutes) || Math.abs(minutes) > 1_000_000) return undefined;
  return {
    entity: 'datetime',
    value: isoMoment(addMinutes(context.now, Math.round(minutes))),
    start: at,
    end: at + match[0].length,
  };
}

const ISO_UNITS: Readonly<Record<string, string>> = {
  秒: 'S',
  分钟: 'M',
  小时: 'H',
  钟头: 'H',
  天: 'D',
  周: 'W',
  星期: 'W',
  礼拜: 'W',
  月: 'M',
  年: 'Y',
};

function readDuration(plain: string, at: number): DateReading | undefined {
  DURATION.lastIndex = at;
  const match = DURATION.exec(plain);
  if (!match || /[\d零〇一二三四五六七八九十百千万点.第]/.test(plain[at - 1] ?? '')) return undefined;
  const unit = match[3] ?? '';
  // 三月 is March and 三年 may be a class: months want 个.
  if (unit === '月' && match[2] === undefined) return undefined;
  const about = readZhAbout(match[1] ?? '');
  let amount = n(match[1]) + (match[2] === '个半' || match[4] === '半' ? 0.5 : 0);
  if (Number.isNaN(amount) || (unit === '年' && amount > 200)) return undefined;
  let code = ISO_UNITS[unit] ?? '';
  if (unit === '刻钟') {
    amount *= 15;
    code = 'M';
  }
  const clockUnit = /小时|钟头|分钟|刻钟|秒/.test(unit);
  if (clockUnit && !Number.isInteger(amount) && code === 'H') {
    amount *= 60;
    code = 'M';
  }
  return {
    entity: 'duration',
    // 两三天: from two to three.
    value: `P${clockUnit ? 'T' : ''}${amount}${code}${about ? `/P${clockUnit ? 'T' : ''}${about[1]}${code}` : ''}`,
    start: at,
    end: at + match[0].length,
  };
}
