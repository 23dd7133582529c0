import { WebSocket } from 'ws';
import { monotonicMs } from '../clock.js';
import { SafeEmitter } from '../emitter.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import type { RecordingAction } from '../recording/call-recording.js';
import type { HangupCause } from '../sip/cause.js';
import {
  type ClientMessage,
  frameBytesOf,
  type ReadyMessage,
  readServerMessage,
  type StartMessage,
  SUBPROTOCOL,
  type TransferMessage,
} from './protocol.js';

export interface MediaClientOptions {
  readonly url: string;
  readonly start: Omit<StartMessage, 'type' | 'resume'>;
  /** From the first attempt to `ready`. */
  readonly connectTimeoutMs: number;
  /** Longest wait for a lost socket to come back; the service's own window may be shorter. */
  readonly resumeLimitMs: number;
  /** A service that answers no WebSocket ping for this long counts as lost. */
  readonly pingIntervalMs: number;
  readonly logger: Logger;
}

export interface MediaClientEvents {
  /** First `ready`. */
  ready: [ready: ReadyMessage];
  /** Audio to play as `start.media` has it, a multiple of 20 ms. */
  audio: [payload: Uint8Array];
  mark: [name: string];
  clear: [generation: number];
  transfer: [request: TransferMessage];
  recording: [action: RecordingAction];
  hangup: [cause: HangupCause, reason: string];
  /** The socket is gone and we try to come back. */
  detached: [];
  /** It came back; a new generation has begun. */
  resumed: [ready: ReadyMessage];
  /** The end, once: never reached, refused (`code`: the service's own word for why), lost for good, or closed by us. */
  failed: [reason: string, code?: string];
}

/** Unsent frames at which others wait in our own queue, where the oldest can be dropped: half a second. */
const HIGH_WATER_FRAMES = 25;
/** Frames that wait at most; 2 s, as the service's own queue. */
const MAX_WAITING_FRAMES = 100;
const MAX_MESSAGE_BYTES = 131_072;
const MAX_PROBLEMS = 20;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 1000;
/** Close codes after which the same call can't come back: protocol errors, no rights, unknown session (see the service's error table). */
const FINAL_CODES = new Set([1002, 1003, 1007, 1008, 1009, 4401, 4404, 4408]);

type State = 'connecting' | 'live' | 'resuming' | 'over';

/** One call's `hearken.media.v1` connection, which survives the loss of its socket. */
export class MediaClient extends SafeEmitter<MediaClientEvents> {
  readonly #options: MediaClientOptions;
  readonly #frameBytes: number;
  #state: State = 'connecting';
  #socket: WebSocket | undefined;
  #ready: ReadyMessage | undefined;
  #deadline: NodeJS.Timeout;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #ping: NodeJS.Timeout | undefined;
  #pongMs = 0;
  #waiting: Uint8Array[] = [];
  #problems = 0;
  /** Caller's frames dropped because the service did not take them. */
  droppedFrames = 0;

