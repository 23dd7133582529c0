import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { HearkenError, messageOf } from '../../errors.js';
import type { ConversationEvent, EventPage, EventQuery, SearchableLog, StoredEvent } from '../conversation-log.js';
import { withinMs } from '../time-limit.js';
import { readCursor, writeCursor } from './event-text.js';
import { maskEvent, type PersonalKind } from './mask.js';
import { deleteEventsBefore, insertEvents, type LogDatabase, migrate, selectEvents } from './schema.js';
import type { EventSpool } from './spool.js';

export interface SqlConversationLogOptions {
  readonly kind: 'pglite' | 'postgres';
  /** Nothing is asked of it before `start`. Closed with the log. */
  readonly db: Kysely<LogDatabase>;
  readonly spool: EventSpool;
  /** Where events go that the database can't take; never expected. */
  readonly folder: string;
  readonly mask: readonly PersonalKind[];
  /** Events older than this are removed; 0 keeps them. */
  readonly keepDays: number;
  readonly onState?: (state: 'ready' | 'lost', reason: string) => void;
  readonly now?: () => number;
  /** The database is first asked this long after `start`, or when somebody reads: an embedded one costs seconds of processor. Default 0. */
  readonly firstShipMs?: number;
  /** How often what waits on disk is taken to the database. Default 250 ms. */
  readonly shipMs?: number;
  /** Longest wait for a question to the database. Default 10 s. */
  readonly queryLimitMs?: number;
}

const LONGEST_RETRY_MS = 10_000;
const SWEEP_MS = 3_600_000;
/** How long a reader waits for what was just said to be stored, and for a database that is being started. */
const SETTLE_MS = 3000;
const FIRST_SETTLE_MS = 20_000;

/**
 * The conversation log in PostgreSQL, embedded or not. What is appended goes to disk first and from there to the database, in batches; while the database is away it waits
 * on disk, also over restarts, and it is stored once.
 */
export class SqlConversationLog implements SearchableLog {
  readonly kind: string;
  readonly #options: SqlConversationLogOptions;
  #shipping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sweeper: NodeJS.Timeout | undefined;
  #migrated = false;
  #lost = false;
  #reason = '';
  #retryMs = 0;
  #closed = false;

  constructor(options: SqlConversationLogOptions) {
    this.kind = options.kind;
    this.#options = options;
  }

  /** Begins to take events to the database. Apart from the constructor, so that a slow database does not hold up the first call. */
  start(): void {
    this.#sweeper = setInterval(() => void this.#sweep(), SWEEP_MS).unref();
    this.#schedule(this.#options.firstShipMs ?? 0);
  }

