import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { HearkenError, messageOf } from '../../errors.js';
import type { ConversationEvent, StoredEvent } from '../conversation-log.js';
import { BatchedWriter } from './batched-writer.js';

export interface EventSpoolOptions {
  /** Made when it is missing. */
  readonly folder: string;
  /** Events that may wait for the disk; beyond it the oldest are dropped and counted. Default 20,000. */
  readonly maxQueue?: number;
  /** Events are written in batches at most this far apart. Default 50 ms. */
  readonly flushMs?: number;
  /** A file is finished when it has grown to this. Default 4 MiB. */
  readonly segmentBytes?: number;
  /** Disk that may be taken while the database is away. Default 1 GiB: about two million turns. */
  readonly maxBytes?: number;
  readonly onError?: (error: unknown) => void;
}

interface Segment {
  readonly file: string;
  size: number;
  /** Everything before this is where it belongs. */
  read: number;
  /** Another process may still be writing to it. */
  readonly foreign: boolean;
}

/** Events that were read and are to be stored; `done` says that they are. */
export interface Batch {
  readonly events: readonly StoredEvent[];
  done(): Promise<void>;
}

const READ_BYTES = 512 * 1024;
/** Longest line; what is longer is kept without its data. Less than a read, so that every line fits into one. */
const MAX_LINE_BYTES = 256 * 1024;
/** A file of another process that has not been written to for this long is nobody's. */
const ABANDONED_MS = 600_000;

/**
 * Events on disk on their way to the database: JSON lines in files that are removed when everything in them is stored. Each event gets its id here, so that whatever is
 * read twice (after a crash) is stored once. Files that a process left behind are taken over by the next one.
 */
