import type { Worker } from 'node:worker_threads';
import { SafeEmitter } from '../emitter.js';
import { BridgeError } from '../errors.js';
import { startWorker } from '../worker-entry.js';
import {
  type ControlMessage,
  type EngineStats,
  type FrameRecord,
  type PlayoutRecord,
  packPlayout,
  type StreamRemote,
  type StreamSettings,
  type StreamStats,
  unpackFrames,
  type WorkerMessage,
} from './wire.js';

export interface EngineOptions {
  /** Where RTP sockets are bound. */
  readonly host: string;
  /** Inclusive; 0 and 0 mean any free ports. */
  readonly portMin: number;
  readonly portMax: number;
}

export interface OpenOptions {
  /** Send silence up when nothing comes in. */
  readonly fill: boolean;
  readonly maxQueueMs: number;
  /** 0 = never. */
  readonly mediaTimeoutMs: number;
  /** RTCP's name for us, without personal data. */
  readonly cname: string;
  /** Networks that RTP may come from besides the signalled address; undefined: any. */
  readonly latchFrom?: readonly string[] | undefined;
  /** Level of the soft noise while there is nothing to say, dBov; undefined: digital silence. */
  readonly idleDbov?: number | undefined;
  /** RFC 3389 packets in its place, where that was agreed on. */
  readonly sendComfortNoise?: boolean;
}

export interface RtpStreamEvents {
  frame: [frame: FrameRecord];
  key: [digit: string, durationMs: number];
  mark: [name: string];
  cleared: [generation: number, playedMs: number];
  /** Frames that found the playout queue full. */
  overflow: [frames: number];
  latched: [remote: StreamRemote];
  /** Nothing was received for the media time-out. */
  silent: [idleMs: number];
  /** About a second of both sides while it records: samples of the line's format, peer and we by turns. */
  recorded: [batch: ArrayBuffer];
  /** The thread behind it is gone. */
  lost: [];
}

/** V8 lets a thread's young generation grow to 48 MB before it looks harder; with packets, which die at once, nothing is won by that. */
const YOUNG_GENERATION_MB = 12;
const START_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 5000;
/** Longer announcements are cut. */
const MAX_ANNOUNCEMENT_MS = 120_000;

type Send = (message: ControlMessage | PlayoutRecord) => void;
type Request = (message: (request: number) => ControlMessage, timeoutMs?: number) => Promise<unknown>;

/** The main thread's handle on one call's RTP. */
export class RtpStream extends SafeEmitter<RtpStreamEvents> {
  readonly port: number;
  readonly #id: number;
  readonly #send: Send;
  readonly #request: Request;
  #closed = false;

  constructor(id: number, port: number, send: Send, request: Request) {
    super();
    this.#id = id;
    this.port = port;
    this.#send = send;
    this.#request = request;
  }

  configure(settings: StreamSettings): void {
    this.#send({ type: 'configure', stream: this.#id, settings });
  }

  /** Lets what is queued be heard. */
  release(): void {
    this.#send({ type: 'release', stream: this.#id });
  }

