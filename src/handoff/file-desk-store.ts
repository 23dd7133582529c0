import { randomInt } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HearkenError, messageOf } from '../errors.js';
import type { DeskFilter, DeskItem, DeskStatus, DeskStore, NewDeskItem } from './desk-store.js';

/** Entries that are done or cancelled are kept in memory up to this many; all stay in the file. */
const MAX_SETTLED = 20_000;
const MAX_OPEN = 100_000;
const MAX_NOTES = 50;

/**
 * Tickets and call-backs as JSON lines, one for each state an entry has had, the last one counts. A line is on the disk before the caller hears its number.
 * For one service; several share a database instead.
 */
export class FileDeskStore implements DeskStore {
  readonly #path: string;
  readonly #now: () => number;
  readonly #items = new Map<string, DeskItem>();
  readonly #byKey = new Map<string, string>();
  #file: FileHandle | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(path: string, now: () => number) {
    this.#path = path;
    this.#now = now;
  }

  /** Reads what is there. A line that a power cut left unfinished is passed over. Throws STORE_UNAVAILABLE when the file can't be used. */
  static async open(path: string, now: () => number = Date.now): Promise<FileDeskStore> {
    const store = new FileDeskStore(path, now);
    await store.#open(true);
    return store;
  }

  /** What is there now, to be looked at while a service has the file; changing it throws STORE_UNAVAILABLE. */
  static async read(path: string): Promise<FileDeskStore> {
    const store = new FileDeskStore(path, Date.now);
    await store.#open(false);
    return store;
  }

  async #open(toWrite: boolean): Promise<void> {
    const path = this.#path;
    try {
      if (toWrite) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      for (const line of text.split('\n')) this.#load(line);
      if (!toWrite) return;
      this.#file = await open(path, 'a', 0o600);
      if (text !== '' && !text.endsWith('\n')) await this.#file.appendFile('\n');
    } catch (error) {
      throw unavailable(path, error);
    }
  }

  async add(item: NewDeskItem): Promise<DeskItem> {
    return this.#inTurn(async () => {
      const known = this.#items.get(this.#byKey.get(item.key) ?? '');
      if (known !== undefined) return known;
      if (this.#count('open') >= MAX_OPEN)
        throw new HearkenError('OVERLOADED', `There are ${MAX_OPEN} open tickets and call-backs.`, {
          hint: 'Settle some of them.',
        });
      const at = new Date(this.#now()).toISOString();
      const added = {
        ...item,
        number: this.#freeNumber(),
        status: 'open',
        createdAt: at,
        updatedAt: at,
        notes: [],
      } as DeskItem;
      await this.#write(added);
      return added;
    });
  }

  async list(filter: DeskFilter = {}): Promise<readonly DeskItem[]> {
    const limit = Math.min(Math.max(1, filter.limit ?? 100), 1000);
    const found: DeskItem[] = [];
    for (const item of [...this.#items.values()].reverse()) {
      if (filter.kind !== undefined && item.kind !== filter.kind) continue;
      if (filter.status !== undefined && item.status !== filter.status) continue;
      found.push(item);
      if (found.length >= limit) break;
    }
    return found;
  }

  async get(number: string): Promise<DeskItem | undefined> {
    return this.#items.get(number);
  }

  async update(
    number: string,
    change: { readonly status: DeskStatus; readonly by: string; readonly note?: string },
  ): Promise<DeskItem> {
    return this.#inTurn(async () => {
      const item = this.#items.get(number);
      if (item === undefined)
        throw new HearkenError('NOT_FOUND', `There is no ticket or call-back ${number}.`, {
          hint: 'List them to see their numbers.',
        });
      const at = new Date(this.#now()).toISOString();
      const note =
        change.note === undefined ? [] : [{ at, by: change.by.slice(0, 100), text: change.note.slice(0, 2000) }];
      const changed: DeskItem = {
        ...item,
        status: change.status,
        updatedAt: at,
        notes: [...item.notes, ...note].slice(-MAX_NOTES),
      };
      await this.#write(changed);
      return changed;
    });
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #inTurn<R>(work: () => Promise<R>): Promise<R> {
    const next = this.#writing.then(work, work);
    this.#writing = next.catch(() => undefined);
    return next;
  }

  async #write(item: DeskItem): Promise<void> {
    if (this.#file === undefined) throw unavailable(this.#path, 'it is closed, or only being looked at');
    try {
      await this.#file.appendFile(`${JSON.stringify(item)}\n`);
      await this.#file.datasync();
    } catch (error) {
      throw unavailable(this.#path, error);
    }
    this.#keep(item);
  }

  #load(line: string): void {
    if (line.trim() === '') return;
    try {
      const item = JSON.parse(line) as DeskItem;
      if (typeof item.number === 'string' && typeof item.key === 'string') this.#keep(item);
    } catch {
      // Cut short while it was written: nobody was told its number.
    }
  }

  #keep(item: DeskItem): void {
    this.#items.set(item.number, item);
    this.#byKey.set(item.key, item.number);
    if (item.status === 'open' || this.#items.size - this.#count('open') <= MAX_SETTLED) return;
    for (const old of this.#items.values()) {
      if (old.status === 'open') continue;
      this.#items.delete(old.number);
      this.#byKey.delete(old.key);
      return;
    }
  }

  #count(status: DeskStatus): number {
    let count = 0;
    for (const item of this.#items.values()) if (item.status === status) count++;
    return count;
  }

  #freeNumber(): string {
    for (;;) {
      const number = String(randomInt(10_000_000, 100_000_000));
      if (!this.#items.has(number)) return number;
    }
  }
}

function unavailable(path: string, cause: unknown): HearkenError {
  return new HearkenError('STORE_UNAVAILABLE', `Tickets can't be kept in ${path}: ${messageOf(cause)}`, {
    hint: 'Check that the folder can be written to and has room.',
    cause,
  });
}
