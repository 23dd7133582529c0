import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Config } from '../../config.js';
import { asHearkenError, HearkenError } from '../../errors.js';
import { isPassedOn } from '../platforms/credentials.js';
import type { MediaSession } from '../session.js';
import { parseClientMessage, type ServerMessage, type StartMessage, SUBPROTOCOL } from './messages.js';
import { OneAtATime } from './one-at-a-time.js';
import { HearkenV1Session } from './session.js';

export interface MediaServerOptions {
  readonly config: Config['media'];
  readonly logger: Logger;
  /** A call has come. Throwing (OVERLOADED, DRAINING, …) refuses it with that error. */
  readonly onSession: (session: MediaSession) => void;
  /** Who may call from a web page; throws to refuse. Without it no page may, so that no site that somebody visits can reach a service on their machine. */
  readonly admitBrowser?: (start: StartMessage, origin: string | undefined) => BrowserCall;
}

/** A call from a page that was let in. */
export interface BrowserCall {
  /** What of the page's `start` is believed. */
  readonly start: StartMessage;
  /** The conversation it goes on with. */
  readonly conversationId: string;
  /** Called once the call is over or was not taken after all. */
  readonly ended: () => void;
}

/** Tokens of the web widget begin so; only those of pages do. */
const BROWSER_TOKEN = 'hw1.';

/** Pings keep NATs open and find sockets whose other end has vanished without a word. */
const PING_MS = 5000;

/** For the other side to answer our close. */
const CLOSE_LIMIT_MS = 1000;

/** The server side of `hearken.media.v1`. */
export class HearkenV1Server {
  readonly #options: MediaServerOptions;
  readonly #wss: WebSocketServer;
  readonly #sessions = new Map<string, HearkenV1Session>();
  readonly #pinger: NodeJS.Timeout;
  readonly #alive = new WeakSet<WebSocket>();
  readonly #openings = new OneAtATime();
  #draining = false;

