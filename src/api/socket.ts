import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Brain } from '../dialogue/brain.js';
import { asHearkenError, HearkenError } from '../errors.js';
import type { VisitorLines } from '../handoff/visitor-lines.js';
import { Allowance } from '../media/platforms/allowance.js';
import { chatTurn } from './chat.js';
import { networkOf } from './client-address.js';
import { sameOrigin } from './same-origin.js';
import { issueText, type SocketMessage, socketMessage, socketQuery } from './schemas.js';
import { refuseUpgrade } from './upgrade.js';

/**
 * `/ws`: the same conversation as `/chat`, over a WebSocket. `ws://…/ws?conversationId=…&language=…`; without an id a new conversation begins. Client →
 * server: `{type:"start"}`, `{type:"message", text, messageId?}`, `{type:"ping"}`. Server → client: `{type:"ready", conversationId}`,
 * `{type:"reply", …as /chat}`, `{type:"person", id, who, name?, text, over?, atMs}` (written by a person, or about them), `{type:"error", code, message, hint?, messageId?}`, `{type:"pong"}`. A message that is not valid is told, the socket stays.
 */
export interface TextSocketOptions {
  readonly brain: Brain;
  readonly logger: Logger;
  /** Default 16 KiB. */
  readonly maxMessageBytes?: number;
  /** Whose token this is, for pages with the web widget; throws to refuse. */
  readonly visitor?: (token: string, origin: string | undefined) => SocketVisitor;
  /** Other sites whose pages may come without a token; those of our own address may. Default none. */
  readonly origins?: readonly string[];
  /** What people at the desk write is delivered here. */
  readonly visitors?: Pick<VisitorLines, 'attach'>;
  /** A peer that does not answer a ping for this long is gone. Default 30 s. */
  readonly heartbeatMs?: number;
  /** Default 5,000. */
  readonly maxSockets?: number;
  /** Of one address (of IPv6 its /64), so that nobody takes them all. Default 1,000: a proxy whose `X-Forwarded-For` is not trusted is one address. */
  readonly maxSocketsPerAddress?: number;
  /** Of one address, over all its sockets, as `http.requestsPerMinute` counts what comes without one. Default 1,200. */
  readonly messagesPerMinute?: number;
  /** The client's, also behind a proxy; default the socket's. */
  readonly addressOf?: (request: IncomingMessage) => string;
}

export interface SocketVisitor {
  readonly conversationId: string;
  readonly sender?: string;
  /** For limits. */
  readonly address: string;
}

/**
 * The web widget offers two subprotocols, `hearken.text.v1` and its token: a page can't set headers, and what is in an address ends up in logs. The first of them is the
 * one that is answered.
 */
const WIDGET_TOKEN = 'hw1.';

/** Messages of one socket that may wait for their turn. */
const MAX_WAITING = 16;
/** Frames of one socket: nobody types that fast, and what is refused has to be read as well. Whoever goes on is cut off. */
const FRAMES = { perSecond: 20, burst: 400 };
/** An allowance is full again after this long. */
const FORGET_MS = 60_000;
/** A peer that reads slower than this is cut off. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

interface SocketPeer {
  readonly conversationId: string;
  readonly language: string | undefined;
  readonly source: string | undefined;
  readonly sender: string | undefined;
}

/** Of one address. */
interface Sockets {
  count: number;
  readonly messages: Allowance;
  /** Runs while there are none. */
  forget: NodeJS.Timeout | undefined;
}

export class TextSocketEndpoint {
  readonly #options: TextSocketOptions;
  readonly #server: WebSocketServer;
  readonly #alive = new WeakSet<WebSocket>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #delivered = new WeakMap<WebSocket, Set<string>>();
  readonly #perAddress = new Map<string, Sockets>();

