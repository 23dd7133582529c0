import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import { HearkenError, messageOf } from '../errors.js';
import { StereoRecorder } from './stereo-recorder.js';

/** One line of a call record. `atMs` counts from the call's begin. */
export interface RecordedEvent {
  readonly atMs: number;
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Whoever is told what a record is told. */
interface Told {
  readonly watcher?: CallWatcher | undefined;
}

/** Is told of everything that a record is told, as it happens; what it does must not take time. */
export interface CallWatcher {
  event(event: RecordedEvent): void;
  caller(atMs: number, samples: Int16Array): void;
  bot(atMs: number, samples: Int16Array): void;
  cutBot(atMs: number): void;
}

const FLUSH_MS = 1000;

/**
 * What happened in one call, for replay and for people: JSON lines with every event and its time, and a stereo WAV (caller left,
 * bot right). A disk that fails never disturbs the call: it is logged, and the call goes on unrecorded.
 */
export class CallRecord {
  readonly id: string;
  /** Undefined when nothing is recorded. */
  readonly eventsFile: string | undefined;
  readonly audioFile: string | undefined;
  readonly #logger: Logger;
  readonly #told: Told;
  readonly #lines: WriteStream | undefined;
  readonly #audio: StereoRecorder | undefined;
  #flushedMs = 0;
  #lastMs = 0;
  #closed = false;
  #broken = false;
  #watched = true;
  /** Sound is left out: silence in its place, for a while or for good. */
  #sound: 'on' | 'paused' | 'off' = 'on';

