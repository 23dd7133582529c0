import { type FileHandle, open } from 'node:fs/promises';
import { LINES, type LineFormat } from '../rtp/packet.js';

/** RIFF's numbers for PCM, A-law and mu-law (RFC 2361). */
const TAGS: Readonly<Record<LineFormat, number>> = { l16: 1, pcma: 6, pcmu: 7 };
const HEADER_BYTES = 46;
/** Batches (a second each) that a slow disk may owe. */
const MAX_WAITING = 60;

/** A stereo WAV that is valid at every moment: the header is written again with each second of sound, so that a crash costs a second. G.711 stays as it is: a minute takes 1 MB. */
export class WavFile {
  readonly #handle: FileHandle;
  readonly #line: LineFormat;
  #bytes = 0;
  #waiting = 0;
  #work: Promise<void> = Promise.resolve();
  #failed: unknown;
  /** Seconds that were lost to a slow disk. */
  lostBatches = 0;

  private constructor(handle: FileHandle, line: LineFormat) {
    this.#handle = handle;
    this.#line = line;
  }

  /** Rejects when the file is there already, or can't be made. */
  static async create(file: string, line: LineFormat): Promise<WavFile> {
    const wav = new WavFile(await open(file, 'wx', 0o600), line);
    await wav.#handle.write(wav.#header(), 0, HEADER_BYTES, 0);
    return wav;
  }

  get durationMs(): number {
    return (this.#bytes * 20) / (LINES[this.#line].frameBytes * 2);
  }

  append(batch: Uint8Array): void {
    if (this.#failed !== undefined) return;
    if (this.#waiting >= MAX_WAITING) {
      this.lostBatches++;
      return;
    }
    this.#waiting++;
    const at = HEADER_BYTES + this.#bytes;
    this.#bytes += batch.length;
    const header = this.#header();
    this.#work = this.#work
      .then(async () => {
        await this.#handle.write(batch, 0, batch.length, at);
        await this.#handle.write(header, 0, HEADER_BYTES, 0);
      })
      .catch((error: unknown) => {
        this.#failed ??= error;
      })
      .finally(() => {
        this.#waiting--;
      });
  }

  /** What went wrong with the disk; undefined: nothing. */
  async close(): Promise<unknown> {
    await this.#work;
    await this.#handle.close().catch((error: unknown) => {
      this.#failed ??= error;
    });
    return this.#failed;
  }

  #header(): Buffer {
    const { sampleRate } = LINES[this.#line];
    const sampleBytes = this.#line === 'l16' ? 2 : 1;
    const header = Buffer.alloc(HEADER_BYTES);
    header.write('RIFF', 0, 'latin1');
    header.writeUInt32LE(HEADER_BYTES - 8 + this.#bytes, 4);
    header.write('WAVEfmt ', 8, 'latin1');
    header.writeUInt32LE(18, 16);
    header.writeUInt16LE(TAGS[this.#line], 20);
    header.writeUInt16LE(2, 22);
    header.writeUInt32LE(sampleRate, 24);
    header.writeUInt32LE(sampleRate * 2 * sampleBytes, 28);
    header.writeUInt16LE(2 * sampleBytes, 32);
    header.writeUInt16LE(8 * sampleBytes, 34);
    header.write('data', 38, 'latin1');
    header.writeUInt32LE(this.#bytes, 42);
    return header;
  }
}
