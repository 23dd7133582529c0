import { SafeEmitter } from '../emitter.js';
import { HearkenError } from '../errors.js';
import type { ExpectedWords } from '../speech/correct/index.js';
import type { Graph } from '../speech/graph.js';
import type {
  Recognizer,
  RecognizerHealth,
  RecognizerOpenOptions,
  RecognizerStream,
  RecognizerStreamEvents,
} from '../speech/recognizer.js';

/** A recogniser that hears what the test tells it to. `say` plays a whole utterance; the other methods do one step each. */
export class FakeRecognizerStream extends SafeEmitter<RecognizerStreamEvents> implements RecognizerStream {
  readonly streamId: string;
  readonly language: string;
  closed = false;
  /** What it was told to listen for, in order. */
  readonly expected: Graph[] = [];
  /** And the words, last. */
  expectedWords: ExpectedWords | undefined;
  /** Ms of audio accepted: the stream's own clock. */
  audioMs = 0;
  readonly #sampleRate: number;
  #text = '';
  #startMs = 0;
  #flushes = 0;

  constructor(options: RecognizerOpenOptions) {
    super((error) => {
      throw error;
    });
    this.streamId = options.streamId;
    this.language = options.language;
    this.#sampleRate = options.sampleRate;
  }

  accept(pcm: Int16Array): number {
    this.audioMs += (pcm.length * 1000) / this.#sampleRate;
    return 0;
  }

  flush(): number {
    this.#flushes += 1;
    const flushId = this.#flushes;
    const text = this.#text;
    this.#text = '';
    queueMicrotask(() => {
      if (!this.closed)
        this.emit('final', {
          text,
          confidence: text === '' ? 0 : 0.9,
          startMs: this.#startMs,
          endMs: this.audioMs,
          flushId,
        });
    });
    return flushId;
  }

  expect(graph: Graph, words?: ExpectedWords): void {
    this.expected.push(graph);
    this.expectedWords = words;
  }

  close(): void {
    this.closed = true;
    this.removeAllListeners();
  }

  voice(active: boolean): void {
    if (active) this.#startMs = this.audioMs;
    this.emit('voice', active, this.audioMs);
  }

  partial(text: string, settled = false): void {
    this.#text = text;
    this.emit('partial', { text, tokens: [...text], stableMs: 0, settled, atMs: this.audioMs });
  }

  fail(reason: string): void {
    this.emit('failed', reason);
  }
}

export class FakeRecognizer implements Recognizer {
  readonly streams: FakeRecognizerStream[] = [];
  /** What a stream of a language that is opened later makes of all it is given. */
  readonly hears: Record<string, string> = {};
  /** Streams that may be open at once. */
  capacity = Number.POSITIVE_INFINITY;

  open(options: RecognizerOpenOptions): FakeRecognizerStream {
    if (this.streams.filter((stream) => !stream.closed).length >= this.capacity) {
      throw new HearkenError('OVERLOADED', 'Every line of the fake recogniser is taken.');
    }
    const stream = new FakeRecognizerStream(options);
    const heard = this.hears[options.language];
    if (heard !== undefined) stream.partial(heard);
    this.streams.push(stream);
    return stream;
  }

  health(): RecognizerHealth {
    return {
      workers: 1,
      alive: 1,
      restarts: 0,
      streams: this.streams.filter((stream) => !stream.closed).length,
      droppedMs: 0,
      load: 0,
      refused: 0,
    };
  }

  async close(): Promise<void> {
    for (const stream of this.streams) stream.close();
  }
}
