import { samplesIn } from '../../dsp/framing.js';
import { FrontEnd } from '../../dsp/front-end.js';
import type { Graph } from '../../speech/graph.js';
import type { RecognizerStream } from '../../speech/recognizer.js';
import type { ReplayedRecognition } from '../result.js';
import { FRAME_MS } from './caller.js';
import type { ReplayRun } from './scheduler.js';

/** On a line there is always a moment before the first word, and one after the last. */
const LEAD_MS = 300;
const TAIL_MS = 1000;

export interface RecognitionRunOptions {
  readonly stream: RecognizerStream;
  readonly graph: Graph;
  readonly pcm: Int16Array;
  readonly sampleRate: number;
  /** Silence that ends an utterance. */
  readonly endSilenceMs: number;
}

/** One recording through ear and recogniser alone, as a caller's line would go: no dialogue, nobody answers. */
export class RecognitionRun implements ReplayRun {
  readonly utterances: ReplayedRecognition['utterances'][number][] = [];
  failure: string | undefined;
  readonly free = true;
  readonly #options: RecognitionRunOptions;
  readonly #frontEnd: FrontEnd;
  readonly #frame: number;
  #at: number;
  #voice = false;
  #voiced = false;
  #silentSinceMs = 0;
  #finals = 0;
  #flushes = 0;
  #ended = false;

  constructor(options: RecognitionRunOptions) {
    this.#options = options;
    const { stream, sampleRate } = options;
    this.#frontEnd = new FrontEnd(sampleRate);
    this.#frame = samplesIn(FRAME_MS, sampleRate);
    this.#at = -samplesIn(LEAD_MS, sampleRate);
    stream.expect(options.graph);
    stream
      .on('voice', (active, atMs) => {
        this.#voice = active;
        this.#voiced ||= active;
        this.#silentSinceMs = atMs;
      })
      .on('final', ({ text, confidence, startMs, endMs }) => {
        this.#finals += 1;
        if (text !== '')
          this.utterances.push({
            text,
            confidence,
            startMs: Math.max(0, startMs - LEAD_MS),
            endMs: Math.max(0, endMs - LEAD_MS),
          });
      })
      .on('failed', (reason) => {
        this.failure = reason;
      });
  }

  get streamId(): string {
    return this.#options.stream.streamId;
  }

  get done(): boolean {
    return this.failure !== undefined || (this.#ended && this.#finals >= this.#flushes);
  }

  step(): void {
    if (this.#ended || this.failure !== undefined) return;
    const { stream, pcm, sampleRate, endSilenceMs } = this.#options;
    const end = pcm.length + samplesIn(TAIL_MS, sampleRate);
    if (this.#at >= end) {
      this.#ended = true;
      this.#flush();
      return;
    }
    const nowMs = (this.#at * 1000) / sampleRate + LEAD_MS;
    if (this.#voiced && !this.#voice && nowMs - this.#silentSinceMs >= endSilenceMs) {
      this.#voiced = false;
      this.#flush();
    }
    const frame = new Int16Array(this.#frame);
    if (this.#at < pcm.length) frame.set(pcm.subarray(Math.max(0, this.#at), Math.max(0, this.#at + this.#frame)));
    this.#at += this.#frame;
    stream.accept(this.#frontEnd.process(frame));
  }

  #flush(): void {
    this.#flushes += 1;
    this.#options.stream.flush();
  }
}