  private constructor(
    id: string,
    logger: Logger,
    events: string | undefined,
    lines: WriteStream | undefined,
    audioFile: string | undefined,
    audio: StereoRecorder | undefined,
    told: Told,
  ) {
    this.id = id;
    this.eventsFile = events;
    this.audioFile = audio ? audioFile : undefined;
    this.#logger = logger;
    this.#lines = lines;
    this.#audio = audio;
    this.#told = told;
    lines?.on('error', (error) => this.#break(error));
  }

  /** Opens the files `<folder>/calls/<day>/<id>.{jsonl,wav}`. Never throws. */
  static open(options: {
    readonly id: string;
    readonly folder: string;
    readonly record: Config['record'];
    readonly sampleRate: number;
    readonly startedAt: Date;
    readonly logger: Logger;
    /** Told of everything, whether it is kept in a file or not. */
    readonly watcher?: CallWatcher | undefined;
  }): CallRecord {
    const { id, record, logger } = options;
    const unrecorded = () => new CallRecord(id, logger, undefined, undefined, undefined, undefined, options);
    if (!record.audio && !record.events) return unrecorded();
    try {
      const folder = join(callsFolder(options.folder), options.startedAt.toISOString().slice(0, 10));
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const events = record.events ? join(folder, `${id}.jsonl`) : undefined;
      const audioFile = join(folder, `${id}.wav`);
      const lines = events === undefined ? undefined : createWriteStream(events, { flags: 'wx', mode: 0o600 });
      const audio = record.audio ? new StereoRecorder(audioFile, options.sampleRate) : undefined;
      return new CallRecord(id, logger, events, lines, audioFile, audio, options);
    } catch (error) {
      logger.error({ err: error, callId: id }, 'the call record could not be opened; the call goes on without one');
      return unrecorded();
    }
  }

  /** What comes of work that outlives the call by a moment (a guess, another ear) is not of the call any more. */
  event(atMs: number, type: string, data: Readonly<Record<string, unknown>> = {}): void {
    if (this.#closed) return;
    this.#lastMs = Math.max(this.#lastMs, atMs);
    this.#watch((watcher) => watcher.event({ ...data, atMs, type }));
    if (this.#broken) return;
    this.#lines?.write(`${JSON.stringify({ atMs: Math.round(atMs), type, ...data })}\n`);
  }

  /** What is heard and said from here on is kept as sound, or not; what was understood is written down all the same. Only `resume` ends a pause. */
  sound(order: 'start' | 'pause' | 'resume' | 'stop'): void {
    if (this.#sound === 'off') return;
    if (order !== 'start') this.#sound = order === 'stop' ? 'off' : order === 'pause' ? 'paused' : 'on';
  }

  caller(atMs: number, samples: Int16Array): void {
    if (this.#sound === 'on') this.#audio?.caller(atMs, samples);
    this.#watch((watcher) => watcher.caller(atMs, samples));
    this.#flush(atMs);
  }

  bot(atMs: number, samples: Int16Array): void {
    if (this.#sound === 'on') this.#audio?.bot(atMs, samples);
    this.#watch((watcher) => watcher.bot(atMs, samples));
    this.#flush(atMs);
  }

  cutBot(atMs: number): void {
    this.#audio?.cutBot(atMs);
    this.#watch((watcher) => watcher.cutBot(atMs));
  }

  async close(atMs: number): Promise<void> {
    this.#closed = true;
    const failed = await this.#audio?.close(Math.max(atMs, this.#lastMs));
    if (failed !== undefined) this.#break(failed);
    const lines = this.#lines;
    if (lines && !lines.destroyed) await new Promise<void>((resolve) => lines.end(() => resolve()));
  }

  #flush(atMs: number): void {
    this.#lastMs = Math.max(this.#lastMs, atMs);
    if (atMs - this.#flushedMs < FLUSH_MS) return;
    this.#flushedMs = atMs;
    this.#audio?.flush(atMs);
  }

  /** One that throws is not asked again: a page to look at must never cost a call. */
  #watch(tell: (watcher: CallWatcher) => void): void {
    const { watcher } = this.#told;
    if (watcher === undefined || !this.#watched) return;
    try {
      tell(watcher);
    } catch (err) {
      this.#watched = false;
      this.#logger.error({ err, callId: this.id }, 'a call can no longer be watched');
    }
  }

  #break(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#logger.error({ callId: this.id, reason: messageOf(error) }, 'the call record can no longer be written');
  }
}

function callsFolder(dataFolder: string): string {
  return join(dataFolder, 'calls');
}

/** Ids are made by us; anything else must not reach the file system. */
const RECORD_ID = /^[0-9a-f-]{36}$/;

/** Days that are searched for a record, newest first. */
const SEARCHED_DAYS = 31;
/** A day of talking is 3 MB of events; what is larger is not for a request. */
const LONGEST_RECORD_BYTES = 16 * 1024 * 1024;

export interface StoredRecord {
  readonly events: readonly RecordedEvent[];
  /** `<day>/<id>.wav` below the calls folder; null when no sound was recorded. */
  readonly audio: string | null;
}

/**
 * A recorded call by its id; undefined when there is none in the last 31 days that have any. Throws PAYLOAD_TOO_LARGE for a record that
 * should be read on the machine itself.
 */
export async function readRecord(dataFolder: string, id: string): Promise<StoredRecord | undefined> {
  if (!RECORD_ID.test(id)) return undefined;
  const days = (await readdir(callsFolder(dataFolder)).catch(() => [])).sort().reverse().slice(0, SEARCHED_DAYS);
  for (const day of days) {
    const file = join(callsFolder(dataFolder), day, `${id}.jsonl`);
    const facts = await stat(file).catch(() => undefined);
    if (!facts) continue;
    if (facts.size > LONGEST_RECORD_BYTES) {
      throw new HearkenError('PAYLOAD_TOO_LARGE', `The record of this call has ${facts.size} bytes.`, {
        hint: `Read it on the machine: calls/${day}/${id}.jsonl in the data folder.`,
      });
    }
    const audio = `${day}/${id}.wav`;
    const hasAudio = await stat(join(callsFolder(dataFolder), audio)).catch(() => undefined);
    return { events: parseRecord(await readFile(file, 'utf8')), audio: hasAudio ? audio : null };
  }
  return undefined;
}

/** Records that are looked through for a signalling's id, newest day first. */
const SEARCHED_RECORDS = 5000;

/** A record by our id, by the signalling's (SIP Call-ID), or `last`: the one written to last. */
export async function findRecord(
  dataFolder: string,
  name: string,
): Promise<(StoredRecord & { readonly id: string }) | undefined> {
  const direct = await readRecord(dataFolder, name);
  if (direct) return { id: name, ...direct };
  const days = (await readdir(callsFolder(dataFolder)).catch(() => [])).sort().reverse().slice(0, SEARCHED_DAYS);
  let searched = 0;
  for (const day of days) {
    const files = (await readdir(join(callsFolder(dataFolder), day)).catch(() => [])).filter((file) =>
      file.endsWith('.jsonl'),
    );
    const ids = await newestFirst(join(callsFolder(dataFolder), day), files);
    for (const id of ids) {
      if (searched++ >= SEARCHED_RECORDS) return undefined;
      const record = await readRecord(dataFolder, id);
      if (record && (name === 'last' || record.events[0]?.callId === name)) return { id, ...record };
    }
  }
  return undefined;
}

async function newestFirst(folder: string, files: readonly string[]): Promise<readonly string[]> {
  const dated = await Promise.all(
    files.map(async (file) => ({ id: file.slice(0, -'.jsonl'.length), ms: (await stat(join(folder, file))).mtimeMs })),
  );
  return dated.sort((left, right) => right.ms - left.ms).map(({ id }) => id);
}

/** Removes the folders of days that are older than `keepDays` (0 keeps everything); returns the days removed. Nothing but day folders is touched. */
export async function removeOldRecords(dataFolder: string, keepDays: number, now: Date): Promise<readonly string[]> {
  if (keepDays === 0) return [];
  const oldest = new Date(now.getTime() - keepDays * 86_400_000).toISOString().slice(0, 10);
  const days = (await readdir(callsFolder(dataFolder)).catch(() => [])).filter(
    (day) => /^\d{4}-\d{2}-\d{2}$/.test(day) && day < oldest,
  );
  for (const day of days) await rm(join(callsFolder(dataFolder), day), { recursive: true, force: true });
  return days;
}

/** Reads JSON lines; a last line that a crash cut short is left out. */
export function parseRecord(text: string): readonly RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      events.push(JSON.parse(line) as RecordedEvent);
    } catch {
      break;
    }
  }
  return events;
}
