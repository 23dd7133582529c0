import type { ExpectMessage, OpenMessage, StreamEvent, WorkItem } from './recognizer-protocol.js';
import { StreamState } from './recognizer-stream-state.js';
import type { SherpaOnlineRecognizer, SherpaOnlineStream } from './sherpa.js';
import type { Silero, SileroItem } from './silero.js';
import type { Recognizers } from './utterance.js';

export interface RecognizerEngineOptions {
  /** Empty: only voice activity, every text stays empty. */
  readonly recognizers: Recognizers;
  readonly silero: Silero;
  readonly tailPaddingMs: number;
  readonly preRollMs: number;
  /** Streams with a full chunk wait for `decodeParked`: whoever can wait has them decoded in large batches. Default false. */
  readonly parks?: boolean;
}

/** Windows or chunks that go through a model in one call; more gains nothing and makes one call long. */
const LARGEST_BATCH = 64;

/** -60 dBFS: below what a telephone line's own noise comes to once somebody is on it, far below the softest speech. */
const SILENT_PEAK = 10 ** (-60 / 20);

function isSilent(window: Float32Array): boolean {
  for (const sample of window) if (sample > SILENT_PEAK || sample < -SILENT_PEAK) return false;
  return true;
}

/** All streams of one worker. Does the work of a tick for all of them together. */
export class RecognizerEngine {
  readonly #options: RecognizerEngineOptions;
  readonly #streams = new Map<number, StreamState>();
  /** Given audio since the recogniser ran last. */
  readonly #undecoded = new Set<StreamState>();
  /** Waiting for `decodeParked`, and what is to be told then. */
  readonly #parked = new Map<StreamState, { readonly flushId: number | undefined; readonly settled: boolean }>();

  constructor(options: RecognizerEngineOptions) {
    this.#options = options;
  }

  open({ handle, sampleRate, startSample, graph }: OpenMessage): void {
    const { recognizers, preRollMs } = this.#options;
    this.#streams.set(handle, new StreamState({ handle, sampleRate, startSample, graph, recognizers, preRollMs }));
  }

  expect({ handle, graph }: ExpectMessage): void {
    const stream = this.#streams.get(handle);
    stream?.expect(graph);
    if (stream && stream.tracks.length > 0) this.#undecoded.add(stream);
  }

  close(handle: number): void {
    const stream = this.#streams.get(handle);
    if (stream) {
      this.#undecoded.delete(stream);
      this.#parked.delete(stream);
    }
    this.#streams.delete(handle);
  }

  /** The stream must not be given anything before `decodeParked`. */
  isParked(handle: number): boolean {
    const stream = this.#streams.get(handle);
    return stream !== undefined && this.#parked.has(stream);
  }