  /** Queues audio of the line's format in multiples of 20 ms. The bytes are copied before the next turn of the event loop. */
  play(payload: Uint8Array): void {
    if (!this.#closed) this.#send({ kind: 'audio', stream: this.#id, payload });
  }

  mark(name: string): void {
    if (!this.#closed) this.#send({ kind: 'mark', stream: this.#id, name });
  }

  clear(generation: number): void {
    if (!this.#closed) this.#send({ kind: 'clear', stream: this.#id, generation });
  }

  /** RFC 4733 keys; resolves when they are out. */
  async sendDigits(digits: string, durationMs = 120): Promise<void> {
    const limitMs = REQUEST_TIMEOUT_MS + digits.length * (durationMs + 200);
    await this.#request((request) => ({ type: 'digits', stream: this.#id, request, digits, durationMs }), limitMs);
  }

  /** Is heard before everything that is queued, and `clear` does not reach it. Resolves when it was heard, or the call is over. */
  async announce(payload: Uint8Array): Promise<void> {
    const limitMs = REQUEST_TIMEOUT_MS + MAX_ANNOUNCEMENT_MS;
    await this.#request((request) => ({ type: 'announce', stream: this.#id, request, payload }), limitMs);
  }

  /** Takes both sides down (`recorded`), or a silence in their place, or nothing any more. Resolves when all of it has arrived. */
  async record(state: 'on' | 'paused' | 'off'): Promise<void> {
    if (!this.#closed) await this.#request((request) => ({ type: 'record', stream: this.#id, request, state }));
  }

  /** What comes in here goes out there, and the other way round, until one of them is closed. Both belong to one engine. */
  join(other: RtpStream): void {
    this.#send({ type: 'join', stream: this.#id, with: other.#id });
  }

  /** How it goes so far; undefined once it is closed. */
  async stats(): Promise<StreamStats | undefined> {
    if (this.#closed) return undefined;
    return (await this.#request((request) => ({ type: 'report', stream: this.#id, request }))) as
      | StreamStats
      | undefined;
  }

  /** Frees the ports. Idempotent; the statistics come with the first call. */
  async close(): Promise<StreamStats | undefined> {
    if (this.#closed) return undefined;
    this.#closed = true;
    try {
      return (await this.#request((request) => ({ type: 'close', stream: this.#id, request }))) as
        | StreamStats
        | undefined;
    } catch {
      // The thread is gone, and its sockets with it.
      return undefined;
    } finally {
      this.removeAllListeners();
    }
  }

  /** For the engine only. */
  deliver<Name extends keyof RtpStreamEvents>(name: Name, ...args: RtpStreamEvents[Name]): void {
    this.emit(name, ...args);
  }
}

/** Owns the pacer's thread. When the thread dies every open stream hears `lost` and every request is rejected. */
export class RtpEngine {
  readonly #worker: Worker;
  readonly #options: EngineOptions;
  readonly #streams = new Map<number, RtpStream>();
  readonly #requests = new Map<
    number,
    { resolve(value: unknown): void; reject(error: Error): void; timer: NodeJS.Timeout }
  >();
  #playout: PlayoutRecord[] = [];
  #flushQueued = false;
  #nextId = 1;
  #closed = false;
  /** Called when the thread ends without having been asked to. All streams have heard `lost` by then. */
  onLost: ((error: unknown) => void) | undefined;

  private constructor(worker: Worker, options: EngineOptions) {
    this.#worker = worker;
    this.#options = options;
    worker.on('message', (message: WorkerMessage | ArrayBuffer) => this.#onMessage(message));
    worker.on('error', (error) => this.#onLost(error));
    worker.on('exit', () => this.#onLost(undefined));
  }

  static async start(options: EngineOptions): Promise<RtpEngine> {
    const worker = startWorker(import.meta.url, 'pacer-worker', {
      name: 'rtp-pacer',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => fail(new BridgeError('WORKER_LOST', `The RTP thread did not start within ${START_TIMEOUT_MS} ms.`)),
        START_TIMEOUT_MS,
      );
      const fail = (error: Error): void => {
        clearTimeout(timer);
        void worker.terminate();
        reject(error);
      };
      worker.once('error', fail);
      worker.once('message', () => {
        clearTimeout(timer);
        worker.off('error', fail);
        resolve();
      });
    });
    return new RtpEngine(worker, options);
  }

  /** Binds a pair of ports. Throws RTP_PORTS_EXHAUSTED, WORKER_LOST. */
  async open(options: OpenOptions): Promise<RtpStream> {
    const id = this.#nextId++;
    const { maxQueueMs, ...rest } = options;
    const port = await this.#request((request) => ({
      type: 'open',
      request,
      stream: id,
      ...this.#options,
      ...rest,
      sendComfortNoise: rest.sendComfortNoise ?? false,
      maxQueueFrames: Math.ceil(maxQueueMs / 20),
    }));
    const stream = new RtpStream(
      id,
      Number(port),
      (message) => this.#send(message),
      (message, timeoutMs) =>
        this.#request((request) => {
          const control = message(request);
          if (control.type === 'close') this.#streams.delete(id);
          return control;
        }, timeoutMs),
    );
    this.#streams.set(id, stream);
    return stream;
  }

  async stats(): Promise<EngineStats> {
    return (await this.#request((request) => ({ type: 'stats', request }))) as EngineStats;
  }

  async close(): Promise<void> {
    this.onLost = undefined;
    this.#onLost(undefined);
    await this.#worker.terminate();
  }

  /** Ends the thread as a crash would: for drills and tests. */
  async crash(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(message: ControlMessage | PlayoutRecord): void {
    if (this.#closed) return;
    if ('kind' in message) {
      this.#playout.push(message);
      if (this.#flushQueued) return;
      // All that arrives in one turn of the event loop crosses in one message.
      this.#flushQueued = true;
      setImmediate(() => this.#flush());
      return;
    }
    this.#flush();
    this.#worker.postMessage(message);
  }

  #flush(): void {
    this.#flushQueued = false;
    if (this.#playout.length === 0 || this.#closed) return;
    const batch = packPlayout(this.#playout);
    this.#playout = [];
    this.#worker.postMessage(batch, [batch]);
  }

  #request(message: (request: number) => ControlMessage, timeoutMs = REQUEST_TIMEOUT_MS): Promise<unknown> {
    if (this.#closed) return Promise.reject(new BridgeError('WORKER_LOST', 'The RTP thread is gone.'));
    const request = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#requests.delete(request);
        reject(new BridgeError('TIMEOUT', `The RTP thread did not answer within ${timeoutMs} ms.`));
      }, timeoutMs);
      this.#requests.set(request, { resolve, reject, timer });
      this.#send(message(request));
    });
  }

  #onMessage(message: WorkerMessage | ArrayBuffer): void {
    if (message instanceof ArrayBuffer) {
      for (const frame of unpackFrames(message)) this.#streams.get(frame.stream)?.deliver('frame', frame);
      return;
    }
    if (message.type === 'ready') return;
    if (message.type === 'reply' || message.type === 'refused') {
      const pending = this.#requests.get(message.request);
      if (!pending) return;
      this.#requests.delete(message.request);
      clearTimeout(pending.timer);
      if (message.type === 'reply') pending.resolve(message.value);
      else pending.reject(new BridgeError(message.code, message.message));
      return;
    }
    const stream = this.#streams.get(message.stream);
    if (!stream) return;
    if (message.type === 'key') stream.deliver('key', message.digit, message.durationMs);
    else if (message.type === 'mark') stream.deliver('mark', message.name);
    else if (message.type === 'cleared') stream.deliver('cleared', message.generation, message.playedMs);
    else if (message.type === 'overflow') stream.deliver('overflow', message.frames);
    else if (message.type === 'latched') stream.deliver('latched', { address: message.address, port: message.port });
    else if (message.type === 'recorded') stream.deliver('recorded', message.batch);
    else stream.deliver('silent', message.idleMs);
  }

  #onLost(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { reject, timer } of this.#requests.values()) {
      clearTimeout(timer);
      reject(new BridgeError('WORKER_LOST', 'The RTP thread is gone.', { cause: error }));
    }
    this.#requests.clear();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.deliver('lost');
    this.onLost?.(error);
  }
}