  constructor(options: TextSocketOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: options.maxMessageBytes ?? 16_384,
      perMessageDeflate: false,
    });
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs ?? 30_000);
    this.#heartbeat.unref();
  }

  /** For `UpgradeRouter.register('/ws', endpoint.upgrade)`. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (this.#server.clients.size >= (this.#options.maxSockets ?? 5000)) {
      refuseUpgrade(socket, 503, 'Too many connections. Try again later.');
      return;
    }
    const query = socketQuery.safeParse(
      Object.fromEntries(new URL(request.url ?? '/', 'http://localhost').searchParams),
    );
    if (!query.success) {
      refuseUpgrade(socket, 400, issueText(query.error));
      return;
    }
    let visitor: SocketVisitor | undefined;
    try {
      visitor = this.#visitorOf(request);
    } catch (thrown) {
      const error = asHearkenError(thrown);
      refuseUpgrade(socket, error.status, error.message);
      return;
    }
    const address = this.#options.addressOf?.(request) ?? request.socket.remoteAddress ?? '';
    const source = visitor?.address ?? networkOf(address);
    if ((this.#perAddress.get(source)?.count ?? 0) >= (this.#options.maxSocketsPerAddress ?? 1000)) {
      refuseUpgrade(socket, 429, 'Too many connections from this address.');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => {
      this.#open(client, this.#count(client, source), {
        conversationId: visitor?.conversationId ?? query.data.conversationId ?? randomUUID(),
        language: query.data.language,
        source,
        sender: visitor?.sender,
      });
    });
  };

  get connections(): number {
    return this.#server.clients.size;
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    for (const client of this.#server.clients) {
      client.close(1012, 'the service stops');
      // A peer that does not answer the close must not hold the service.
      setTimeout(() => client.terminate(), 1000).unref();
    }
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** What all sockets of that address may send. It is kept for a while: who closes a socket and opens another may send no more than who keeps it. */
  #count(client: WebSocket, source: string): Allowance {
    const { messagesPerMinute: burst = 1200 } = this.#options;
    const sockets = this.#perAddress.get(source) ?? {
      count: 0,
      messages: new Allowance({ perSecond: burst / 60, burst, nowMs: performance.now() }),
      forget: undefined,
    };
    this.#perAddress.set(source, sockets);
    clearTimeout(sockets.forget);
    sockets.count++;
    client.once('close', () => {
      if (--sockets.count > 0) return;
      sockets.forget = setTimeout(() => this.#perAddress.delete(source), FORGET_MS).unref();
    });
    return sockets.messages;
  }

  #visitorOf(request: IncomingMessage): SocketVisitor | undefined {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
    const token = offered.find((each) => each.startsWith(WIDGET_TOKEN));
    const { origin } = request.headers;
    if (token !== undefined && this.#options.visitor !== undefined) return this.#options.visitor(token, origin);
    // Browsers let any page open a socket to anywhere, and tell whose page it is (RFC 6455 §10.2): what CORS keeps out of /chat is kept out here. Programs tell nothing.
    if (origin === undefined || sameOrigin(request.headers) || this.#options.origins?.includes(origin))
      return undefined;
    throw new HearkenError('FORBIDDEN', 'Pages of this site may not talk to us.', {
      hint: 'Add its origin to http.corsOrigins, or use the web widget.',
    });
  }

  #open(client: WebSocket, allowed: Allowance, peer: SocketPeer): void {
    const { conversationId } = peer;
    const frames = new Allowance({ ...FRAMES, nowMs: performance.now() });
    this.#alive.add(client);
    let waiting = 0;
    let tail = Promise.resolve();
    client.on('pong', () => this.#alive.add(client));
    client.on('error', (err) => this.#options.logger.debug({ err, conversationId }, 'text socket'));
    client.on('message', (data, isBinary) => {
      this.#alive.add(client);
      if (!frames.take(1, performance.now())) {
        client.terminate();
        return;
      }
      const message = this.#read(client, data, isBinary);
      if (message === undefined) return;
      if (message.type === 'ping') {
        send(client, { type: 'pong' });
        return;
      }
      if (waiting >= MAX_WAITING) {
        sendError(
          client,
          new HearkenError('OVERLOADED', `More than ${MAX_WAITING} messages wait for their reply.`, {
            hint: 'Wait for replies before sending more.',
          }),
          message.messageId,
        );
        return;
      }
      if (!allowed.take(1, performance.now())) {
        sendError(
          client,
          new HearkenError('RATE_LIMITED', 'Too many messages from this address.', { hint: 'Wait a minute.' }),
          message.messageId,
        );
        return;
      }
      waiting++;
      tail = tail.then(async () => {
        await this.#turn(client, peer, message);
        waiting--;
      });
    });
    send(client, { type: 'ready', conversationId });
    this.#deliver(client, conversationId);
  }

  #read(client: WebSocket, data: RawData, isBinary: boolean): Exclude<SocketMessage, never> | undefined {
    const hint = 'Send {"type":"message","text":"…"} as text.';
    let value: unknown;
    try {
      if (isBinary) throw new Error('binary');
      value = JSON.parse(String(data));
    } catch {
      sendError(client, new HearkenError('REQUEST_INVALID', 'That was not JSON.', { hint }));
      return undefined;
    }
    const parsed = socketMessage.safeParse(value);
    if (parsed.success) return parsed.data;
    sendError(client, new HearkenError('REQUEST_INVALID', issueText(parsed.error), { hint }));
    return undefined;
  }

  async #turn(client: WebSocket, peer: SocketPeer, message: Exclude<SocketMessage, { type: 'ping' }>): Promise<void> {
    try {
      const reply = await chatTurn(this.#options.brain, {
        ...peer,
        messageId: message.messageId,
        input:
          message.type === 'start'
            ? { type: 'event', name: 'start', attempt: 1 }
            : { type: 'text', text: message.text, confidence: 1 },
      });
      send(client, { type: 'reply', ...reply });
      // It may have become the conversation of a code that was typed.
      if (reply.conversationId !== peer.conversationId) this.#deliver(client, reply.conversationId);
    } catch (thrown) {
      const error = asHearkenError(thrown);
      this.#options.logger.warn(
        { err: thrown, conversationId: peer.conversationId, code: error.code },
        'a turn over the text socket failed',
      );
      sendError(client, error, message.messageId);
    }
  }

  /** Lines of people at the desk, from now on; also those that wait. */
  #deliver(client: WebSocket, conversationId: string): void {
    const { visitors } = this.#options;
    const known = this.#delivered.get(client) ?? new Set<string>();
    if (visitors === undefined || known.has(conversationId) || client.readyState !== client.OPEN) return;
    this.#delivered.set(client, known.add(conversationId));
    const stop = visitors.attach(conversationId, ({ id, who, name, text, over, atMs }) =>
      send(client, {
        type: 'person',
        id,
        who,
        ...(name === undefined ? {} : { name }),
        text,
        ...(over ? { over } : {}),
        atMs,
      }),
    );
    client.once('close', stop);
  }

  #beat(): void {
    for (const client of this.#server.clients) {
      if (!this.#alive.has(client)) {
        client.terminate();
        continue;
      }
      this.#alive.delete(client);
      client.ping();
    }
  }
}

function send(client: WebSocket, value: unknown): void {
  if (client.readyState !== client.OPEN) return;
  if (client.bufferedAmount > MAX_BUFFERED_BYTES) {
    client.terminate();
    return;
  }
  client.send(JSON.stringify(value));
}

function sendError(client: WebSocket, error: HearkenError, messageId?: string): void {
  const shown =
    error.code === 'INTERNAL' ? { code: error.code, message: 'Something went wrong inside.' } : error.toPublic();
  send(client, { type: 'error', ...shown, ...(messageId === undefined ? {} : { messageId }) });
}
