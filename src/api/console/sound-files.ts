import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { decodeAlaw, decodeMulaw } from '../../dsp/g711.js';
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
  const { sampleRate, dataAt, bytesPerSample, level } = await soundOf(file);
  const frameBytes = bytesPerSample * 2;
  const frames = Math.max(0, Math.floor((size - dataAt) / frameBytes));
  const perBucket = Math.max(1, Math.ceil(frames / buckets));
  const count = Math.ceil(frames / perBucket);
  const caller = new Array<number>(count).fill(0);
  const bot = new Array<number>(count).fill(0);
  let frame = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { start: dataAt, highWaterMark: 262_144 })) {
    const bytes: Buffer = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    const whole = bytes.length - (bytes.length % frameBytes);
    for (let at = 0; at < whole && frame < frames; at += frameBytes, frame++) {
      const bucket = Math.floor(frame / perBucket);
      const left = level(bytes, at);
      const right = level(bytes, at + bytesPerSample);
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

interface Sound {
  readonly sampleRate: number;
  /** Where samples begin. */
  readonly dataAt: number;
  readonly bytesPerSample: number;
  /** Of the sample at that byte, 0 to 32,768. */
  readonly level: (bytes: Buffer, at: number) => number;
}

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, value) => value);
/** By the numbers of RFC 2361: the service writes PCM, the bridge also G.711. */
const LEVELS: Readonly<Record<number, { readonly bits: number; readonly level: Sound['level'] }>> = {
  1: { bits: 16, level: (bytes, at) => Math.abs(bytes.readInt16LE(at)) },
  6: { bits: 8, level: levelsOf(decodeAlaw(EVERY_BYTE)) },
  7: { bits: 8, level: levelsOf(decodeMulaw(EVERY_BYTE)) },
};

function levelsOf(decoded: Int16Array): Sound['level'] {
  return (bytes, at) => Math.abs(decoded[bytes[at] ?? 0] ?? 0);
}

/** Reads a header as the service or the bridge writes it: `fmt ` and then `data`. Throws AUDIO_UNREADABLE. */
async function soundOf(file: string): Promise<Sound> {
  const handle = await open(file, 'r');
  try {
    const header = Buffer.alloc(64);
    await handle.read(header, 0, header.length, 0);
    const known = LEVELS[header.readUInt16LE(20)];
    const sampleRate = header.readUInt32LE(24);
    const dataAt = 28 + header.readUInt32LE(16);
    const ours =
      known !== undefined &&
      header.toString('latin1', 0, 4) === 'RIFF' &&
      header.toString('latin1', 12, 16) === 'fmt ' &&
      dataAt <= 48 &&
      header.toString('latin1', dataAt - 8, dataAt - 4) === 'data' &&
      header.readUInt16LE(22) === 2 &&
      header.readUInt16LE(34) === known.bits;
    if (!ours || sampleRate < 4000 || sampleRate > 192_000)
      throw new HearkenError('AUDIO_UNREADABLE', 'The recording of this call is damaged.', {
        hint: 'Look at the file on the machine.',
      });
    return { sampleRate, dataAt, bytesPerSample: known.bits / 8, level: known.level };
  } finally {
    await handle.close();
  }
}
