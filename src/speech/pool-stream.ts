import { msOf, samplesIn } from '../dsp/framing.js';
import { SafeEmitter } from '../emitter.js';
import { type Corrections, type ExpectedWords, NOTHING_EXPECTED } from './correct/index.js';
import type { Graph } from './graph.js';
import type { RecognizerOpenOptions, RecognizerStream, RecognizerStreamEvents } from './recognizer.js';
import type { StreamEvent, WorkItem } from './recognizer-protocol.js';

/** Audio of one stream that may wait for its worker (unless it was opened for more); beyond it the oldest is dropped. */
const QUEUE_MS = 2000;
/** Audio kept to be heard again should the worker die before the utterance is final. */
const REPLAY_MS = 6000;
/** Audio of one stream in one message; more follows in the next, so that a replay does not hold up the others. */
const LARGEST_ITEM_MS = 1000;

export interface PoolStreamOwner {
  /** There is something to send; `now`: do not wait for the next tick. */
  wake(stream: PoolStream, now: boolean): void;
  dropped(ms: number): void;
  /** Its graph changed. */
  expected(stream: PoolStream): void;
  closed(stream: PoolStream): void;
}

type Piece = { readonly at: number; readonly pcm: Int16Array };
type Flush = { readonly flushId: number; readonly at: number };

/** The parent's half of a stream: queue, replay memory, and the translation of the worker's events. */
export class PoolStream extends SafeEmitter<RecognizerStreamEvents> implements RecognizerStream {
  readonly streamId: string;
  readonly sampleRate: number;
  readonly handle: number;
  /** Times it was moved because its worker died. */
  recoveries = 0;
  readonly #owner: PoolStreamOwner;
  readonly #queueMs: number;
  /** Samples accepted since the beginning: the stream's clock. */
  #accepted = 0;
  #queue: (Piece | Flush)[] = [];
  #queuedSamples = 0;
  /** Sent, not yet covered by a final. */
  #sent: (Piece | Flush)[] = [];
  #sentSamples = 0;
  /** End of the audio whose processing was confirmed. */
  #doneUntil = 0;
  #nextFlushId = 1;
  #pendingFlushes: number[] = [];
  #voiceActive = false;
  /** Begin of the voice under way since the last final, for what a loss has cost. */
  #voiceSince: number | undefined;
  #syncWanted = false;
  #lostMs = 0;
  #ended = false;
  graph: Graph = 'general';
  #expected: ExpectedWords = NOTHING_EXPECTED;
  readonly #corrections: Corrections | undefined;

