import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../clock.js';
import type { Config } from '../../config.js';
import { asHearkenError, HearkenError } from '../../errors.js';
import { Allowance } from './allowance.js';
import { admit, type Credentials, queryOf } from './credentials.js';
import type { PlatformCalls } from './platform-calls.js';
import type { PlatformSession } from './platform-session.js';
import type { CallFacts, Line, Receiver, WebSocketProtocol, Wire } from './wire.js';

export interface EndpointOptions {
  readonly protocol: WebSocketProtocol;
  /** Path of this platform, e.g. `/media/twilio`. */
  readonly path: string;
  readonly calls: PlatformCalls;
  readonly credentials: Credentials;
  readonly config: Config['media'];
  readonly logger: Logger;
  /** Answers an upgrade request with a plain HTTP error. */
  readonly refuse: (socket: Duplex, status: number, message: string) => void;
}

/** New connections of one platform in a second. */
const CONNECTIONS = { perSecond: 50, burst: 200 };
/** Messages of one connection: 50 of audio a second, control beside it, and what a stalled network delivers at once. */
const MESSAGES = { perSecond: 120, burst: 1200 };
/** Bytes of one connection: 48 kHz PCM16 as base64 is 128,000 a second. */
const BYTES = { perSecond: 200_000, burst: 2_000_000 };
/** Bytes that may wait in a socket: seconds of audio. A peer that reads slower than that has stopped. */
const MAX_BUFFERED_BYTES = 262_144;
/** Pings keep NATs open; a peer of whom nothing at all came for so long is gone. */
const PING_MS = 10_000;
const SILENT_LIMIT_MS = 30_000;
/** For the other side to answer our close. */
const CLOSE_LIMIT_MS = 1000;
/** RFC 6455 §7.4.1: policy violation. */
const CLOSE_POLICY = 1008;

/** The WebSocket endpoint of one platform: admission, limits, life and death of its connections. The protocol itself is in the platform's own file. */
export class WebSocketEndpoint {
  readonly #options: EndpointOptions;
  readonly #wss: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #admissions: Allowance;
  readonly #pinger: NodeJS.Timeout;

