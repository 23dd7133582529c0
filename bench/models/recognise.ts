import { createRequire } from 'node:module';
import { join } from 'node:path';
import { RATE } from './sets.js';

/** A thin, synchronous use of sherpa-onnx for measuring: no pool, no processes. */

interface SherpaStream {
  acceptWaveform(wave: { samples: Float32Array; sampleRate: number }): void;
}
interface SherpaRecognizer {
  createStream(): SherpaStream;
  isReady(stream: SherpaStream): boolean;
  decode(stream: SherpaStream): void;
  decodeStreams(streams: readonly SherpaStream[]): void;
  isEndpoint(stream: SherpaStream): boolean;
  reset(stream: SherpaStream): void;
  getResult(stream: SherpaStream): {
    readonly text: string;
    readonly tokens: readonly string[];
    readonly words?: readonly number[];
  };
}
interface Sherpa {
  readonly OnlineRecognizer: new (config: object) => SherpaRecognizer;
}

const sherpa = createRequire(import.meta.url)('sherpa-onnx-node') as Sherpa;

/** Audio given at a time, as it comes over a line. */
const PIECE_SAMPLES = RATE / 50;
/** Silence after the last word, for the model's chunk and look-ahead. */
const TAIL_SECONDS = 1.2;

export interface Decoded {
  readonly text: string;
  /** As the recogniser gives it. */
  readonly spaced: string;
  readonly words: readonly number[];
}

export class BenchRecognizer {
  readonly #recognizer: SherpaRecognizer;
  readonly #leastSeconds: number;
  readonly loadMs: number;

  /** `leastSeconds`: every utterance is followed by silence up to that length, for a model that hears it as one piece. */
  constructor(folder: string, graph: string, maxActive = 800, leastSeconds = 0) {
    this.#leastSeconds = leastSeconds;
    const began = performance.now();
    this.#recognizer = new sherpa.OnlineRecognizer({
      featConfig: { sampleRate: RATE, featureDim: 80 },
      modelConfig: {
        nemoCtc: { model: join(folder, 'model.onnx') },
        tokens: join(folder, 'tokens.txt'),
        numThreads: 1,
        provider: 'cpu',
        debug: 0,
      },
      decodingMethod: 'greedy_search',
      ctcFstDecoderConfig: { graph, maxActive },
    });
    this.loadMs = performance.now() - began;
  }

  /** One stream from beginning to end. */
  decode(pcm: Int16Array): Decoded {
    return this.decodeTogether([pcm])[0] ?? { text: '', spaced: '', words: [] };
  }

  /** Like `decode`, words with single spaces between them. */
  decodeWords(pcm: Int16Array): string {
    return (this.decodeTogether([pcm])[0]?.spaced ?? '').replace(/\s+/g, ' ').trim();
  }

  /** Several streams side by side, each step of those that are ready in one batch. */
  decodeTogether(utterances: readonly Int16Array[]): readonly Decoded[] {
    const streams = utterances.map((pcm) => ({
      pcm,
      stream: this.#recognizer.createStream(),
      at: 0,
      end: RATE * Math.max(pcm.length / RATE + TAIL_SECONDS, this.#leastSeconds),
    }));
    let open = true;
    while (open) {
      open = false;
      for (const s of streams) {
        if (s.at >= s.end) continue;
        open = true;
        const samples = new Float32Array(PIECE_SAMPLES);
        for (let i = 0; i < PIECE_SAMPLES; i++) samples[i] = (s.pcm[s.at + i] ?? 0) / 32_768;
        s.stream.acceptWaveform({ samples, sampleRate: RATE });
        s.at += PIECE_SAMPLES;
      }
      for (;;) {
        const ready = streams.filter((s) => this.#recognizer.isReady(s.stream)).map((s) => s.stream);
        const [only] = ready;
        if (only === undefined) break;
        if (ready.length === 1) this.#recognizer.decode(only);
        else this.#recognizer.decodeStreams(ready);
      }
    }
    return streams.map(({ stream }) => {
      const { text, words } = this.#recognizer.getResult(stream);
      return { text: text.replaceAll(' ', ''), spaced: text, words: words ?? [] };
    });
  }

  /** Seconds of processor time (of all threads) for each second of audio, with `count` streams side by side: no other work on the machine adds to it. */
  realTimeFactor(utterances: readonly Int16Array[], count: number): number {
    const batch = Array.from({ length: count }, (_, i) => utterances[i % utterances.length] ?? new Int16Array(RATE));
    const before = process.cpuUsage();
    this.decodeTogether(batch);
    const { user, system } = process.cpuUsage(before);
    const audio = batch.reduce((sum, pcm) => sum + pcm.length / RATE + TAIL_SECONDS, 0);
    return (user + system) / 1e6 / audio;
  }
}

/** Edits from `a` to `b`. */
export function distance<T>(a: readonly T[], b: readonly T[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  a.forEach((x, i) => {
    const next = [i + 1];
    b.forEach((y, j) => {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (x === y ? 0 : 1)));
    });
    row = next;
  });
  return row.at(-1) ?? 0;
}