  append(event: ConversationEvent): void {
    if (this.#closed) return;
    this.#options.spool.append(maskEvent(event, this.#options.mask));
  }

  async history(conversationId: string, limit: number): Promise<readonly ConversationEvent[]> {
    const { events } = await this.search({ conversationId, limit });
    return events.map(({ id: _, ...event }) => event).reverse();
  }

  async search(query: EventQuery): Promise<EventPage> {
    const cursor = query.after === undefined ? undefined : readCursor(query.after);
    if (query.after !== undefined && cursor === undefined) {
      throw new HearkenError('REQUEST_INVALID', 'after: this is not the "next" of a page.', {
        hint: 'Send back what the page before gave, or leave it out.',
      });
    }
    await this.#settle();
    const events = await this.#ask(() => selectEvents(this.#options.db, { ...query, limit: query.limit + 1 }, cursor));
    const page = events.slice(0, query.limit);
    const last = page.at(-1);
    return { events: page, next: events.length > query.limit && last !== undefined ? writeCursor(last) : undefined };
  }

  flush(): Promise<void> {
    return this.#options.spool.flush();
  }

  /** Bytes that wait on disk count as one event each 400 (what a turn takes); exact when there are none. */
  get waiting(): number {
    const { bytes, queued } = this.#options.spool.backlog;
    return queued + Math.ceil(bytes / 400);
  }

  get dropped(): number {
    return this.#options.spool.dropped;
  }

  get problem(): string | undefined {
    return this.#options.spool.problem ?? (this.#lost ? this.#reason : undefined);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#sweeper);
    try {
      // A database that nobody has needed so far is not started for this: the events lie on disk for the next process.
      if (this.#migrated) await this.#settle();
    } finally {
      await this.#options.spool.close();
      await this.#options.db.destroy();
    }
  }

  /** What was appended is on disk, and in the database if that answers soon. */
  async #settle(): Promise<void> {
    await this.flush().catch(() => {});
    if (this.waiting === 0 && this.#migrated) return;
    const limitMs = this.#migrated || this.#lost ? SETTLE_MS : FIRST_SETTLE_MS;
    await withinMs(this.#shipNow(), limitMs, () => new Error('not yet')).catch(() => {});
  }

  #schedule(afterMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#shipNow().then(
        () => this.#schedule(this.#options.shipMs ?? 250),
        () => this.#schedule(this.#retryMs),
      );
    }, afterMs).unref();
  }

  /** Joins the work under way; rejects when the database is away. */
  #shipNow(): Promise<void> {
    this.#shipping ??= this.#ship().finally(() => {
      this.#shipping = undefined;
    });
    return this.#shipping;
  }

  async #ship(): Promise<void> {
    try {
      if (!this.#migrated) {
        await migrate(this.#options.db);
        this.#migrated = true;
        void this.#sweep();
      }
      for (
        let batch = await this.#options.spool.next();
        batch !== undefined;
        batch = await this.#options.spool.next()
      ) {
        await this.#store(batch.events);
        await batch.done();
      }
      this.#retryMs = 0;
      if (this.#lost) this.#options.onState?.('ready', '');
      this.#lost = false;
    } catch (error) {
      this.#retryMs = Math.min(LONGEST_RETRY_MS, Math.max(500, this.#retryMs * 2));
      if (!this.#lost && !this.#closed) this.#options.onState?.('lost', messageOf(error));
      this.#lost = true;
      this.#reason = messageOf(error);
      throw error;
    }
  }

  /** One event that the database refuses must not hold up all that come after it. */
  async #store(events: readonly StoredEvent[]): Promise<void> {
    try {
      await insertEvents(this.#options.db, events);
    } catch (error) {
      if (!isRefused(error)) throw error;
      const [only] = events;
      if (events.length === 1 && only !== undefined) {
        await appendFile(join(this.#options.folder, 'refused.jsonl'), `${JSON.stringify(only)}\n`, { mode: 0o600 });
        this.#options.onState?.('lost', `an event was refused and lies in refused.jsonl: ${messageOf(error)}`);
        return;
      }
      const half = Math.ceil(events.length / 2);
      await this.#store(events.slice(0, half));
      await this.#store(events.slice(half));
    }
  }

  async #ask<R>(work: () => Promise<R>): Promise<R> {
    if (!this.#migrated) throw away(new Error('it is being started'));
    try {
      return await withinMs(work(), this.#options.queryLimitMs ?? 10_000, () => new Error('no answer in time'));
    } catch (error) {
      throw away(error);
    }
  }

  async #sweep(): Promise<void> {
    const { keepDays, db, now } = this.#options;
    if (keepDays === 0 || !this.#migrated) return;
    await deleteEventsBefore(db, (now ?? Date.now)() - keepDays * 86_400_000).catch(() => {});
  }
}

/** Data the database won't take, rather than a database that is away (SQLSTATE classes 22, 23 and 54). */
function isRefused(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && /^(?:22|23|54)...$/.test(code);
}

function away(error: unknown): HearkenError {
  return new HearkenError('STORE_UNAVAILABLE', `The conversation log's database does not answer: ${messageOf(error)}`, {
    hint: 'Check that PostgreSQL runs at DATABASE_URL; what is said meanwhile waits on disk.',
    cause: error,
  });
}
