import { FrontEnd } from '../dsp/front-end.js';
import { durationMs } from '../media/frame-queue.js';
import type { MediaSession } from '../media/session.js';
import type { ExpectedWords } from '../speech/correct/corrector.js';
import type { Graph } from '../speech/graph.js';
import type { RecognizerStream, RecognizerStreamEvents } from '../speech/recognizer.js';
import type { CallRecord } from './record.js';
import type { SideEar } from './side-ear.js';
import { StreamClock } from './stream-clock.js';
import { VoiceOnset } from './voice-onset.js';

export interface HeardPartial {
  readonly text: string;
  readonly stableMs: number;
  readonly settled: boolean;
}

/** What an ear tells of; times are ms since the call began. */
export interface EarListener {
  /** The caller's line, as it comes. */
  audio(atMs: number, samples: Int16Array): void;
  voice(active: boolean, sinceMs: number): void;
  partial(partial: HeardPartial): void;
  /** `language`: of the words, when they were in another than the call's own ears hear. */
  final(flushId: number, text: string, confidence: number, language?: string): void;
  failed(reason: string): void;
}

export interface CallEarOptions {
  readonly session: MediaSession;
  /** The first; this call's own. The ear closes it. */
  readonly stream: RecognizerStream;
  /** Listens for a caller who speaks another language. */
  readonly side?: SideEar;
  readonly record: CallRecord;
  readonly nowMs: () => number;
  readonly listener: EarListener;
}

/** The hearing half of a call: the caller's audio into the recogniser and the record, and what comes of it in the call's own time and ids. */
export class CallEar {
  readonly #options: CallEarOptions;
  #clock = new StreamClock();
  readonly #frontEnd: FrontEnd;
  readonly #onset: VoiceOnset;
  #voiced = false;
  /** The recogniser counts flushes by itself: its id → the reducer's. */
  readonly #flushes = new Map<number, { readonly flushId: number; readonly sideId: number | undefined }>();

  #stream: RecognizerStream;
  #graph: Graph = 'general';
  #words: ExpectedWords | undefined;

  constructor(options: CallEarOptions) {
    this.#options = options;
    this.#frontEnd = new FrontEnd(options.session.sampleRate);
    this.#onset = new VoiceOnset(options.session.sampleRate);
    this.#stream = options.stream;
    this.#listen(this.#stream);
  }

  /** Takes the caller's audio until the call is over. */
  async hear(): Promise<void> {
    const { session, record, nowMs, listener } = this.#options;
    for await (const frame of session.incoming) {
      const atMs = nowMs();
      this.#clock.accept(atMs, durationMs(frame));
      record.caller(atMs, frame.samples);
      const clean = this.#frontEnd.process(frame.samples);
      this.#stream.accept(clean);
      this.#options.side?.accept(clean);
      this.#onset.heard(atMs, frame.samples);
      listener.audio(atMs, frame.samples);
    }
  }

  /** Sound that may become voice, before anybody can say that it is. */
  get rising(): boolean {
    return !this.#voiced && this.#onset.rising;
  }

  /** Asks for the last word; the answer carries this id. `discard`: only to forget what was heard so far, it answers nothing. */
  flush(flushId: number, purpose: 'answer' | 'discard'): void {
    const { side } = this.#options;
    const sideId = purpose === 'answer' ? side?.flush() : undefined;
    if (purpose === 'discard') side?.forget();
    this.#flushes.set(this.#stream.flush(), { flushId, sideId });
  }

  /** What kind of answer is listened for from now on, and which words it may be. */
  expect(graph: Graph, words?: ExpectedWords): void {
    this.#graph = graph;
    this.#words = words;
    this.#stream.expect(graph, words);
  }

  /** Hears another language from now on: another recogniser's stream, which the ear closes as it did the first. */
  switchTo(stream: RecognizerStream): void {
    this.#stream.close();
    this.#options.side?.close();
    // Whoever speaks at this moment is heard anew; nobody else would ever say that this voice has ended.
    if (this.#voiced) {
      this.#voiced = false;
      this.#options.listener.voice(false, this.#options.nowMs());
    }
    this.#stream = stream;
    this.#clock = new StreamClock();
    this.#flushes.clear();
    this.#listen(stream);
    stream.expect(this.#graph, this.#words);
  }

  close(): void {
    this.#stream.close();
    this.#options.side?.close();
  }

  #listen(stream: RecognizerStream): void {
    const { record, listener, nowMs } = this.#options;
    stream
      .on('voice', (active, atMs) => {
        this.#voiced = active;
        this.#options.side?.voice(active, atMs);
        const sinceMs = this.#callTime(atMs);
        listener.voice(active, active ? this.#onset.before(sinceMs) : sinceMs);
      })
      .on('partial', (partial) => {
        if (partial.settled) this.#options.side?.consider(partial.text);
        listener.partial(partial);
      })
      .on('final', (final) => this.#onFinal(final))
      .on('recovered', (lostMs) => record.event(nowMs(), 'recognizerRecovered', { lostMs }))
      .on('failed', (reason) => {
        record.event(nowMs(), 'recognizerError', { reason });
        listener.failed(reason);
      });
  }

  #onFinal({ text, heard, confidence, flushId }: RecognizerStreamEvents['final'][0]): void {
    const asked = this.#flushes.get(flushId);
    this.#flushes.delete(flushId);
    if (!asked) return;
    const { side, listener, record, nowMs } = this.#options;
    if (heard !== undefined) record.event(nowMs(), 'corrected', { flushId: asked.flushId, heard, text });
    if (!side || side.closed || asked.sideId === undefined) listener.final(asked.flushId, text, confidence);
    else
      void side
        .choose(asked.sideId, text)
        .then((chosen) => listener.final(asked.flushId, chosen.text, confidence, chosen.language));
  }

  #callTime(streamMs: number): number {
    return Math.min(this.#options.nowMs(), this.#clock.callTimeMs(streamMs));
  }
}