export class EventSpool {
  readonly #options: Required<EventSpoolOptions>;
  readonly #boot = `${hostname()
    .replace(/[^\w-]/g, '_')
    .slice(0, 40)}-${process.pid}-${randomBytes(4).toString('hex')}`;
  readonly #segments: Segment[] = [];
  #current: { readonly segment: Segment; readonly handle: FileHandle } | undefined;
  readonly #writer: BatchedWriter<StoredEvent>;
  #sequence = 0;
  #files = 0;
  #closed = false;

  private constructor(options: EventSpoolOptions) {
    this.#options = {
      maxQueue: 20_000,
      flushMs: 50,
      segmentBytes: 4 * 1024 * 1024,
      maxBytes: 1024 * 1024 * 1024,
      onError: () => {},
      ...options,
    };
    this.#writer = new BatchedWriter({ ...this.#options, write: (batch) => this.#write(batch) });
  }

  /** Opens the folder and takes over what lies in it. A folder that can't be read is told to `onError`; events then wait in memory. */
  static async open(options: EventSpoolOptions): Promise<EventSpool> {
    const spool = new EventSpool(options);
    try {
      await spool.#adopt();
    } catch (error) {
      spool.#options.onError(error);
    }
    return spool;
  }

  /** Lost because neither memory nor disk had room. */
  get dropped(): number {
    return this.#writer.dropped;
  }

  /** Why events can't be written to disk; undefined when they can. */
  get problem(): string | undefined {
    return this.#writer.problem;
  }

  /** Bytes on disk that are not yet stored, and events not yet on disk. Zero: everything is where it belongs. */
  get backlog(): { readonly bytes: number; readonly queued: number } {
    return {
      bytes: this.#segments.reduce((sum, segment) => sum + segment.size - segment.read, 0),
      queued: this.#writer.waiting,
    };
  }

  append(event: ConversationEvent): void {
    if (!this.#closed) this.#writer.add({ ...event, id: this.#newId(event.atMs) });
  }

  /** Resolves when everything appended so far is on disk; rejects with STORE_UNAVAILABLE when the disk refuses (events then wait). */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** The oldest events that are not stored yet, at most about 512 KiB of them; undefined when there are none. One batch at a time. */
  async next(): Promise<Batch | undefined> {
    for (const segment of [...this.#segments]) {
      if (segment.read < segment.size) return this.#read(segment);
      if (segment !== this.#current?.segment) await this.#finish(segment);
    }
    return undefined;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#writer.close();
    } finally {
      const current = this.#current;
      this.#current = undefined;
      await current?.handle.close();
      if (current !== undefined && current.segment.read >= current.segment.size) await this.#finish(current.segment);
    }
  }

  /** Sorts by time; unlike any other process'. */
  #newId(atMs: number): string {
    const time = Math.max(0, Math.round(atMs)).toString(36).padStart(9, '0');
    return `${time}-${(this.#sequence++).toString(36).padStart(7, '0')}-${this.#boot}`;
  }

  async #write(batch: readonly StoredEvent[]): Promise<void> {
    if (this.backlog.bytes > this.#options.maxBytes) {
      throw new HearkenError('STORE_UNAVAILABLE', `More than ${this.#options.maxBytes} bytes of events wait on disk.`, {
        hint: `Bring the database back; events lie in ${this.#options.folder}.`,
      });
    }
    try {
      const { segment, handle } = await this.#open();
      const text = batch.map(lineOf).join('');
      await handle.appendFile(text);
      segment.size += Buffer.byteLength(text);
      if (segment.size >= this.#options.segmentBytes) {
        this.#current = undefined;
        await handle.close();
      }
    } catch (error) {
      const broken = this.#current;
      this.#current = undefined;
      await broken?.handle.close().catch(() => {});
      // What of it reached the disk will be read, too: a half line is skipped, a whole one is stored once by its id.
      if (broken !== undefined) broken.segment.size = await sizeOf(broken.segment.file, broken.segment.size);
      throw new HearkenError('STORE_UNAVAILABLE', `The conversation log can't be written: ${messageOf(error)}`, {
        hint: `Check space and rights of ${this.#options.folder}; events wait meanwhile.`,
        cause: error,
      });
    }
  }

  async #open(): Promise<{ readonly segment: Segment; readonly handle: FileHandle }> {
    if (this.#current !== undefined) return this.#current;
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    const number = (this.#files++).toString(36).padStart(4, '0');
    const file = join(this.#options.folder, `spool-${Date.now()}-${number}-${this.#boot}.jsonl`);
    const handle = await open(file, 'ax', 0o600);
    const segment: Segment = { file, size: 0, read: 0, foreign: false };
    this.#segments.push(segment);
    this.#current = { segment, handle };
    return this.#current;
  }

  async #read(segment: Segment): Promise<Batch> {
    const handle = await open(segment.file, 'r');
    try {
      const buffer = Buffer.alloc(Math.min(READ_BYTES, segment.size - segment.read));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, segment.read);
      const text = buffer.subarray(0, bytesRead);
      // A file that shrank, or a last line that a crash cut off, ends here.
      const cut = text.lastIndexOf(0x0a) + 1;
      const atEnd = segment.read + bytesRead >= segment.size || bytesRead === 0;
      const length = cut > 0 ? cut : atEnd ? segment.size - segment.read : bytesRead;
      const lines = text
        .subarray(0, cut > 0 ? cut : bytesRead)
        .toString('utf8')
        .split('\n');
      return {
        events: lines.map((line, index) => readLine(line, segment, index)).filter((event) => event !== undefined),
        done: async () => {
          segment.read += length;
          if (segment.read >= segment.size && segment !== this.#current?.segment) await this.#finish(segment);
        },
      };
    } finally {
      await handle.close();
    }
  }

  async #finish(segment: Segment): Promise<void> {
    const at = this.#segments.indexOf(segment);
    if (at !== -1) this.#segments.splice(at, 1);
    // Removing what another process writes to would lose its next lines; the start after next removes it.
    if (segment.foreign && Date.now() - (await changedMs(segment.file)) < ABANDONED_MS) return;
    await unlink(segment.file).catch(() => {});
  }

  /** Files of processes that are gone, and the daily files that earlier versions kept for good. */
  async #adopt(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    const names = (await readdir(this.#options.folder)).filter((name) =>
      /^(?:spool-[\w-]+|conversations-\d{4}-\d\d-\d\d)\.jsonl$/.test(name),
    );
    for (const name of names.sort()) {
      const file = join(this.#options.folder, name);
      this.#segments.push({ file, size: (await stat(file)).size, read: 0, foreign: isForeign(name) });
    }
  }
}

/** Whether a file may belong to a process that lives. */
function isForeign(name: string): boolean {
  const match = /^spool-\d+-\w{4}-(.+)-(\d+)-[0-9a-f]{8}\.jsonl$/.exec(name);
  if (match === null) return false;
  if (
    match[1] !==
    hostname()
      .replace(/[^\w-]/g, '_')
      .slice(0, 40)
  )
    return true;
  const pid = Number(match[2]);
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function lineOf(event: StoredEvent): string {
  const line = `${JSON.stringify(event)}\n`;
  if (Buffer.byteLength(line) <= MAX_LINE_BYTES) return line;
  return `${JSON.stringify({ ...event, data: { tooLong: true } })}\n`;
}

/** A line that was cut by a crash is left out; one of an earlier version has no id and gets one that is the same each time it is read. */
function readLine(line: string, segment: Segment, index: number): StoredEvent | undefined {
  try {
    const event = JSON.parse(line) as Partial<StoredEvent> | null;
    if (typeof event?.conversationId !== 'string' || typeof event.atMs !== 'number') return undefined;
    const { conversationId, atMs } = event;
    const id =
      event.id ?? `old-${createHash('sha256').update(line).digest('hex').slice(0, 24)}-${segment.read}-${index}`;
    return { id, conversationId, atMs, type: event.type ?? 'unknown', data: event.data ?? {} };
  } catch {
    return undefined;
  }
}

async function sizeOf(file: string, otherwise: number): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => otherwise,
  );
}

async function changedMs(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