  constructor(options: MediaClientOptions) {
    super();
    this.#options = options;
    this.#frameBytes = frameBytesOf(options.start.media);
    this.#deadline = setTimeout(
      () => this.#fail(`the service was not ready within ${options.connectTimeoutMs} ms`),
      options.connectTimeoutMs,
    );
    this.#open();
  }

  get live(): boolean {
    return this.#state === 'live';
  }

  /** Nothing can be sent any more. */
  get over(): boolean {
    return this.#state === 'over';
  }

  /** The service wants to be told of that. */
  accepts(message: 'quality'): boolean {
    return this.#ready?.accepts?.includes(message) ?? false;
  }

  /** One 20 ms frame of the caller. Dropped while there is no socket; bounded when the service is slow. */
  sendAudio(frame: Uint8Array): void {
    if (this.#state !== 'live') return;
    this.#waiting.push(frame);
    if (this.#waiting.length > MAX_WAITING_FRAMES) {
      this.#waiting.shift();
      this.droppedFrames++;
    }
    const socket = this.#socket;
    while (socket && this.#waiting.length > 0 && socket.bufferedAmount < HIGH_WATER_FRAMES * this.#frameBytes) {
      const next = this.#waiting.shift();
      if (next) socket.send(next, { binary: true }, ignore);
    }
  }

  /** False, and nothing sent, while there is no socket. */
  send(message: Exclude<ClientMessage, StartMessage>): boolean {
    if (this.#state !== 'live' || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message), ignore);
    return true;
  }

  /** Says goodbye and closes. No event follows. Idempotent. */
  stop(cause: HangupCause, reason: string): void {
    if (this.#state === 'over') return;
    if (this.#state === 'live') this.send({ type: 'stop', cause, reason: reason.slice(0, 512) });
    this.#shut(1000);
  }

  #open(): void {
    const { url } = this.#options;
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, SUBPROTOCOL, {
        perMessageDeflate: false,
        maxPayload: MAX_MESSAGE_BYTES,
        handshakeTimeout: this.#options.connectTimeoutMs,
        followRedirects: false,
      });
    } catch (error) {
      setImmediate(() => this.#fail(messageOf(error)));
      return;
    }
    this.#socket = socket;
    let lastError = '';
    socket.on('open', () => {
      const resume = this.#ready && { sessionId: this.#ready.sessionId, resumeToken: this.#ready.resumeToken };
      const start: StartMessage = { type: 'start', ...this.#options.start, ...(resume ? { resume } : {}) };
      socket.send(JSON.stringify(start), ignore);
    });
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (socket !== this.#socket) return;
      if (isBinary) this.#audio(data);
      else this.#text(data.toString('utf8'));
    });
    socket.on('pong', () => {
      this.#pongMs = monotonicMs();
    });
    socket.on('error', (error) => {
      lastError = messageOf(error);
    });
    socket.on('close', (code, reason) => {
      if (socket !== this.#socket) return;
      this.#socket = undefined;
      this.#lost(code, reason.toString('utf8').slice(0, 200) || lastError);
    });
  }

  #audio(data: Buffer): void {
    if (this.#state !== 'live') return;
    if (data.length === 0 || data.length % this.#frameBytes !== 0) {
      this.#problem(`a binary frame of ${data.length} bytes is no multiple of 20 ms`);
      return;
    }
    this.emit('audio', data);
  }

  #text(text: string): void {
    const read = readServerMessage(text);
    if ('problem' in read) {
      this.#problem(read.problem);
      return;
    }
    const { message } = read;
    switch (message.type) {
      case 'ready':
        this.#onReady(message);
        break;
      case 'mark':
        this.emit('mark', message.name);
        break;
      case 'clear':
        this.emit('clear', message.generation);
        break;
      case 'recording':
        this.emit('recording', message.action);
        break;
      case 'transfer':
        this.emit('transfer', message);
        break;
      case 'hangup':
        this.#shut(1000);
        this.emit('hangup', message.cause, message.reason ?? '');
        break;
      case 'error':
        this.#options.logger.warn({ code: message.code, fatal: message.fatal }, `the service says: ${message.message}`);
        if (message.fatal) this.#fail(`${message.code}: ${message.message}`, message.code);
        break;
      default:
        // transcript and state are for those who can show them.
        break;
    }
  }

  #onReady(ready: ReadyMessage): void {
    const { encoding, sampleRate } = this.#options.start.media;
    if (ready.media.encoding !== encoding || ready.media.sampleRate !== sampleRate) {
      this.#fail(
        `the service wants ${ready.media.encoding} at ${ready.media.sampleRate} Hz, this call has ${encoding} at ${sampleRate} Hz`,
      );
      return;
    }
    const first = this.#ready === undefined;
    this.#ready = ready;
    this.#state = 'live';
    this.#retryMs = FIRST_RETRY_MS;
    clearTimeout(this.#deadline);
    this.#startPing();
    if (first) this.emit('ready', ready);
    else this.emit('resumed', ready);
  }

  /** A peer that sends rubbish is told nothing and tolerated for a while: the call matters more. */
  #problem(problem: string): void {
    this.#problems++;
    this.#options.logger.warn({ problem }, 'a message of the service was ignored');
    if (this.#problems >= MAX_PROBLEMS) this.#fail(`too many bad messages, last: ${problem}`);
  }

  #lost(code: number, reason: string): void {
    this.#stopPing();
    this.#waiting = [];
    if (this.#state === 'over') return;
    const why = `socket closed with ${code}${reason ? ` (${reason})` : ''}`;
    if (this.#ready === undefined) {
      // A service that is just starting may be there in a moment; one that refuses us will not change its mind.
      if (FINAL_CODES.has(code)) this.#fail(why);
      else this.#retryLater();
      return;
    }
    if (FINAL_CODES.has(code)) {
      this.#fail(why);
      return;
    }
    if (this.#state === 'live') {
      this.#state = 'resuming';
      const limitMs = Math.min(this.#options.resumeLimitMs, this.#ready.resumeWindowMs);
      this.#deadline = setTimeout(() => this.#fail(`${why}, and it did not come back within ${limitMs} ms`), limitMs);
      this.#options.logger.warn({ why, limitMs }, 'lost the service, trying to come back');
      this.emit('detached');
    }
    this.#retryLater();
  }

  #retryLater(): void {
    const waitMs = this.#retryMs;
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (this.#state !== 'over') this.#open();
    }, waitMs);
  }

  /** A dead host sends no close: ask it now and then. */
  #startPing(): void {
    this.#stopPing();
    this.#pongMs = monotonicMs();
    const { pingIntervalMs } = this.#options;
    if (pingIntervalMs === 0) return;
    this.#ping = setInterval(() => {
      if (monotonicMs() - this.#pongMs > pingIntervalMs * 2.5) this.#socket?.terminate();
      else this.#socket?.ping(undefined, undefined, ignore);
    }, pingIntervalMs);
  }

  #stopPing(): void {
    clearInterval(this.#ping);
    this.#ping = undefined;
  }

  #fail(reason: string, code?: string): void {
    if (this.#state === 'over') return;
    this.#shut(1000);
    this.emit('failed', reason, code);
  }

  #shut(code: number): void {
    this.#state = 'over';
    clearTimeout(this.#deadline);
    clearTimeout(this.#retry);
    this.#stopPing();
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    if (socket.readyState === WebSocket.OPEN) {
      socket.close(code);
      // A peer that does not answer the close keeps nothing of ours.
      setTimeout(() => socket.terminate(), 2000).unref();
    } else {
      socket.terminate();
    }
  }
}

function ignore(): void {}
