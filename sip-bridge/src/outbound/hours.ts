import type { OutboundConfig } from './config.js';

type Hours = OutboundConfig['hours'];

const MINUTE_MS = 60_000;
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
/** A week and a day holds every opening there can be. */
const SEARCH_MINUTES = 8 * 24 * 60;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether calls may be placed then. A range over midnight (21:00 to 06:00) counts for the day it begins on. */
export function isOpen(hours: Hours, atMs: number): boolean {
  const { day, minute } = local(atMs, hours.timeZone);
  const [from, to] = [minutesOf(hours.from), minutesOf(hours.to)];
  if (from === to) return hours.days.includes(day);
  if (from < to) return hours.days.includes(day) && minute >= from && minute < to;
  const yesterday = day === 1 ? 7 : day - 1;
  return (hours.days.includes(day) && minute >= from) || (hours.days.includes(yesterday) && minute < to);
}

/** The first moment from `atMs` on at which calls may be placed, to the minute. */
export function nextOpening(hours: Hours, atMs: number): number {
  if (isOpen(hours, atMs)) return atMs;
  const start = Math.ceil(atMs / MINUTE_MS) * MINUTE_MS;
  // By quarters of an hour first: clocks and zones change at those.
  for (let step = 0; step < SEARCH_MINUTES; step += 15) {
    const quarter = start + step * MINUTE_MS;
    if (!isOpen(hours, quarter)) continue;
    for (let back = 14; back > 0; back--) {
      const candidate = quarter - back * MINUTE_MS;
      if (candidate >= start && isOpen(hours, candidate)) return candidate;
    }
    return quarter;
  }
  return start + SEARCH_MINUTES * MINUTE_MS;
}

function minutesOf(clock: string): number {
  const [hour = '0', minute = '0'] = clock.split(':');
  return Number(hour) * 60 + Number(minute);
}

function local(atMs: number, timeZone: string): { day: number; minute: number } {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return {
    day: WEEKDAYS.indexOf(String(parts.weekday)) + 1,
    minute: Number(parts.hour) * 60 + Number(parts.minute),
  };
}
