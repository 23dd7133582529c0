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
