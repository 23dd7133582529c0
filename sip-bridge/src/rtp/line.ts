import type { G711, LineFormat } from './packet.js';
import { Downsampler, Upsampler } from './resample.js';
import { decodeG711, encodeG711, translate } from './translate.js';

/** Between line formats, and between them and samples. */

/** The samples of an `l16` payload, without a copy where their bytes lie on an even address. */
export function samplesOf(payload: Uint8Array): Int16Array {
  const whole = payload.byteLength >> 1;
  if (payload.byteOffset % 2 === 0) return new Int16Array(payload.buffer, payload.byteOffset, whole);
  return new Int16Array(payload.slice(0, whole * 2).buffer);
}

/** The bytes of samples, without a copy. */
export function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Samples of one stream at one rate into the line's format. */
export class LineWriter {
  readonly #write: (pcm: Int16Array) => Uint8Array;

  constructor(sampleRate: 8000 | 16_000, line: LineFormat) {
    if (line === 'l16') {
      const up = sampleRate === 8000 ? new Upsampler() : undefined;
      this.#write = (pcm) => bytesOf(up ? up.process(pcm) : pcm);
    } else {
      const down = sampleRate === 16_000 ? new Downsampler() : undefined;
      this.#write = (pcm) => encodeG711(down ? down.process(pcm) : pcm, line);
    }
  }

  write(pcm: Int16Array): Uint8Array {
    return this.#write(pcm);
  }
}

/** A line's payload as samples of one rate. */
export class LineReader {
  readonly #read: (payload: Uint8Array) => Int16Array;

  constructor(line: LineFormat, sampleRate: 8000 | 16_000) {
    if (line === 'l16') {
      const down = sampleRate === 8000 ? new Downsampler() : undefined;
      this.#read = (payload) => (down ? down.process(samplesOf(payload)) : samplesOf(payload));
    } else {
      const up = sampleRate === 16_000 ? new Upsampler() : undefined;
      this.#read = (payload) => (up ? up.process(decodeG711(payload, line)) : decodeG711(payload, line));
    }
  }

  read(payload: Uint8Array): Int16Array {
    return this.#read(payload);
  }
}

/** One line's payload in another line's format, frame by frame. */
export class LineConverter {
  readonly #convert: (payload: Uint8Array) => Uint8Array;

  constructor(from: LineFormat, to: LineFormat) {
    if (from === to) this.#convert = (payload) => payload;
    else if (from !== 'l16' && to !== 'l16') this.#convert = (payload) => translate(payload, from, to);
    else {
      const reader = new LineReader(from, to === 'l16' ? 16_000 : 8000);
      const writer = new LineWriter(to === 'l16' ? 16_000 : 8000, to);
      this.#convert = (payload) => writer.write(reader.read(payload));
    }
  }

  convert(payload: Uint8Array): Uint8Array {
    return this.#convert(payload);
  }
}

/** A whole recording in G.711 in the line's format. */
export function recordingFor(payload: Uint8Array, from: G711, to: LineFormat): Uint8Array {
  return new LineConverter(from, to).convert(payload);
}