  constructor(options: EndpointOptions) {
    this.#options = options;
    const { subprotocols } = options.protocol;
    this.#admissions = new Allowance({ ...CONNECTIONS, nowMs: options.calls.clock.nowMs() });
    this.#wss = new WebSocketServer({
      noServer: true,
      maxPayload: options.config.maxMessageBytes,
      perMessageDeflate: false,
      handleProtocols: (offered) => subprotocols.find((name) => offered.has(name)) ?? [...offered][0] ?? false,
    });
    this.#pinger = setInterval(() => {
      for (const connection of this.#connections) connection.ping();
    }, PING_MS);
    this.#pinger.unref();
  }

  /** For the upgrade router: this path and those below it, the rest of which is a token. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { protocol, path, calls, credentials, logger, refuse } = this.#options;
    const remoteAddress = request.socket.remoteAddress ?? '';
    try {
      if (!this.#admissions.take(1, calls.clock.nowMs())) {
        throw new HearkenError('RATE_LIMITED', 'Too many connections at once.', { hint: 'Try again in a second.' });
      }
      const target = (request.url ?? '').split('?', 1)[0] ?? '';
      admit(protocol.name, request, decoded(target.slice(path.length)), credentials);
      if (calls.refusal) throw calls.refusal;
    } catch (thrown) {
      const error = asHearkenError(thrown);
      logger.warn({ code: error.code, platform: protocol.name, remoteAddress }, error.message);
      refuse(socket, error.status, error.message);
      return;
    }
    this.#wss.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new Connection(this.#options, webSocket, request);
      this.#connections.add(connection);
      webSocket.once('close', () => this.#connections.delete(connection));
    });
  };

  /** Closes every connection. */
  async close(): Promise<void> {
    clearInterval(this.#pinger);
    for (const client of this.#wss.clients) client.close(1001, 'shutting down');
    const limit = setTimeout(() => {
      for (const client of this.#wss.clients) client.terminate();
    }, CLOSE_LIMIT_MS);
    await new Promise<void>((resolve) => {
      this.#wss.close(() => resolve());
    });
    clearTimeout(limit);
  }
}

/** One WebSocket of a platform, and the call on it. */
class Connection implements Line {
  readonly clock: Clock;
  readonly query: URLSearchParams;
  session: PlatformSession | undefined;
  readonly #options: EndpointOptions;
  readonly #socket: WebSocket;
  readonly #remoteAddress: string;
  readonly #messages: Allowance;
  readonly #bytes: Allowance;
  readonly #startTimer: NodeJS.Timeout;
  #lastSignMs: number;
  #receiver: Receiver | undefined;
  #failed = false;

  constructor(options: EndpointOptions, socket: WebSocket, request: IncomingMessage) {
    this.clock = options.calls.clock;
    this.query = queryOf(request.url);
    this.#options = options;
    this.#socket = socket;
    this.#remoteAddress = request.socket.remoteAddress ?? '';
    const nowMs = this.clock.nowMs();
    this.#lastSignMs = nowMs;
    this.#messages = new Allowance({ ...MESSAGES, nowMs });
    this.#bytes = new Allowance({ ...BYTES, nowMs });
    const { startTimeoutMs } = options.config;
    this.#startTimer = setTimeout(() => {
      if (!this.session) this.#fail(new HearkenError('START_TIMEOUT', `No call began within ${startTimeoutMs} ms.`));
    }, startTimeoutMs);
    socket.on('message', (data: RawData, isBinary: boolean) => this.#onMessage(data, isBinary));
    socket.on('pong', () => {
      this.#lastSignMs = this.clock.nowMs();
    });
    socket.on('error', (error: Error & { code?: string }) => {
      // Asterisk closes with the channel's hang-up cause where it has one, which is no close code (RFC 6455 §7.4): the call is over all the same.
      if (error.code === 'WS_ERR_INVALID_CLOSE_CODE')
        this.session?.ended('normal', 'the platform closed the connection');
      else this.#options.logger.warn({ ...this.#who(), code: error.code }, `media socket: ${error.message}`);
    });
    socket.on('close', (code: number) => this.#onClose(code));
    try {
      this.#receiver = options.protocol.accept(this);
    } catch (thrown) {
      this.#fail(asHearkenError(thrown));
    }
  }

  open(facts: CallFacts, sampleRate: number, wire: Wire): PlatformSession {
    if (this.session) throw new HearkenError('PROTOCOL_STATE', 'There is a call on this connection already.');
    clearTimeout(this.#startTimer);
    this.session = this.#options.calls.open(this.#options.protocol.name, this.#remoteAddress, facts, sampleRate, wire);
    return this.session;
  }

  send(data: string | Uint8Array): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN || this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) return false;
    this.#socket.send(data, { binary: typeof data !== 'string' }, ignoreSendError);
    return true;
  }

  end(reason: string): void {
    this.#close(1000, reason);
  }

  ping(): void {
    if (this.clock.nowMs() - this.#lastSignMs > SILENT_LIMIT_MS) this.#socket.terminate();
    else if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#failed || !this.#receiver) return;
    try {
      const bytes = toBuffer(data);
      const nowMs = this.clock.nowMs();
      this.#lastSignMs = nowMs;
      if (!this.#messages.take(1, nowMs) || !this.#bytes.take(bytes.length, nowMs)) {
        throw new HearkenError('RATE_LIMITED', 'More came than a call can hold.', { hint: 'Send audio in real time.' });
      }
      if (isBinary) this.#receiver.binary(bytes);
      else this.#receiver.text(bytes.toString('utf8'));
    } catch (thrown) {
      this.#fail(asHearkenError(thrown));
    }
  }

  #onClose(code: number): void {
    clearTimeout(this.#startTimer);
    // 1000 bye, 1001 going away, 1005 no code in the close frame: said politely. 1006: torn off.
    const polite = code === 1000 || code === 1001 || code === 1005;
    this.session?.ended(
      polite ? 'normal' : 'lost',
      polite ? 'the platform closed the connection' : `the connection was lost (${code})`,
    );
  }

  #fail(error: HearkenError): void {
    if (this.#failed) return;
    this.#failed = true;
    clearTimeout(this.#startTimer);
    this.#options.logger.warn({ ...this.#who(), code: error.code }, error.message);
    this.session?.ended('error', error.message);
    this.#close(error.code === 'RATE_LIMITED' ? CLOSE_POLICY : error.closeCode, error.code);
  }

  #close(code: number, reason: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // A close reason has at most 123 bytes (RFC 6455 §5.5).
    this.#socket.close(
      code,
      Buffer.from(reason, 'utf8')
        .subarray(0, 120)
        .toString('utf8')
        .replace(/\uFFFD/g, ''),
    );
    setTimeout(() => this.#socket.terminate(), CLOSE_LIMIT_MS).unref();
  }

  #who(): object {
    return {
      platform: this.#options.protocol.name,
      remoteAddress: this.#remoteAddress,
      sessionId: this.session?.id,
    };
  }
}

/** A send that fails means that the socket is going away; its `close` event is what acts on that. */
function ignoreSendError(): void {}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path.replace(/^\/+|\/+$/g, ''));
  } catch {
    return path;
  }
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