  /** `corrections`: how what was heard is corrected to what was expected; undefined: not at all. */
  constructor(handle: number, options: RecognizerOpenOptions, owner: PoolStreamOwner, corrections?: Corrections) {
    super();
    this.#corrections = corrections;
    this.handle = handle;
    this.streamId = options.streamId;
    this.sampleRate = options.sampleRate;
    this.#owner = owner;
    this.#queueMs = Math.max(QUEUE_MS, options.atOnceMs ?? 0);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Where the audio begins that a worker gets next. */
  get startSample(): number {
    return this.#queue[0]?.at ?? this.#accepted;
  }

  get hasWork(): boolean {
    return this.#queue.length > 0 || this.#syncWanted;
  }

  accept(pcm: Int16Array): number {
    if (this.#ended || pcm.length === 0) return 0;
    // A copy: the caller may use its buffer again.
    this.#queue.push({ at: this.#accepted, pcm: pcm.slice() });
    this.#accepted += pcm.length;
    this.#queuedSamples += pcm.length;
    this.#dropOldest();
    this.#owner.wake(this, false);
    return Math.round(msOf(this.#accepted - this.#doneUntil, this.sampleRate));
  }

  flush(): number {
    const flushId = this.#nextFlushId++;
    if (this.#ended) return flushId;
    this.#pendingFlushes.push(flushId);
    this.#queue.push({ flushId, at: this.#accepted });
    this.#owner.wake(this, true);
    return flushId;
  }

  expect(graph: Graph, words: ExpectedWords = NOTHING_EXPECTED): void {
    this.#expected = words;
    if (this.#ended || graph === this.graph) return;
    this.graph = graph;
    this.#owner.expected(this);
  }

  close(): void {
    if (this.#ended) return;
    this.#end();
    this.#owner.closed(this);
  }

  /** The stream can't go on: tells so once. */
  fail(reason: string): void {
    if (this.#ended) return;
    this.emit('failed', reason);
    this.#end();
    this.#owner.closed(this);
  }

  /** What goes to the worker in this tick, in order; remembered until it is final. */
  takeWork(): WorkItem[] {
    const items: WorkItem[] = [];
    let samples = 0;
    const most = samplesIn(LARGEST_ITEM_MS, this.sampleRate);
    while (this.#queue.length > 0 && samples < most) {
      const next = this.#queue.shift() as Piece | Flush;
      this.#sent.push(next);
      if ('flushId' in next) {
        items.push({ handle: this.handle, flushId: next.flushId });
        continue;
      }
      samples += next.pcm.length;
      this.#queuedSamples -= next.pcm.length;
      this.#sentSamples += next.pcm.length;
      items.push({ handle: this.handle, at: next.at, pcm: next.pcm });
    }
    if (this.#queue.length === 0 && this.#syncWanted) {
      this.#syncWanted = false;
      items.push({ handle: this.handle, sync: true });
    }
    this.#boundReplay();
    return joinPieces(items);
  }

  /** All work sent so far up to this sample was done. */
  confirm(untilSample: number): void {
    this.#doneUntil = Math.max(this.#doneUntil, untilSample);
  }

  get sentUntil(): number {
    const last = this.#sent.at(-1);
    return last === undefined ? this.#doneUntil : 'pcm' in last ? last.at + last.pcm.length : last.at;
  }

  /** The worker is gone: what was sent and is not final goes back to the front of the queue. */
  rewind(): void {
    const first = this.#sent[0] ?? this.#queue[0];
    if (this.#voiceSince !== undefined && first) {
      this.#lostMs = Math.max(0, msOf(first.at - this.#voiceSince, this.sampleRate));
    }
    this.#queue = [...this.#sent, ...this.#queue];
    this.#queuedSamples += this.#sentSamples;
    this.#sent = [];
    this.#sentSamples = 0;
    this.#syncWanted = true;
    this.recoveries++;
  }

  deliver(event: StreamEvent): void {
    if (this.#ended) return;
    const ms = (samples: number) => Math.round(msOf(samples, this.sampleRate));
    switch (event.kind) {
      case 'voice':
        this.#voice(event.active, event.atSample);
        return;
      case 'partial':
        this.emit('partial', {
          // Before that the word may not be whole yet.
          text: event.settled ? this.#corrected(event.text) : event.text,
          tokens: event.tokens,
          stableMs: ms(event.stableSamples),
          settled: event.settled,
          atMs: ms(event.atSample),
          unaskedMs: ms(event.unaskedSamples),
        });
        return;
      case 'final':
        this.#final(event);
        return;
      case 'synced':
        this.#voice(event.active, event.atSample);
        this.emit('recovered', Math.round(this.#lostMs));
        this.#lostMs = 0;
        return;
    }
  }

  #voice(active: boolean, atSample: number): void {
    if (active) this.#voiceSince ??= atSample;
    // A replay tells again what was told before.
    if (active === this.#voiceActive) return;
    this.#voiceActive = active;
    this.emit('voice', active, Math.round(msOf(atSample, this.sampleRate)));
  }

  #final(event: Extract<StreamEvent, { kind: 'final' }>): void {
    const expected = this.#pendingFlushes.indexOf(event.flushId);
    if (expected < 0) return;
    this.#pendingFlushes.splice(expected, 1);
    const flushed = this.#sent.findIndex((item) => 'flushId' in item && item.flushId === event.flushId);
    for (const item of this.#sent.splice(0, flushed + 1)) if ('pcm' in item) this.#sentSamples -= item.pcm.length;
    this.#voiceSince = this.#voiceActive ? event.endSample : undefined;
    const text = this.#corrected(event.text);
    this.emit('final', {
      text,
      ...(text === event.text ? {} : { heard: event.text }),
      confidence: event.confidence,
      startMs: Math.round(msOf(event.startSample, this.sampleRate)),
      endMs: Math.round(msOf(event.endSample, this.sampleRate)),
      flushId: event.flushId,
    });
  }

  #corrected(text: string): string {
    return this.#corrections?.correct(text, this.#expected) ?? text;
  }

  /** Audio that is being replayed does not count against the bound: it is bounded by REPLAY_MS. */
  #dropOldest(): void {
    const bound = samplesIn(this.#queueMs + (this.#syncWanted ? REPLAY_MS : 0), this.sampleRate);
    while (this.#queuedSamples > bound) {
      const index = this.#queue.findIndex((item) => 'pcm' in item);
      const [dropped] = this.#queue.splice(index, 1);
      if (!dropped || !('pcm' in dropped)) return;
      this.#queuedSamples -= dropped.pcm.length;
      this.#owner.dropped(msOf(dropped.pcm.length, this.sampleRate));
    }
  }

  #boundReplay(): void {
    const bound = samplesIn(REPLAY_MS, this.sampleRate);
    while (this.#sentSamples > bound) {
      const index = this.#sent.findIndex((item) => 'pcm' in item);
      const [forgotten] = this.#sent.splice(index, 1);
      if (!forgotten || !('pcm' in forgotten)) return;
      this.#sentSamples -= forgotten.pcm.length;
    }
  }

  #end(): void {
    this.#ended = true;
    this.#queue = [];
    this.#sent = [];
    this.removeAllListeners();
  }
}

/** Neighbouring pieces of audio as one: fewer objects cross the channel. */
function joinPieces(items: readonly WorkItem[]): WorkItem[] {
  const out: WorkItem[] = [];
  let run: Piece[] = [];
  const close = () => {
    const first = run[0];
    const handle = items[0]?.handle;
    if (!first || handle === undefined) return;
    const pcm = new Int16Array(run.reduce((sum, piece) => sum + piece.pcm.length, 0));
    let offset = 0;
    for (const piece of run) {
      pcm.set(piece.pcm, offset);
      offset += piece.pcm.length;
    }
    out.push({ handle, at: first.at, pcm });
    run = [];
  };
  for (const item of items) {
    if (!('pcm' in item)) {
      close();
      out.push(item);
      continue;
    }
    const last = run.at(-1);
    if (last && last.at + last.pcm.length !== item.at) close();
    run.push(item);
  }
  close();
  return out;
}
