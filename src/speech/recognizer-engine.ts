import type { OpenMessage, StreamEvent, WorkItem } from './recognizer-protocol.js';
import { StreamState } from './recognizer-stream-state.js';
import type { SherpaOnlineRecognizer, SherpaOnlineStream } from './sherpa.js';
import type { Silero, SileroItem } from './silero.js';

export interface RecognizerEngineOptions {
  /** undefined: only voice activity, every text stays empty. */
  readonly recognizer: SherpaOnlineRecognizer | undefined;
  readonly silero: Silero;
  readonly tailPaddingMs: number;
  readonly preRollMs: number;
}

/** Windows or chunks that go through a model in one call; more gains nothing and makes one call long. */
const LARGEST_BATCH = 64;

/** All streams of one worker. Does the work of a tick for all of them together. */
export class RecognizerEngine {
  readonly #options: RecognizerEngineOptions;
  readonly #streams = new Map<number, StreamState>();

  constructor(options: RecognizerEngineOptions) {
    this.#options = options;
  }

  open({ handle, sampleRate, startSample }: OpenMessage): void {
    const { recognizer, preRollMs } = this.#options;
    this.#streams.set(handle, new StreamState({ handle, sampleRate, startSample, recognizer, preRollMs }));
  }

  close(handle: number): void {
    this.#streams.delete(handle);
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
    for (const stream of flushes.keys()) stream.pushTail(this.#options.tailPaddingMs);
    const all = [...new Set([...touched, ...flushes.keys()])];
    this.#decode(all);
    for (const stream of all) {
      const flushId = flushes.get(stream);
      if (flushId === undefined) stream.reportPartial(events);
      else stream.finish(flushId, events);
    }
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

  /** Voice activity: one window of each stream that has one, together, until none has. */
  async #listen(streams: readonly StreamState[], events: StreamEvent[]): Promise<void> {
    for (const rate of [8000, 16_000] as const) {
      let waiting = streams.filter((stream) => stream.vadRate === rate);
      while (waiting.length > 0) waiting = await this.#listenOnce(waiting, events);
    }
  }

  async #listenOnce(streams: readonly StreamState[], events: StreamEvent[]): Promise<StreamState[]> {
    const ready: { readonly stream: StreamState; readonly item: SileroItem }[] = [];
    for (const stream of streams) {
      const item = stream.takeWindow();
      if (item) ready.push({ stream, item });
    }
    for (let start = 0; start < ready.length; start += LARGEST_BATCH) {
      const part = ready.slice(start, start + LARGEST_BATCH);
      const probabilities = await this.#options.silero.run(part.map(({ item }) => item));
      part.forEach(({ stream }, index) => {
        stream.hear(probabilities[index] ?? 0, events);
      });
    }
    return ready.map(({ stream }) => stream);
  }

  #decode(streams: readonly StreamState[]): void {
    const { recognizer } = this.#options;
    if (!recognizer) return;
    const open: SherpaOnlineStream[] = [];
    for (const { sherpaStream } of streams) if (sherpaStream) open.push(sherpaStream);
    for (;;) {
      const ready = open.filter((stream) => recognizer.isReady(stream));
      if (ready.length === 0) return;
      for (let start = 0; start < ready.length; start += LARGEST_BATCH) {
        recognizer.decodeStreams(ready.slice(start, start + LARGEST_BATCH));
      }
    }
  }
}
