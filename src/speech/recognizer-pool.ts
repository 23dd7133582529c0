import { HearkenError } from '../errors.js';
import { workerEntry } from '../worker-entry.js';
import type { Corrections } from './correct/index.js';
import { LoadMeter } from './load-meter.js';
import { PoolStream, type PoolStreamOwner } from './pool-stream.js';
import { cpuTimeMs } from './process-time.js';
import type { Recognizer, RecognizerHealth, RecognizerOpenOptions, RecognizerStream } from './recognizer.js';
import type { DoneMessage, RecognizerWorkerInit } from './recognizer-protocol.js';
import { type SpeechLogger, type WorkerMessage, WorkerProcess } from './worker-process.js';

export interface RecognizerPoolOptions {
  readonly workers: number;
  readonly maxStreamsPerWorker: number;
  readonly init: Omit<RecognizerWorkerInit, 'type'>;
  readonly logger: SpeechLogger;
  /** How answers in a language are corrected to what was expected; undefined: not at all. */
  readonly corrections?: (language: string) => Corrections | undefined;
  /** Share of a worker's time above which it takes no new streams (0..1). */
  readonly highestLoad?: number;
  /** A stream whose worker died fails when none takes it within this time. */
  readonly recoverTimeoutMs?: number;
  /** A worker that leaves work undone for this long is taken for hung and killed. */
  readonly hangTimeoutMs?: number;
}

/** One message for each worker in this time, at most. */
const TICK_MS = 20;
/** Messages without an answer: while these are out, audio waits in the streams' queues (and is bounded there). */
const MAX_UNANSWERED = 8;
/** Above this share of its time a worker would soon be late for the streams it has. */
const HIGHEST_LOAD = 0.8;
/** A worker this far behind gets a new stream only when all others are, too. */
const LATE_MS = 500;
/** A worker this far behind takes none: the audio of those that it has is about to be lost. A machine that was busy with something else for a second is no reason yet. */
const STUCK_MS = 1500;
/** How often it is looked whether a worker hangs. */
const WATCH_MS = 1000;
/** A worker that is behind and still uses the processor gets so many times the time. */
const SLOW_PATIENCE = 4;
/** With fewer streams than this the load of one can't be told. */
const FEW_STREAMS = 3;
/** A stream whose workers died this often is itself the likely cause. */
const MAX_RECOVERIES = 4;

/** One worker process with the streams that belong to it. */
class Lane implements PoolStreamOwner {
  readonly process: WorkerProcess;
  readonly streams = new Map<number, PoolStream>();
  droppedMs = 0;
  /** Times it became ready. */
  starts = 0;
  readonly #dirty = new Set<PoolStream>();
  /** Sent and unanswered: when, and how far each stream got with it. */
  readonly #unanswered = new Map<number, { sentAtMs: number; ends: readonly (readonly [PoolStream, number])[] }>();
  #seq = 0;
  #lastTickMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  readonly #watchdog: NodeJS.Timeout;
  #cpuMs = 0;
  readonly #meter = new LoadMeter();

