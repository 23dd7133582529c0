import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HearkenError, messageOf } from '../errors.js';
import type { ConversationEvent, EventPage, EventQuery, SearchableLog } from './conversation-log.js';
import { BatchedWriter } from './log/batched-writer.js';
import { DayConversations } from './log/day-conversations.js';
import { linesWith, removeOldDays, searchDays } from './log/day-files.js';
import { maskEvent, type PersonalKind } from './log/mask.js';

export interface FileConversationLogOptions {
  /** Made when it is missing; one file a day lies in it. */
  readonly folder: string;
  /** Events that may wait for the disk; beyond it the oldest are dropped and counted. Default 20,000. */
  readonly maxQueue?: number;
  /** Events are written in batches at most this far apart. Default 50 ms. */
  readonly flushMs?: number;
  readonly onError?: (error: unknown) => void;
  /** Personal data that is not written down. Default none. */
  readonly mask?: readonly PersonalKind[];
  /** Days older than this are removed; 0 (default) keeps them. */
  readonly keepDays?: number;
}

interface Place {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** Conversations whose lines are found without reading whole files; older ones are searched for. */
const INDEXED_CONVERSATIONS = 20_000;
/** Days searched for a conversation that is not in the index. */
const SEARCHED_FILES = 31;

/**
 * Conversation events as JSON lines, a file a day (UTC): `conversations-2026-11-30.jsonl`. `append` never waits and never throws;
 * when the disk refuses, events wait in the bounded queue and are tried again.
 */
export class FileConversationLog implements SearchableLog {
  readonly kind = 'files';
  readonly #folder: string;
  readonly #writer: BatchedWriter<ConversationEvent>;
  readonly #onError: (error: unknown) => void;
  readonly #mask: readonly PersonalKind[];
  readonly #keepDays: number;
  #sweptOn = '';
  readonly #days = new DayConversations();
  readonly #index = new Map<string, Place[]>();
  #handle: { readonly file: string; readonly handle: FileHandle; size: number } | undefined;
  #closed = false;

  constructor(options: FileConversationLogOptions) {
    this.#folder = options.folder;
    this.#onError = options.onError ?? (() => {});
    this.#mask = options.mask ?? [];
    this.#keepDays = options.keepDays ?? 0;
    this.#writer = new BatchedWriter({ ...options, write: (batch) => this.#write(batch) });
  }

  /** Events that are not yet on disk. */
  get waiting(): number {
    return this.#writer.waiting;
  }

  /** Events lost because the disk was away for too long. */
  get dropped(): number {
    return this.#writer.dropped;
  }

  get problem(): string | undefined {
    return this.#writer.problem;
  }

  append(event: ConversationEvent): void {
    if (!this.#closed) this.#writer.add(maskEvent(event, this.#mask));
  }

  /** Last `limit` events, oldest first. */
  async history(conversationId: string, limit: number): Promise<readonly ConversationEvent[]> {
    await this.flush();
    const places = this.#index.get(conversationId);
    const complete = places !== undefined && places.length >= limit;
    const events = complete ? await readPlaces(places.slice(-limit)) : await this.#search(conversationId, limit);
    return events.slice(-limit);
  }

  async search(query: EventQuery): Promise<EventPage> {
    await this.flush();
    return searchDays(this.#folder, query);
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#writer.close();
    } finally {
      await this.#handle?.handle.close();
      this.#handle = undefined;
    }
  }

  async #write(batch: readonly ConversationEvent[]): Promise<void> {
    try {
      const target = await this.#open();
      const places: [string, Place][] = [];
      let offset = target.size;
      const lines = batch.map((event) => {
        const line = `${JSON.stringify(event)}\n`;
        const length = Buffer.byteLength(line);
        places.push([event.conversationId, { file: target.file, offset, length }]);
        offset += length;
        return line;
      });
      await target.handle.appendFile(lines.join(''));
      target.size = offset;
      for (const [id, place] of places) this.#remember(id, place);
    } catch (error) {
      await this.#handle?.handle.close().catch(() => {});
      this.#handle = undefined;
      throw new HearkenError('STORE_UNAVAILABLE', `The conversation log can't be written: ${messageOf(error)}`, {
        hint: `Check space and rights of ${this.#folder}; events wait meanwhile.`,
        cause: error,
      });
    }
  }

  async #open(): Promise<{ readonly file: string; readonly handle: FileHandle; size: number }> {
    const today = new Date().toISOString().slice(0, 10);
    if (this.#sweptOn !== today) {
      this.#sweptOn = today;
      removeOldDays(this.#folder, this.#keepDays, new Date()).catch(this.#onError);
    }
    const file = join(this.#folder, `conversations-${today}.jsonl`);
    if (this.#handle?.file === file) return this.#handle;
    await this.#handle?.handle.close();
    this.#handle = undefined;
    await mkdir(this.#folder, { recursive: true });
    const handle = await open(file, 'a');
    this.#handle = { file, handle, size: (await handle.stat()).size };
    return this.#handle;
  }

  #remember(id: string, place: Place): void {
    const places = this.#index.get(id) ?? [];
    this.#index.delete(id);
    this.#index.set(id, places);
    places.push(place);
    if (places.length > 200) places.shift();
    if (this.#index.size > INDEXED_CONVERSATIONS) {
      for (const oldest of this.#index.keys()) {
        this.#index.delete(oldest);
        break;
      }
    }
  }

  async #search(conversationId: string, limit: number): Promise<ConversationEvent[]> {
    const files = (await readdir(this.#folder).catch(() => [] as string[]))
      .filter((name) => /^conversations-\d{4}-\d\d-\d\d\.jsonl$/.test(name))
      .sort()
      .reverse()
      .slice(0, SEARCHED_FILES);
    const today = `conversations-${new Date().toISOString().slice(0, 10)}.jsonl`;
    this.#days.keepOnly(new Set(files.map((name) => join(this.#folder, name))));
    const needle = JSON.stringify(conversationId);
    let found: ConversationEvent[] = [];
    for (const name of files) {
      const file = join(this.#folder, name);
      if (name !== today && !(await this.#days.mayHold(file, conversationId))) continue;
      const here: ConversationEvent[] = [];
      for await (const line of linesWith(file, needle)) {
        const event = parseLine(line);
        if (event?.conversationId !== conversationId) continue;
        here.push(event);
        if (here.length > limit) here.shift();
      }
      found = here.concat(found);
      if (found.length >= limit || here.some(isCallBegun)) break;
    }
    return found;
  }
}

async function readPlaces(places: readonly Place[]): Promise<ConversationEvent[]> {
  const events: ConversationEvent[] = [];
  const handles = new Map<string, FileHandle>();
  try {
    for (const place of places) {
      const handle = handles.get(place.file) ?? (await open(place.file, 'r'));
      handles.set(place.file, handle);
      const buffer = Buffer.alloc(place.length);
      await handle.read(buffer, 0, place.length, place.offset);
      const event = parseLine(buffer.toString('utf8'));
      if (event !== undefined) events.push(event);
    }
  } finally {
    for (const handle of handles.values()) await handle.close();
  }
  return events;
}

/** The first turn of a call: before it there is nothing. (A person who writes keeps their id, and may have been there before.) */
function isCallBegun({ type, data }: ConversationEvent): boolean {
  return type === 'turn' && data.turn === 1 && data.channel === 'voice';
}

/** A line that was cut by a crash is left out. */
function parseLine(line: string): ConversationEvent | undefined {
  try {
    return JSON.parse(line) as ConversationEvent;
  } catch {
    return undefined;
  }
}
