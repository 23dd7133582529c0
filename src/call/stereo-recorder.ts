import { close, openSync, write, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { samplesIn } from '../dsp/framing.js';
import { interleave, pcmToBytes, WAV_HEADER_BYTES, wavHeader } from '../dsp/wav.js';

const writeAt = promisify(write);
const closeFile = promisify(close);

/** Sound is kept this long before it is written, so that bot audio which was sent and then cut can be taken back. */
const HOLD_MS = 2000;
/** Longest recording: 4 h of 8 kHz stereo is 460 MB; the WAV format itself ends at 4 GB. */
const LONGEST_MS = 4 * 3_600_000;

/** What both sides of a call heard and said, on one time line: caller left, bot right. */
export class StereoRecorder {
  readonly #sampleRate: number;
  readonly #file: number;
  /** The part of the time line that is not on disk yet starts at sample `#written`. */
  #left: Int16Array;
  #right: Int16Array;
  #written = 0;
  /** Samples of the caller so far: the caller's channel has no gaps but those that `leftAt` leaves. */
  #leftEnd = 0;
  #writing: Promise<void> = Promise.resolve();
  #failed: unknown;
  #closed = false;

  /** Creates the file (it must not exist yet). Throws what the file system throws. */
  constructor(path: string, sampleRate: number) {
    this.#file = openSync(path, 'wx', 0o600);
    writeSync(this.#file, wavHeader({ sampleRate, channels: 2, dataBytes: 0 }), 0, WAV_HEADER_BYTES, 0);
    this.#sampleRate = sampleRate;
    const window = samplesIn(HOLD_MS * 4, sampleRate);
    this.#left = new Int16Array(window);
    this.#right = new Int16Array(window);
  }

  /** The caller's sound; `atMs` since the call began says where a gap was, pieces that follow each other are joined without one. */
  caller(atMs: number, samples: Int16Array): void {
    const at = samplesIn(atMs, this.#sampleRate);
    // Frames arrive with jitter; only a real gap (a lost socket, no RTP) moves the time line on.
    const start = at - this.#leftEnd > samplesIn(200, this.#sampleRate) ? at : this.#leftEnd;
    this.#put('left', start, samples);
    this.#leftEnd = Math.max(this.#leftEnd, start + samples.length);
  }

  /** The bot's sound, at the time at which the caller hears it. */
  bot(atMs: number, samples: Int16Array): void {
    this.#put('right', Math.max(0, samplesIn(atMs, this.#sampleRate)), samples);
  }

  /** What the bot was to say after `atMs` was not heard. */
  cutBot(atMs: number): void {
    const from = Math.max(0, samplesIn(atMs, this.#sampleRate) - this.#written);
    this.#right.fill(0, from);
  }

  /** Writes what can't change any more. Call about once a second with the time since the call began. */
  flush(nowMs: number): void {
    this.#writeUpTo(samplesIn(Math.max(0, nowMs - HOLD_MS), this.#sampleRate));
  }

  /** Writes the rest and mends the header. Resolves with the first error that a write had, if any. */
  async close(nowMs: number): Promise<unknown> {
    if (this.#closed) return this.#failed;
    this.#writeUpTo(Math.max(samplesIn(nowMs, this.#sampleRate), this.#leftEnd));
    this.#closed = true;
    await this.#writing;
    await closeFile(this.#file).catch((error: unknown) => this.#fail(error));
    return this.#failed;
  }

  #put(side: 'left' | 'right', start: number, samples: Int16Array): void {
    if (this.#closed || start + samples.length > samplesIn(LONGEST_MS, this.#sampleRate)) return;
    // Sound for a part that is on disk already came too late.
    const skip = Math.max(0, this.#written - start);
    if (skip >= samples.length) return;
    const offset = start + skip - this.#written;
    this.#grow(offset + samples.length - skip);
    (side === 'left' ? this.#left : this.#right).set(samples.subarray(skip), offset);
  }

  #grow(size: number): void {
    if (size <= this.#left.length) return;
    const length = Math.max(size, this.#left.length * 2);
    const left = new Int16Array(length);
    const right = new Int16Array(length);
    left.set(this.#left);
    right.set(this.#right);
    this.#left = left;
    this.#right = right;
  }

  #writeUpTo(sample: number): void {
    const count = sample - this.#written;
    if (count <= 0 || this.#closed) return;
    this.#grow(count);
    const bytes = pcmToBytes(interleave([this.#left.subarray(0, count), this.#right.subarray(0, count)]));
    this.#left.copyWithin(0, count);
    this.#left.fill(0, Math.max(0, this.#left.length - count));
    this.#right.copyWithin(0, count);
    this.#right.fill(0, Math.max(0, this.#right.length - count));
    const position = WAV_HEADER_BYTES + this.#written * 4;
    this.#written += count;
    const dataBytes = this.#written * 4;
    this.#writing = this.#writing
      .then(async () => {
        await writeAt(this.#file, bytes, 0, bytes.length, position);
        // The header is right after each write: a crash leaves a recording that plays.
        await writeAt(
          this.#file,
          wavHeader({ sampleRate: this.#sampleRate, channels: 2, dataBytes }),
          0,
          WAV_HEADER_BYTES,
          0,
        );
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#failed ??= error;
  }
}