  constructor(name: string, options: RecognizerPoolOptions, onDown: (lane: Lane) => void, onReady: () => void) {
    this.process = new WorkerProcess({
      name,
      entry: workerEntry(import.meta.url, 'recognizer-worker'),
      init: { type: 'init', ...options.init },
      logger: options.logger,
    });
    this.process.on('ready', () => {
      this.starts++;
      for (const stream of this.streams.values()) this.#reopen(stream);
      onReady();
    });
    this.process.on('down', () => {
      this.#unanswered.clear();
      for (const stream of this.streams.values()) stream.rewind();
      onDown(this);
    });
    this.process.on('message', (message) => this.#onMessage(message));
    const hangTimeoutMs = options.hangTimeoutMs ?? 5000;
    const everyMs = Math.min(WATCH_MS, hangTimeoutMs);
    // Looks are counted, not time: after a pause of the whole machine everything is late, and nothing hangs.
    let behind = 0;
    let idle = 0;
    this.#watchdog = setInterval(() => {
      const { pid } = this.process;
      const isBehind = this.behindMs > everyMs && this.process.ready && pid !== undefined;
      const cpuMs = pid === undefined ? undefined : cpuTimeMs(pid);
      // On a machine that has no time for it a process is slow, not hung: killing it would cost its calls even more.
      const works = cpuMs !== undefined && cpuMs > this.#cpuMs;
      this.#cpuMs = cpuMs ?? 0;
      behind = isBehind ? behind + 1 : 0;
      idle = isBehind && !works ? idle + 1 : 0;
      const hangs = idle * everyMs >= hangTimeoutMs || behind * everyMs >= hangTimeoutMs * SLOW_PATIENCE;
      if (!hangs || pid === undefined) return;
      behind = 0;
      idle = 0;
      options.logger.error({ worker: name, behindMs: this.behindMs }, 'a recogniser process hangs and is killed');
      this.#unanswered.clear();
      process.kill(pid, 'SIGKILL');
    }, everyMs);
    this.#watchdog.unref();
  }

  /** Share of its time that the worker is at work, over the last seconds: its own real-time factor for all its streams together. */
  get load(): number {
    return this.#meter.load(performance.now());
  }

  /** The load with one stream more, as far as those it has tell; one stall more or less does not count. */
  get loadWithOneMore(): number {
    const { size } = this.streams;
    const load = this.#meter.steadyLoad(performance.now());
    // One or two say nothing yet: they may all be silent, or all be talking.
    return size < FEW_STREAMS ? load : (load * (size + 1)) / size;
  }

  get late(): boolean {
    return this.behindMs > LATE_MS;
  }

  /** Age of the oldest unanswered message. */
  get behindMs(): number {
    const [oldest] = this.#unanswered.values();
    return oldest === undefined ? 0 : performance.now() - oldest.sentAtMs;
  }

  add(stream: PoolStream): void {
    this.streams.set(stream.handle, stream);
    if (this.process.ready) this.#reopen(stream);
  }

  /** Another lane takes it over. */
  release(stream: PoolStream): void {
    this.streams.delete(stream.handle);
    this.#dirty.delete(stream);
  }

  remove(stream: PoolStream): void {
    this.release(stream);
    this.process.send({ type: 'close', handle: stream.handle });
  }

  async close(): Promise<void> {
    clearInterval(this.#watchdog);
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    await this.process.close();
  }

  wake(stream: PoolStream, now: boolean): void {
    this.#dirty.add(stream);
    if (now) {
      this.#tick();
      return;
    }
    if (this.#timer || this.#immediate) return;
    const wait = this.#lastTickMs + TICK_MS - performance.now();
    // Frames of several calls often arrive in one turn of the event loop: they leave together.
    if (wait <= 1) this.#immediate = setImmediate(() => this.#tick());
    else this.#timer = setTimeout(() => this.#tick(), wait);
  }

  dropped(ms: number): void {
    this.droppedMs += ms;
  }

  expected(stream: PoolStream): void {
    this.process.send({ type: 'expect', handle: stream.handle, graph: stream.graph });
  }

  closed(stream: PoolStream): void {
    this.remove(stream);
  }

  #reopen(stream: PoolStream): void {
    const { handle, sampleRate, startSample, graph } = stream;
    this.process.send({ type: 'open', handle, sampleRate, startSample, graph });
    if (stream.hasWork) this.wake(stream, false);
  }

  #tick(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    if (!this.process.ready || this.#unanswered.size >= MAX_UNANSWERED || this.#dirty.size === 0) return;
    const streams = [...this.#dirty];
    this.#dirty.clear();
    const items = streams.flatMap((stream) => stream.takeWork());
    for (const stream of streams) if (stream.hasWork) this.#dirty.add(stream);
    this.#lastTickMs = performance.now();
    if (items.length === 0) return;
    this.#seq++;
    this.#unanswered.set(this.#seq, {
      sentAtMs: this.#lastTickMs,
      ends: streams.map((stream) => [stream, stream.sentUntil] as const),
    });
    this.process.send({ type: 'work', seq: this.#seq, items });
    if (this.#dirty.size > 0) this.#timer = setTimeout(() => this.#tick(), TICK_MS);
  }

  #onMessage(message: WorkerMessage): void {
    if (message.type !== 'done') return;
    const done = message as unknown as DoneMessage;
    this.#meter.add(performance.now(), done.busyMs);
    for (const [seq, { ends }] of this.#unanswered) {
      if (seq > done.seq) break;
      for (const [stream, until] of ends) stream.confirm(until);
      this.#unanswered.delete(seq);
    }
    for (const event of done.events) this.streams.get(event.handle)?.deliver(event);
    // What waited because too much was unanswered goes now.
    if (this.#dirty.size > 0 && !this.#timer && !this.#immediate) this.#immediate = setImmediate(() => this.#tick());
  }
}

/**
 * Streaming recognition with voice activity in worker processes. A stream lives on one worker; when that dies, the stream moves to another (or
 * to the restarted one) and the audio since the last final, at most 6 s, is heard again.
 */
export class RecognizerPool implements Recognizer {
  readonly #options: RecognizerPoolOptions;
  readonly #lanes: Lane[];
  readonly #orphans = new Set<NodeJS.Timeout>();
  #nextHandle = 1;
  #refused = 0;
  #closed = false;

  constructor(options: RecognizerPoolOptions) {
    this.#options = options;
    this.#lanes = Array.from(
      { length: options.workers },
      (_, index) =>
        new Lane(
          `recogniser ${index + 1}`,
          options,
          (lane) => this.#moveStreams(lane),
          () => this.#rescue(),
        ),
    );
  }

  /** Resolves when every worker is loaded; rejects with WORKER_LOST when one could not be started. */
  async whenReady(): Promise<void> {
    await Promise.all(this.#lanes.map(({ process }) => process.whenReady()));
  }

  /** Process ids, for tests and operators. */
  get pids(): readonly number[] {
    return this.#lanes.flatMap(({ process }) => (process.pid === undefined ? [] : [process.pid]));
  }

  open(options: RecognizerOpenOptions): RecognizerStream {
    if (this.#closed) throw new HearkenError('DRAINING', 'The recogniser is closing.');
    const lane = this.#freest();
    if (!lane) {
      this.#refused++;
      const starting = this.#lanes.every(({ process }) => !process.ready);
      throw new HearkenError(
        'OVERLOADED',
        starting ? 'No recogniser process is running at the moment.' : 'Every recogniser process has all it can do.',
        { hint: 'Try again shortly; speech.recognizerWorkers and speech.maxStreamsPerWorker set the limit.' },
      );
    }
    const owner: PoolStreamOwner = {
      wake: (woken, now) => this.#laneOf(woken)?.wake(woken, now),
      dropped: (ms) => this.#laneOf(stream)?.dropped(ms),
      expected: (changed) => this.#laneOf(changed)?.expected(changed),
      closed: (closed) => this.#laneOf(closed)?.remove(closed),
    };
    const stream = new PoolStream(this.#nextHandle++, options, owner, this.#options.corrections?.(options.language));
    lane.add(stream);
    return stream;
  }

  health(): RecognizerHealth {
    const sum = (of: (lane: Lane) => number) => this.#lanes.reduce((total, lane) => total + of(lane), 0);
    return {
      workers: this.#lanes.length,
      alive: sum(({ process }) => (process.ready ? 1 : 0)),
      restarts: sum(({ process }) => process.restarts),
      streams: sum(({ streams }) => streams.size),
      droppedMs: Math.round(sum(({ droppedMs }) => droppedMs)),
      load: Math.max(...this.#lanes.map((lane) => lane.load)),
      refused: this.#refused,
    };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#orphans) clearTimeout(timer);
    for (const lane of this.#lanes) {
      for (const stream of [...lane.streams.values()]) stream.fail('the recogniser is closing');
    }
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #laneOf(stream: PoolStream): Lane | undefined {
    return this.#lanes.find(({ streams }) => streams.get(stream.handle) === stream);
  }

  #freest(highest = this.#options.highestLoad ?? HIGHEST_LOAD): Lane | undefined {
    return this.#lanes
      .filter((lane) => lane.process.ready && lane.behindMs < STUCK_MS && lane.loadWithOneMore <= highest)
      .filter(({ streams }) => streams.size < this.#options.maxStreamsPerWorker)
      .sort((a, b) => Number(a.late) - Number(b.late) || a.streams.size - b.streams.size)[0];
  }

  /** A worker died: its streams go to others that have room; the rest wait for its restart, but not for ever. */
  #moveStreams(from: Lane): void {
    for (const stream of [...from.streams.values()]) {
      if (stream.recoveries > MAX_RECOVERIES) {
        stream.fail('recognition broke down again and again on this call');
        continue;
      }
      this.#move(stream, from);
    }
    if (from.streams.size === 0) return;
    const { starts } = from;
    const timer = setTimeout(() => {
      this.#orphans.delete(timer);
      // It may have been back meanwhile and be gone again: then another timer runs.
      if (from.process.ready || from.starts > starts) return;
      for (const stream of [...from.streams.values()]) stream.fail('no recogniser process could be started in time');
    }, this.#options.recoverTimeoutMs ?? 10_000);
    this.#orphans.add(timer);
  }

  /** A worker is ready: streams that wait for one that is not may move to it. */
  #rescue(): void {
    for (const lane of this.#lanes) {
      if (lane.process.ready) continue;
      for (const stream of [...lane.streams.values()]) this.#move(stream, lane);
    }
  }

  #move(stream: PoolStream, from: Lane): void {
    // A call that is on the line is helped whatever the load.
    const to = this.#freest(Number.POSITIVE_INFINITY);
    if (!to) return;
    from.release(stream);
    to.add(stream);
  }
}
