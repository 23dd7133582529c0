import { settings } from './settings.js';
import { agreedTime } from './when.js';

/** Numbers and times as the viewer writes them, in the viewer's own time zone. */

const formats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const { language } = settings.value;
  const key = `${language} ${name}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(language === 'en' ? englishOfHere() : language, options);
  formats.set(key, known);
  return known;
}

/** British or American: as the browser has it. */
function englishOfHere(): string {
  return navigator.languages.find((language) => language.startsWith('en')) ?? 'en';
}

/** `21 Nov 2026, 14:03`. */
export function dateTime(atMs: number): string {
  return dateFormat('full', { dateStyle: 'medium', timeStyle: 'short' }).format(atMs);
}

/** `14:03:27`. */
export function clock(atMs: number): string {
  return dateFormat('clock', { timeStyle: 'medium' }).format(atMs);
}

/** `21 Nov 14:03`: for tables. */
export function shortTime(atMs: number): string {
  return dateFormat('short', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }).format(atMs);
}

/** `23 Nov 2026, 15:00`, `23 Nov 2026, 14:00 – 18:00`: what was agreed on with a caller; words stay as they are. */
export function agreed(when: string): string {
  const time = agreedTime(when);
  if (time === undefined) return when;
  const format = time.wholeDays
    ? dateFormat('days', { dateStyle: 'medium' })
    : dateFormat('full', { dateStyle: 'medium', timeStyle: 'short' });
  return time.toMs === undefined ? format.format(time.fromMs) : format.formatRange(time.fromMs, time.toMs);
}

/** `1:07`, `1:02:07`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60) % 60;
  const hours = Math.floor(seconds / 3600);
  const tail = `${String(seconds % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** `640 ms`, `1.42 s`. */
export function milliseconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${number(ms / 1000, 2)} s`;
}

export function percent(share: number): string {
  return new Intl.NumberFormat(settings.value.language, { style: 'percent', maximumFractionDigits: 0 }).format(share);
}

export function number(value: number, digits = 0, atLeastDigits = 0): string {
  return new Intl.NumberFormat(settings.value.language, {
    maximumFractionDigits: digits,
    minimumFractionDigits: atLeastDigits,
  }).format(value);
}

/** `1.4 GB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${number(value, value < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}