  constructor(options: MediaServerOptions) {
    this.#options = options;
    this.#wss = new WebSocketServer({
      noServer: true,
      maxPayload: options.config.maxMessageBytes,
      perMessageDeflate: false,
      // A client that offers something else is let in just far enough to be told why, in words it can read.
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : ([...offered][0] ?? false)),
    });
    this.#pinger = setInterval(() => this.#ping(), PING_MS);
    this.#pinger.unref();
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** For the upgrade router. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    this.#wss.handleUpgrade(request, socket, head, (webSocket) => this.#welcome(webSocket, request));
  };

  /** Refuses new calls from now on; live ones go on. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends every call and closes every socket. */
  async close(): Promise<void> {
    this.#draining = true;
    clearInterval(this.#pinger);
    for (const session of this.#sessions.values()) session.hangup('error', 'the service is shutting down');
    for (const client of this.#wss.clients) client.close(1001, 'shutting down');
    const limit = setTimeout(() => {
      for (const client of this.#wss.clients) client.terminate();
    }, CLOSE_LIMIT_MS);
    await new Promise<void>((resolve) => {
      this.#wss.close(() => resolve());
    });
    clearTimeout(limit);
  }

  #welcome(socket: WebSocket, request: IncomingMessage): void {
    const remoteAddress = request.socket.remoteAddress ?? '';
    let session: HearkenV1Session | undefined;
    let refused = false;
    this.#alive.add(socket);
    socket.on('pong', () => this.#alive.add(socket));

    const startTimer = setTimeout(() => {
      const limit = this.#options.config.startTimeoutMs;
      refuse(
        socket,
        new HearkenError('START_TIMEOUT', `No "start" came within ${limit} ms.`, {
          hint: 'Send "start" as the first frame.',
        }),
      );
    }, this.#options.config.startTimeoutMs);

    const fail = (error: HearkenError): void => {
      refused = true;
      clearTimeout(startTimer);
      this.#options.logger.warn({ code: error.code, remoteAddress, sessionId: session?.id }, error.message);
      refuse(socket, error);
    };

    /** What came in one chunk with "start" (the socket reads no further): taken once the call is open. Undefined: it is not being opened. */
    let early: (readonly [bytes: Buffer, isBinary: boolean])[] | undefined;
    const take = (bytes: Buffer, isBinary: boolean): void => {
      if (session) {
        if (session.closed) return;
        if (!session.admits()) endSoon(socket);
        else if (isBinary) session.receiveAudio(bytes);
        else session.receive(parseClientMessage(bytes.toString('utf8')));
        return;
      }
      if (isBinary) throw new HearkenError('PROTOCOL_STATE', 'Audio before "start".', { hint: 'Send "start" first.' });
      const message = parseClientMessage(bytes.toString('utf8'));
      if (message.type !== 'start')
        throw new HearkenError('PROTOCOL_STATE', `"${message.type}" before "start".`, { hint: 'Send "start" first.' });
      clearTimeout(startTimer);
      early = [];
      socket.pause();
      this.#openings.run(() => open(message));
    };
    const open = (start: StartMessage): void => {
      const waited = early ?? [];
      early = undefined;
      if (refused || socket.readyState !== socket.OPEN) {
        // A paused socket would never read the close frame that it waits for.
        socket.resume();
        return;
      }
      try {
        session = this.#open(start, socket, request);
        for (const [bytes, isBinary] of waited) take(bytes, isBinary);
      } catch (thrown) {
        fail(asHearkenError(thrown));
      }
      socket.resume();
    };

    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (refused) return;
      const bytes = toBuffer(data);
      if (early) {
        early.push([bytes, isBinary]);
        return;
      }
      try {
        take(bytes, isBinary);
      } catch (thrown) {
        fail(asHearkenError(thrown));
      }
    });
    socket.on('error', (error: Error & { code?: string }) => {
      // ws has sent the close frame by itself (1009 for a message over the limit, 1002 for a broken frame).
      this.#options.logger.warn(
        { code: error.code, remoteAddress, sessionId: session?.id },
        `media socket: ${error.message}`,
      );
    });
    socket.on('close', () => {
      clearTimeout(startTimer);
      session?.detach(socket);
    });

    if (socket.protocol !== SUBPROTOCOL) {
      fail(
        new HearkenError(
          'PROTOCOL_SUBPROTOCOL',
          `The subprotocol must be ${SUBPROTOCOL}, not "${socket.protocol.slice(0, 64)}".`,
          {
            hint: `Open the WebSocket with the subprotocol ${SUBPROTOCOL}.`,
          },
        ),
      );
    }
  }

  #open(start: StartMessage, socket: WebSocket, request: IncomingMessage): HearkenV1Session {
    const remoteAddress = request.socket.remoteAddress ?? '';
    const { origin } = request.headers;
    // Browsers always tell the page's origin (RFC 6455 §10.2); other programs don't.
    const fromPage = origin !== undefined || start.token?.startsWith(BROWSER_TOKEN) === true;
    if (!fromPage) {
      this.#checkToken(start, request);
      return this.#take(start, socket, remoteAddress, undefined);
    }
    const { admitBrowser } = this.#options;
    if (admitBrowser === undefined) {
      throw new HearkenError('UNAUTHORIZED', 'Calls from web pages are not taken here.', {
        hint: 'Set widget.origins to the sites that may call.',
      });
    }
    const call = admitBrowser(start, origin);
    try {
      return this.#take(call.start, socket, remoteAddress, call);
    } catch (error) {
      call.ended();
      throw error;
    }
  }

  /** A client that is no page says who calls, and is believed. */
  #checkToken(start: StartMessage, request: IncomingMessage): void {
    const { token } = this.#options.config;
    const hint = 'Both sides need the same HEARKEN_MEDIA_TOKEN.';
    if (token === undefined && isPassedOn(request.headers))
      throw new HearkenError('UNAUTHORIZED', 'Without a token no call is taken that a proxy passes on.', { hint });
    if (token !== undefined && !sameSecret(start.token ?? '', token))
      throw new HearkenError('UNAUTHORIZED', 'The token in "start" is missing or wrong.', { hint });
  }

  #take(
    start: StartMessage,
    socket: WebSocket,
    remoteAddress: string,
    browser: BrowserCall | undefined,
  ): HearkenV1Session {
    const { config, logger } = this.#options;
    if (start.media.encoding !== 'pcm16' && start.media.sampleRate !== 8000) {
      throw new HearkenError(
        'PROTOCOL_MESSAGE',
        `${start.media.encoding} is always 8000 Hz, not ${start.media.sampleRate}.`,
      );
    }
    if (start.resume) return this.#resume(start.resume, socket);
    if (this.#draining)
      throw new HearkenError('DRAINING', 'The service is shutting down and takes no new calls.', {
        hint: 'Try again in a minute.',
      });
    if (this.#sessions.size >= config.maxSessions) {
      throw new HearkenError('OVERLOADED', `All ${config.maxSessions} lines are taken.`, {
        hint: 'Try again later, or raise media.maxSessions.',
      });
    }
    const session = new HearkenV1Session({
      id: randomUUID(),
      start,
      remoteAddress,
      ...(browser === undefined ? {} : { conversationId: browser.conversationId }),
      resumeWindowMs: config.resumeWindowMs,
      incomingQueueMs: config.incomingQueueMs,
      onListenerError: (error, event) => logger.error({ err: error, event }, 'a listener of a media session threw'),
    });
    this.#sessions.set(session.id, session);
    session.on('closed', () => this.#forget(session));
    try {
      this.#options.onSession(session);
    } catch (error) {
      session.hangup('overloaded');
      throw error;
    }
    if (browser !== undefined) session.on('closed', browser.ended);
    session.attach(socket);
    return session;
  }

  #resume(resume: { readonly sessionId: string; readonly resumeToken: string }, socket: WebSocket): HearkenV1Session {
    const session = this.#sessions.get(resume.sessionId);
    if (session?.unheardHangup && sameSecret(resume.resumeToken, session.resumeToken)) {
      const { cause, reason } = session.unheardHangup;
      socket.send(JSON.stringify({ type: 'hangup', cause, reason } satisfies ServerMessage), () => undefined);
      socket.close(1000, cause);
      return session;
    }
    if (!session || session.closed || !sameSecret(resume.resumeToken, session.resumeToken)) {
      throw new HearkenError('RESUME_UNKNOWN', 'There is no call to go on with.', {
        hint: `A call can be resumed for ${this.#options.config.resumeWindowMs} ms, with the token from "ready". Start a new one.`,
      });
    }
    session.attach(socket);
    return session;
  }

  /** At once, or after the resume window when its peer has yet to hear that the call is over. */
  #forget(session: HearkenV1Session): void {
    if (!session.unheardHangup || this.#draining) {
      this.#sessions.delete(session.id);
      return;
    }
    setTimeout(() => this.#sessions.delete(session.id), session.resumeWindowMs).unref();
  }

  #ping(): void {
    for (const client of this.#wss.clients) {
      if (!this.#alive.has(client)) {
        client.terminate();
        continue;
      }
      this.#alive.delete(client);
      client.ping();
    }
  }
}

/** Tells what was wrong and closes with the error's own code. */
function refuse(socket: WebSocket, error: HearkenError): void {
  const message: ServerMessage = {
    type: 'error',
    ...error.toPublic(),
    message: error.message.slice(0, 4096),
    fatal: true,
  };
  socket.send(JSON.stringify(message), () => undefined);
  // A close reason is at most 123 bytes of UTF-8 (RFC 6455 §5.5).
  socket.close(error.closeCode, error.code);
}

/** Whoever goes on sending after the close is not listened to for long. */
function endSoon(socket: WebSocket): void {
  socket.pause();
  setTimeout(() => socket.terminate(), CLOSE_LIMIT_MS).unref();
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function sameSecret(given: string, expected: string): boolean {
  const left = Buffer.from(given);
  const right = Buffer.from(expected);
  return left.length === right.length && timingSafeEqual(left, right);
}
