import { HearkenError, messageOf } from '../../errors.js';
import type { Corrections } from '../../speech/correct/index.js';
import type { ReadyRecognizer, RecognizerInit } from '../../speech/index.js';
import { loadRecognizerEngine } from '../../speech/load-recognizer-engine.js';
import { PoolStream, type PoolStreamOwner } from '../../speech/pool-stream.js';
import type { RecognizerHealth, RecognizerOpenOptions, RecognizerStream } from '../../speech/recognizer.js';
import type { RecognizerEngine } from '../../speech/recognizer-engine.js';

/** Streams of one process; a replay opens two for each call that is under way. */
const MOST_STREAMS = 1000;
/**
 * The recogniser without processes and without a clock of its own: what was accepted waits until `work` is called; streams that have something to decode then wait for `decode`, where
 * they go through the model together with all others that do. After both, everything that was accepted has been told.
 */
export class InProcessRecognizer implements ReadyRecognizer {
  readonly #loading: Promise<RecognizerEngine>;
  readonly #streams = new Map<number, PoolStream>();
  readonly #waiting = new Set<PoolStream>();
  /** Their streams wait to be decoded together with others. */
  readonly #parked = new Set<string>();
  #engine: RecognizerEngine | undefined;
  #nextHandle = 1;
  readonly #corrections: ((language: string) => Corrections | undefined) | undefined;
  /** Real ms of decoding and voice activity so far. */
  busyMs = 0;

  constructor(init: RecognizerInit, corrections?: (language: string) => Corrections | undefined) {
    this.#corrections = corrections;
    this.#loading = loadRecognizerEngine(init, { parks: true }).then((engine) => {
      this.#engine = engine;
      return engine;
    });
    this.#loading.catch(() => undefined);
  }

  async whenReady(): Promise<void> {
    await this.#loading;
  }

  open(options: RecognizerOpenOptions): RecognizerStream {
    const engine = this.#engine;
    if (!engine) throw new HearkenError('DRAINING', 'The recogniser is not loaded.');
    if (this.#streams.size >= MOST_STREAMS) throw new HearkenError('OVERLOADED', 'Too many streams at once.');
    const owner: PoolStreamOwner = {
      wake: (stream) => this.#waiting.add(stream),
      dropped: (ms) => {
        throw new Error(`${ms} ms of audio were lost in a replay`);
      },
      expected: ({ handle, graph }) => engine.expect({ type: 'expect', handle, graph }),
      closed: (stream) => this.#forget(stream),
    };
    const stream = new PoolStream(this.#nextHandle++, options, owner, this.#corrections?.(options.language));
    const { handle, sampleRate, graph } = stream;
    engine.open({ type: 'open', handle, sampleRate, startSample: 0, graph });
    this.#streams.set(handle, stream);
    return stream;
  }

  /** Something was accepted that is not decoded yet. */
  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Streams that wait for `decode`. */
  get parked(): number {
    return this.#parked.size;
  }

  /** Nothing more may be given to this stream before `decode`. */
  isParked(streamId: string): boolean {
    return this.#parked.has(streamId);
  }

  /** Decodes all that waits for it, together; its events have been told when this returns. */
  decode(): void {
    const engine = this.#engine;
    if (!engine || this.#parked.size === 0) return;
    const beganMs = performance.now();
    this.#parked.clear();
    const events = engine.decodeParked();
    this.busyMs += performance.now() - beganMs;
    for (const event of events) this.#streams.get(event.handle)?.deliver(event);
  }

  /** Hears everything that was accepted so far: voice or not, and which streams have something to decode. */
  async work(): Promise<void> {
    const engine = this.#engine;
    if (!engine || this.#waiting.size === 0) return;
    const beganMs = performance.now();
    const items = [...this.#waiting].flatMap((stream) => stream.takeWork());
    for (const stream of [...this.#waiting]) if (!stream.hasWork) this.#waiting.delete(stream);
    try {
      const events = await engine.work(items);
      this.busyMs += performance.now() - beganMs;
      for (const { handle } of items) {
        const stream = engine.isParked(handle) ? this.#streams.get(handle) : undefined;
        if (stream) this.#parked.add(stream.streamId);
      }
      for (const event of events) this.#streams.get(event.handle)?.deliver(event);
    } catch (error) {
      // What a model can't take ends the streams that were in this step; the calls tell it.
      for (const { handle } of items) this.#streams.get(handle)?.fail(messageOf(error));
    }
  }

  health(): RecognizerHealth {
    return { workers: 0, alive: 0, restarts: 0, streams: this.#streams.size, droppedMs: 0, load: 0, refused: 0 };
  }

  async close(): Promise<void> {
    for (const stream of [...this.#streams.values()]) stream.fail('the recogniser is closing');
  }

  #forget(stream: PoolStream): void {
    this.#streams.delete(stream.handle);
    this.#waiting.delete(stream);
    this.#engine?.close(stream.handle);
  }
}
