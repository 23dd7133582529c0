import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseRecord, type RecordedEvent } from '../../call/record.js';

/** The record of one call on disk, as far as lists need it: its first and last lines, and whether there is sound. */
export interface RecordFacts {
  readonly id: string;
  readonly eventsFile: string;
  readonly audioFile: string | undefined;
  /** Where in the sound the record begins. */
  readonly audioOffsetMs: number;
  readonly startedAtMs: number;
  /** The signalling's. */
  readonly callId: string;
  readonly caller: string;
  readonly callee: string;
  readonly language: string;
  readonly sampleRate: number | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: it goes on, or the service went down in it. */
  readonly ended: { readonly cause: string; readonly reason: string; readonly durationMs: number } | undefined;
}

/** Ids are made by us; anything else must not reach the file system. */
export const RECORD_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DAY_MS = 86_400_000;
const HEAD_BYTES = 65_536;
const TAIL_BYTES = 4096;
/** As `readRecord` has it. */
const LONGEST_RECORD_BYTES = 16 * 1024 * 1024;

const begin = z.object({
  type: z.literal('call'),
  callId: z.string().catch(''),
  caller: z.string().catch(''),
  callee: z.string().catch(''),
  language: z.string().catch(''),
  sampleRate: z.number().nullable().catch(null),
  headers: z.record(z.string(), z.string()).catch({}),
  startedAt: z.iso.datetime({ offset: true }),
});
const end = z.object({
  type: z.literal('ended'),
  cause: z.string().catch(''),
  reason: z.string().catch(''),
  durationMs: z.number().catch(0),
});

/** The record of this id from about this time (it may have begun on the day before); undefined when there is none. */
export async function recordFacts(dataFolder: string, id: string, aboutMs: number): Promise<RecordFacts | undefined> {
  if (!RECORD_ID.test(id)) return undefined;
  for (const ms of [aboutMs, aboutMs - DAY_MS, aboutMs + DAY_MS]) {
    const folder = join(dataFolder, 'calls', new Date(ms).toISOString().slice(0, 10));
    const eventsFile = join(folder, `${id}.jsonl`);
    const ends = await firstAndLast(eventsFile);
    if (ends === undefined) continue;
    const first = begin.safeParse(ends.first);
    if (!first.success) return undefined;
    const last = end.safeParse(ends.last);
    const audioFile = join(folder, `${id}.wav`);
    const sound = await stat(audioFile).catch(() => undefined);
    const { startedAt, callId, caller, callee, language, sampleRate, headers } = first.data;
    return {
      id,
      eventsFile,
      audioFile: sound === undefined ? undefined : audioFile,
      audioOffsetMs: 0,
      startedAtMs: Date.parse(startedAt),
      callId,
      caller,
      callee,
      language,
      sampleRate,
      headers,
      ended: last.success ? last.data : undefined,
    };
  }
  return undefined;
}

/** The events of a record; `cut` when it is too long to be read whole: then only its begin. */
export async function recordEvents(
  file: string,
): Promise<{ readonly events: readonly RecordedEvent[]; readonly cut: boolean }> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const bytes = await part(handle, 0, Math.min(size, LONGEST_RECORD_BYTES));
    return { events: parseRecord(bytes.toString('utf8')), cut: size > LONGEST_RECORD_BYTES };
  } finally {
    await handle.close();
  }
}

async function firstAndLast(file: string): Promise<{ readonly first: unknown; readonly last: unknown } | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const { size } = await handle.stat();
    const [head = ''] = (await part(handle, 0, Math.min(size, HEAD_BYTES))).toString('utf8').split('\n', 1);
    const from = Math.max(0, size - TAIL_BYTES);
    const tail = (await part(handle, from, size - from)).toString('utf8').trimEnd().split('\n').at(-1) ?? '';
    return { first: parsed(head), last: parsed(tail) };
  } finally {
    await handle.close();
  }
}

async function part(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
