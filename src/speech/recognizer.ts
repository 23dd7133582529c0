import type { TypedEmitter } from '../emitter.js';
import type { ExpectedWords } from './correct/corrector.js';
import type { Graph } from './graph.js';

/** Streaming recognition with voice activity: the contract that the worker pool and the fake both keep. */

export interface RecognizerOpenOptions {
  /** For logs and placement; unique among open streams. */
  readonly streamId: string;
  /** Hz of what `accept` will be given. */
  readonly sampleRate: number;
  /** BCP 47, `zh-CN` or `en`. */
  readonly language: string;
  /** Audio that may be given faster than it was said; what waits beyond that is dropped, the oldest first. @defaultValue 2000 */
  readonly atOnceMs?: number;
}

export interface RecognizerStreamEvents {
  /** Voice began or ended. `atMs` counts the stream's own audio: 0 = the first sample it was given. */
  voice: [active: boolean, atMs: number];
  /**
   * The text so far of the utterance under way. `stableMs`: how long, in audio time, it has not changed. `settled`: voice has ended and the
   * model has heard the end; the text stays as it is unless the caller speaks on.
   */
  partial: [
    partial: {
      readonly text: string;
      readonly tokens: readonly string[];
      readonly stableMs: number;
      readonly settled: boolean;
      readonly atMs: number;
      /** Audio before `atMs` that the model had not been asked about: the words may be so much older than that. For measuring. */
      readonly unaskedMs?: number;
    },
  ];
  /**
   * The answer to `flush()`: the whole utterance since the last one. `text` may be empty. Confidence is 0..1; `startMs` and
   * `endMs` are times of the stream's audio.
   */
  final: [
    final: {
      readonly text: string;
      /** What the recogniser itself made of it, where `text` was corrected to one of the words that were expected. */
      readonly heard?: string;
      readonly confidence: number;
      readonly startMs: number;
      readonly endMs: number;
      readonly flushId: number;
    },
  ];
  /**
   * The worker behind this stream died and another has taken over with the last seconds of audio replayed (`lostMs`
   * could not be). No action is needed.
   */
  recovered: [lostMs: number];
  /** The stream is of no use any more. Nothing follows. */
  failed: [reason: string];
}

export interface RecognizerStream extends TypedEmitter<RecognizerStreamEvents> {
  readonly streamId: string;
  /** Gives audio (mono PCM16 at the rate promised). Returns ms of audio waiting; over the bound the oldest is dropped and counted. */
  accept(pcm: Int16Array): number;
  /** Ends the utterance: the tail is pushed through the model at once and exactly one `final` with the returned id follows (or `failed`). */
  flush(): number;
  /**
   * What is listened for from now on, also in the utterance under way: a model with graphs for narrow questions hears their answers better, and what sounds like one of the words is taken
   * for it.
   */
  expect(graph: Graph, words?: ExpectedWords): void;
  /** Frees it. Idempotent; no event follows. */
  close(): void;
}

export interface RecognizerHealth {
  readonly workers: number;
  readonly alive: number;
  readonly restarts: number;
  readonly streams: number;
  readonly droppedMs: number;
  /** Share of its time (0..1) that the busiest worker is at work: the real-time factor of all its streams together. */
  readonly load: number;
  /** Calls that were not taken because of it. */
  readonly refused: number;
}

export interface Recognizer {
  /** Throws HearkenError OVERLOADED when no worker can take another stream. */
  open(options: RecognizerOpenOptions): RecognizerStream;
  health(): RecognizerHealth;
  /** Stops the workers; open streams get `failed`. Resolves when every process has ended. */
  close(): Promise<void>;
}
