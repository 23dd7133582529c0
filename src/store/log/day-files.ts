import { createReadStream } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HearkenError } from '../../errors.js';
import type { ConversationEvent, EventPage, EventQuery, StoredEvent } from '../conversation-log.js';
import { type Cursor, fits, readCursor, writeCursor } from './event-text.js';

const DAY_FILE = /^conversations-(\d{4}-\d\d-\d\d)\.jsonl$/;
/** Days that one search reads at most. */
const SEARCHED_DAYS = 31;
/** Fitting events of one day that are held while it is read; a page is never longer than 200. */
const HELD = 5000;
const NEWLINE = 0x0a;
const READ_BYTES = 256 * 1024;
const LONGEST_LINE = 8 * 1024 * 1024;

/** The question that a database would answer, by reading the days' files, the newest first. For small installations. */
export async function searchDays(folder: string, query: EventQuery): Promise<EventPage> {
  const after = query.after === undefined ? undefined : readCursor(query.after);
  if (query.after !== undefined && after === undefined) {
    throw new HearkenError('REQUEST_INVALID', 'after: this is not the "next" of a page.', {
      hint: 'Send back what the page before gave, or leave it out.',
    });
  }
  const days = (await dayFiles(folder))
    .reverse()
    .filter(({ day }) => overlaps(day, query))
    .slice(0, SEARCHED_DAYS);
  const found: StoredEvent[] = [];
  for (const { day, name } of days) {
    if (found.length > query.limit) break;
    found.push(...(await searchDay(join(folder, name), day, query, after)));
  }
  const events = found.slice(0, query.limit);
  const last = events.at(-1);
  return { events, next: found.length > query.limit && last !== undefined ? writeCursor(last) : undefined };
}

/**
 * Lines of a file that hold these words, in order. Only they become strings: a day of a busy line has a hundred megabytes, and calls are going on meanwhile.
 * A line of more than 8 MiB (the file is broken there) is passed over. Rejects when the file can't be read.
 */
export async function* linesWith(file: string, words: string): AsyncGenerator<string> {
  const needle = Buffer.from(words);
  let rest: Buffer = Buffer.alloc(0);
  let broken = false;
  for await (const chunk of createReadStream(file, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = data.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const whole = data.subarray(broken ? data.indexOf(NEWLINE) + 1 : 0, end);
      broken = false;
      yield* linesIn(whole, needle);
    }
    rest = data.subarray(end);
    if (rest.length > LONGEST_LINE) broken = true;
    if (broken) rest = Buffer.alloc(0);
  }
  if (!broken) yield* linesIn(rest, needle);
}

function* linesIn(data: Buffer, needle: Buffer): Generator<string> {
  for (let at = data.indexOf(needle); at >= 0; ) {
    const newline = data.indexOf(NEWLINE, at);
    const end = newline < 0 ? data.length : newline;
    yield data.toString('utf8', data.lastIndexOf(NEWLINE, at) + 1, end);
    at = data.indexOf(needle, end);
  }
}

/** Removes the files of days that are older than `keepDays` (0 keeps all). */
export async function removeOldDays(folder: string, keepDays: number, now: Date): Promise<void> {
  if (keepDays === 0) return;
  const oldest = new Date(now.getTime() - keepDays * 86_400_000).toISOString().slice(0, 10);
  for (const { day, name } of await dayFiles(folder)) if (day < oldest) await unlink(join(folder, name));
}

async function dayFiles(folder: string): Promise<{ readonly day: string; readonly name: string }[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names
    .map((name) => ({ name, day: DAY_FILE.exec(name)?.[1] ?? '' }))
    .filter(({ day }) => day !== '')
    .sort((a, b) => (a.day < b.day ? -1 : 1));
}

/** An event may be written down a day after it happened, never before. */
function overlaps(day: string, query: EventQuery): boolean {
  const startMs = Date.parse(day);
  return (
    (query.fromMs === undefined || startMs + 2 * 86_400_000 > query.fromMs) &&
    (query.toMs === undefined || startMs - 86_400_000 < query.toMs)
  );
}

/** Newest first. */
async function searchDay(
  file: string,
  day: string,
  query: EventQuery,
  after: Cursor | undefined,
): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const id = `${day}-${String(number++).padStart(9, '0')}`;
    let event: ConversationEvent;
    try {
      event = JSON.parse(line) as ConversationEvent;
    } catch {
      continue;
    }
    if (typeof event?.conversationId !== 'string' || typeof event.atMs !== 'number' || !fits(event, query)) continue;
    if (after !== undefined && (event.atMs > after.atMs || (event.atMs === after.atMs && id >= after.id))) continue;
    found.push({ ...event, id });
    if (found.length > HELD) found.shift();
  }
  return found.sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1));
}
