import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { WAV_HEADER_BYTES } from '../../dsp/wav.js';
import { HearkenError } from '../../errors.js';
import type { Waveform } from './contract.js';

/** Recordings as pages need them: a part of the bytes, and how loud each side was when. */

export interface ByteRange {
  readonly from: number;
  /** Inside. */
  readonly to: number;
}

/**
 * What `Range` asks of a file of that size (RFC 9110 §14): undefined for the whole file (no range, several, or another unit), `null` when it lies outside.
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | undefined | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return from > to || from >= size ? null : { from, to };
}

const KEPT = 100;
const MAX_AT_ONCE = 2;
const BYTES_PER_FRAME = 4;

/** Peaks of recordings, worked out once and kept for who looks again. */
export class Waveforms {
  readonly #kept = new Map<string, Omit<Waveform, 'part'>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** Throws AUDIO_UNREADABLE for a file that is not ours. */
  async of(file: string, buckets: number): Promise<Omit<Waveform, 'part'>> {
    const { size, mtimeMs } = await stat(file);
    const key = `${file} ${size} ${mtimeMs} ${buckets}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    if (this.#running >= MAX_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      const made = await peaks(file, size, buckets);
      this.#kept.set(key, made);
      if (this.#kept.size > KEPT) {
        const oldest = this.#kept.keys().next();
        if (!oldest.done) this.#kept.delete(oldest.value);
      }
      return made;
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}

async function peaks(file: string, size: number, buckets: number): Promise<Omit<Waveform, 'part'>> {
  const sampleRate = await sampleRateOf(file);
  const frames = Math.max(0, Math.floor((size - WAV_HEADER_BYTES) / BYTES_PER_FRAME));
  const perBucket = Math.max(1, Math.ceil(frames / buckets));
  const count = Math.ceil(frames / perBucket);
  const caller = new Array<number>(count).fill(0);
  const bot = new Array<number>(count).fill(0);
  let frame = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { start: WAV_HEADER_BYTES, highWaterMark: 262_144 })) {
    const bytes: Buffer = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    const whole = bytes.length - (bytes.length % BYTES_PER_FRAME);
    for (let at = 0; at < whole && frame < frames; at += BYTES_PER_FRAME, frame++) {
      const bucket = Math.floor(frame / perBucket);
      const left = Math.abs(bytes.readInt16LE(at));
      const right = Math.abs(bytes.readInt16LE(at + 2));
      if (left > (caller[bucket] ?? 0)) caller[bucket] = left;
      if (right > (bot[bucket] ?? 0)) bot[bucket] = right;
    }
    rest = Buffer.from(bytes.subarray(whole));
  }
  const share = (peak: number): number => Math.round((peak / 32_768) * 1000) / 1000;
  return {
    durationMs: Math.round((frames / sampleRate) * 1000),
    bucketMs: (perBucket / sampleRate) * 1000,
    caller: caller.map(share),
    bot: bot.map(share),
  };
}

async function sampleRateOf(file: string): Promise<number> {
  const handle = await open(file, 'r');
  try {
    const header = Buffer.alloc(WAV_HEADER_BYTES);
    const { bytesRead } = await handle.read(header, 0, WAV_HEADER_BYTES, 0);
    const sampleRate = header.readUInt32LE(24);
    const ours =
      bytesRead === WAV_HEADER_BYTES &&
      header.toString('latin1', 0, 4) === 'RIFF' &&
      header.readUInt16LE(22) === 2 &&
      header.readUInt16LE(34) === 16;
    if (!ours || sampleRate < 4000 || sampleRate > 192_000)
      throw new HearkenError('AUDIO_UNREADABLE', 'The recording of this call is damaged.', {
        hint: 'Look at the file on the machine.',
      });
    return sampleRate;
  } finally {
    await handle.close();
  }
}