  /** Decodes every stream that waits, together, and tells what is to be told of them. */
  decodeParked(): StreamEvent[] {
    const events: StreamEvent[] = [];
    const parked = [...this.#parked];
    this.#parked.clear();
    const streams = parked.map(([stream]) => stream);
    const decoded = new Set<StreamState>();
    for (const recognizer of this.#options.recognizers.values()) decodeAll(recognizer, streams, decoded);
    for (const [stream, { flushId, settled }] of parked) {
      if (flushId === undefined) stream.reportPartial(decoded.has(stream), settled, events);
      else stream.finish(flushId, events);
    }
    return events;
  }

  /**
   * Items in order. A stream's items after a flush wait until the flush is done; streams do not wait for each other.
   */
  async work(items: readonly WorkItem[]): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    let rest = items;
    while (rest.length > 0) rest = await this.#round(rest, events);
    return events;
  }

  async #round(items: readonly WorkItem[], events: StreamEvent[]): Promise<WorkItem[]> {
    const touched = new Set<StreamState>();
    const flushes = new Map<StreamState, number>();
    const syncs: StreamState[] = [];
    const later: WorkItem[] = [];
    for (const item of items) {
      const stream = this.#streams.get(item.handle);
      if (!stream) continue;
      if (flushes.has(stream)) later.push(item);
      else if ('pcm' in item) {
        stream.accept(item.at, item.pcm);
        touched.add(stream);
      } else if ('flushId' in item) flushes.set(stream, item.flushId);
      else syncs.push(stream);
    }
    await this.#listen([...touched], events);
    for (const stream of touched) stream.feed();
    const ended = [...touched].filter((stream) => stream.tailDue && !flushes.has(stream));
    const last = [...flushes.keys(), ...ended].filter((stream) => stream.pushTail(this.#options.tailPaddingMs));
    for (const stream of touched) if (stream.feeding) this.#undecoded.add(stream);
    for (const stream of last) this.#undecoded.add(stream);
    const settled = new Set(ended);
    if (this.#options.parks && later.length === 0 && syncs.length === 0) {
      this.#park(new Set([...touched, ...flushes.keys()]), flushes, settled, events);
      return later;
    }
    const decoded = this.#decode();
    for (const stream of new Set([...touched, ...decoded])) {
      if (!flushes.has(stream)) stream.reportPartial(decoded.has(stream), settled.has(stream), events);
    }
    for (const [stream, flushId] of flushes) stream.finish(flushId, events);
    for (const stream of syncs) {
      events.push({
        handle: stream.handle,
        kind: 'synced',
        active: stream.voiceActive,
        atSample: stream.position,
      });
    }
    return later;
  }

  /** Streams with something to decode, and those whose turn is over, wait; the others are told of at once. */
  #park(
    streams: ReadonlySet<StreamState>,
    flushes: ReadonlyMap<StreamState, number>,
    settled: ReadonlySet<StreamState>,
    events: StreamEvent[],
  ): void {
    for (const stream of streams) {
      if (this.#undecoded.delete(stream)) stream.asked();
      const flushId = flushes.get(stream);
      const ready = stream.tracks.some((track) => track.recognizer.isReady(track.stream));
      if (ready || flushId !== undefined) this.#parked.set(stream, { flushId, settled: settled.has(stream) });
      else stream.reportPartial(false, settled.has(stream), events);
    }
  }

  /** Voice activity: one window of each stream that has one, together, until none has. */
  async #listen(streams: readonly StreamState[], events: StreamEvent[]): Promise<void> {
    for (const rate of [8000, 16_000] as const) {
      let waiting = streams.filter((stream) => stream.vadRate === rate);
      while (waiting.length > 0) waiting = await this.#listenOnce(waiting, events);
    }
  }

  async #listenOnce(streams: readonly StreamState[], events: StreamEvent[]): Promise<StreamState[]> {
    const ready: { readonly stream: StreamState; readonly item: SileroItem }[] = [];
    const moved: StreamState[] = [];
    for (const stream of streams) {
      const item = stream.takeWindow();
      if (!item) continue;
      moved.push(stream);
      // Most of a call's line is silent; the model need not be asked about that.
      if (isSilent(item.window)) stream.hear(0, events);
      else ready.push({ stream, item });
    }
    for (let start = 0; start < ready.length; start += LARGEST_BATCH) {
      const part = ready.slice(start, start + LARGEST_BATCH);
      const probabilities = await this.#options.silero.run(part.map(({ item }) => item));
      part.forEach(({ stream }, index) => {
        stream.hear(probabilities[index] ?? 0, events);
      });
    }
    return moved;
  }

  /**
   * Runs the recogniser over every stream that has a full chunk, together; returns those that moved on. Chunks are not gathered any longer than a tick: 20 callers' words then
   * come 14 ms after them instead of 57 (median, gathering for 80 ms), and a core serves as many calls, since what comes while the models run is gathered by itself.
   */
  #decode(): ReadonlySet<StreamState> {
    const decoded = new Set<StreamState>();
    const streams = [...this.#undecoded];
    this.#undecoded.clear();
    for (const stream of streams) stream.asked();
    for (const recognizer of this.#options.recognizers.values()) decodeAll(recognizer, streams, decoded);
    return decoded;
  }
}

/** Every full chunk that these streams have for this recogniser, a chunk of each at a time. */
function decodeAll(
  recognizer: SherpaOnlineRecognizer,
  streams: readonly StreamState[],
  decoded: Set<StreamState>,
): void {
  let candidates: { readonly state: StreamState; readonly stream: SherpaOnlineStream }[] = [];
  for (const state of streams) {
    for (const track of state.tracks)
      if (track.recognizer === recognizer) candidates.push({ state, stream: track.stream });
  }
  for (;;) {
    candidates = candidates.filter(({ stream }) => recognizer.isReady(stream));
    if (candidates.length === 0) return;
    for (let start = 0; start < candidates.length; start += LARGEST_BATCH) {
      recognizer.decodeStreams(candidates.slice(start, start + LARGEST_BATCH).map(({ stream }) => stream));
    }
    for (const { state } of candidates) decoded.add(state);
  }
}
