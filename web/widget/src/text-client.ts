import type { Choice } from './memory.js';
import type { Platform } from './platform.js';

/** Typing: the conversation over `/ws`. Opened with the first message; what was sent and not answered is sent again after a lost socket. */

/** A line that is no answer: a person at the desk writes when they want. */
export interface PersonLine {
  readonly id: string;
  readonly who: 'agent' | 'bot' | 'system';
  readonly name?: string;
  readonly text: string;
  /** Nobody is there any more; the bot goes on. */
  readonly over?: boolean;
}

export interface TextReply {
  readonly replies: readonly { readonly text: string; readonly buttons?: readonly Choice[] }[];
  readonly transfer: { readonly target?: string; readonly reason: string; readonly summary: string } | undefined;
  readonly ended: boolean;
  /** A person has the conversation, or it waits for one. */
  readonly person?: { readonly state: 'queued' | 'open' };
}

export interface TextListener {
  reply(reply: TextReply): void;
  person(line: PersonLine): void;
  /** A message could not be answered. */
  failed(): void;
  connection(state: 'open' | 'lost'): void;
}

export interface TextClientOptions {
  readonly platform: Pick<Platform, 'openSocket'>;
  readonly url: (language: string) => string;
  readonly language: () => string;
  /** A token that is good now. */
  readonly token: () => Promise<string>;
  readonly listener: TextListener;
}

/** WebSocket.OPEN (https://websockets.spec.whatwg.org/#dom-websocket-open). */
const OPEN = 1;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** Messages that may wait for an answer. */
const MAX_WAITING = 10;
/** Lines of people that are remembered, so that one that comes again is not shown again. */
const MAX_SEEN = 200;

export class TextClient {
  readonly #options: TextClientOptions;
  /** By message id: the service answers the same id once. */
  readonly #waiting = new Map<string, string>();
  #socket: WebSocket | undefined;
  #connecting = false;
  #closed = false;
  #held = false;
  #seen: string[] = [];
  #retryMs = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TextClientOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** False when too many wait already. */
  send(text: string): boolean {
    if (this.#waiting.size >= MAX_WAITING) return false;
    const messageId = crypto.getRandomValues(new Uint32Array(4)).join('-');
    this.#waiting.set(messageId, text);
    if (this.#socket?.readyState === OPEN) this.#transmit(messageId, text);
    else this.#connectNow();
    return true;
  }

  /** While it is held the line is kept open, and opened again when it is lost: somebody may write at any time. */
  hold(held: boolean): void {
    this.#held = held;
    if (held && this.#socket === undefined) this.#connectNow();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
    this.#socket = undefined;
  }

  #connectNow(): void {
    clearTimeout(this.#timer);
    void this.#connect();
  }

  async #connect(): Promise<void> {
    if (this.#connecting || this.#closed || this.#socket?.readyState === OPEN) return;
    this.#connecting = true;
    try {
      const { platform, url, language, token, listener } = this.#options;
      // First the token: with it comes the path. The page may have gone meanwhile.
      const pass = await token();
      if (this.#closed) return;
      const socket = platform.openSocket(url(language()), ['hearken.text.v1', pass]);
      this.#socket = socket;
      socket.onopen = () => {
        this.#connecting = false;
        this.#retryMs = FIRST_RETRY_MS;
        listener.connection('open');
        for (const [messageId, text] of this.#waiting) this.#transmit(messageId, text);
      };
      socket.onmessage = ({ data }: MessageEvent<string>) => this.#receive(data);
      socket.onclose = () => {
        this.#connecting = false;
        if (socket !== this.#socket) return;
        this.#socket = undefined;
        this.#later();
      };
    } catch {
      this.#connecting = false;
      this.#later();
    }
  }

  #later(): void {
    // Nothing waits: the next message opens it again.
    if (this.#closed || (this.#waiting.size === 0 && !this.#held)) return;
    this.#options.listener.connection('lost');
    this.#timer = setTimeout(() => void this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
  }

  #transmit(messageId: string, text: string): void {
    this.#socket?.send(JSON.stringify({ type: 'message', text, messageId }));
  }

  #receive(data: string): void {
    const message = JSON.parse(data) as { type: string; messageId?: string } & TextReply & PersonLine;
    if (message.type === 'reply') {
      this.#waiting.delete(message.messageId ?? '');
      this.#options.listener.reply(message);
    } else if (message.type === 'person') {
      if (this.#seen.includes(message.id)) return;
      this.#seen = [...this.#seen, message.id].slice(-MAX_SEEN);
      this.#options.listener.person(message);
    } else if (message.type === 'error') {
      this.#waiting.delete(message.messageId ?? '');
      this.#options.listener.failed();
    }
  }
}
