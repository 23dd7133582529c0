import type { Platform } from './platform.js';

/** The browser's side of `hearken.media.v1` (docs/protocol). */

export type CallState = 'listening' | 'thinking' | 'speaking' | 'transferring' | 'ended';

/** What is needed to go on with a call after its socket, or its page, is gone. */
export interface CallTicket {
  readonly sessionId: string;
  readonly resumeToken: string;
  readonly resumeWindowMs: number;
}

export interface TransferRequest {
  readonly transferId: string;
  readonly target: string;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface MediaListener {
  ready(ticket: CallTicket, generation: number, resumed: boolean): void;
  audio(pcm: Int16Array): void;
  mark(name: string): void;
  clear(generation: number): void;
  transcript(who: 'caller' | 'bot', text: string, final: boolean): void;
  state(state: CallState): void;
  transfer(request: TransferRequest): void;
  /** The socket is gone; it is tried again. */
  interrupted(): void;
  /** The end, once. `cause`: as in `hangup`, or `lost`, `overloaded`, `unauthorized`, `taken`. */
  ended(cause: string): void;
}

export interface MediaClientOptions {
  readonly platform: Pick<Platform, 'openSocket' | 'network'>;
  readonly url: string;
  readonly rate: number;
  readonly language: string;
  readonly conversationId: string;
  /** A token that is good now. */
  readonly token: () => Promise<string>;
  readonly ticket: CallTicket | undefined;
  readonly listener: MediaListener;
}

/** What of the service's messages is used here; `docs/protocol/hearken.media.v1.schema.json` is the law. */
type ServerMessage =
  | ({ readonly type: 'ready'; readonly generation: number } & CallTicket)
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear'; readonly generation: number }
  | { readonly type: 'transcript'; readonly who: 'caller' | 'bot'; readonly text: string; readonly final: boolean }
  | { readonly type: 'state'; readonly state: CallState }
  | ({ readonly type: 'transfer' } & Omit<TransferRequest, 'headers'> & Partial<Pick<TransferRequest, 'headers'>>)
  | { readonly type: 'hangup'; readonly cause: string };

const SUBPROTOCOL = 'hearken.media.v1';
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 2000;
/** Audio that may wait in a socket that does not get rid of it: 1 s. What a recogniser hears late is of no use. */
const MAX_BUFFERED_MS = 1000;
const START_LIMIT_MS = 8000;

/** One call. It outlives its sockets: when one is lost, others are tried for as long as the service waits. */
export class MediaClient {
  readonly #options: MediaClientOptions;
  #socket: WebSocket | undefined;
  #ticket: CallTicket | undefined;
  #ready = false;
  #over = false;
  #giveUpAtMs = 0;
  #retryMs = FIRST_RETRY_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #wake = (): void => this.#retryNow();

  constructor(options: MediaClientOptions) {
    this.#options = options;
    this.#ticket = options.ticket;
    this.#giveUpAtMs = Date.now() + (options.ticket?.resumeWindowMs ?? START_LIMIT_MS);
    options.platform.network.addEventListener('online', this.#wake);
    void this.#connect();
  }

  get connected(): boolean {
    return this.#ready;
  }

  sendAudio(pcm: Int16Array): void {
    const socket = this.#socket;
    if (!this.#ready || socket === undefined) return;
    if (socket.bufferedAmount > (this.#options.rate * 2 * MAX_BUFFERED_MS) / 1000) return;
    socket.send(pcm as Int16Array<ArrayBuffer>);
  }

  sendText(text: string): void {
    this.#send({ type: 'text', text });
  }

  sendKey(digit: string): void {
    this.#send({ type: 'dtmf', digit });
  }

  markReached(name: string): void {
    this.#send({ type: 'mark', name });
  }

  cleared(generation: number, playedMs: number): void {
    this.#send({ type: 'cleared', generation, playedMs: Math.max(0, Math.round(playedMs)) });
  }

  transferProgress(transferId: string, status: number): void {
    this.#send({ type: 'transfer.progress', transferId, status });
  }

  transferResult(transferId: string, outcome: 'completed' | 'failed', status: number, reason: string): void {
    this.#send({ type: 'transfer.result', transferId, outcome, status, reason });
  }

  /** Hangs up. */
  stop(): void {
    this.#send({ type: 'stop', cause: 'normal' });
    this.#end('normal');
  }

  /** Lets go without a word: the call waits for whoever has its ticket. */
  release(): void {
    this.#over = true;
    this.#close();
  }

  async #connect(): Promise<void> {
    const { platform, url, listener, token } = this.#options;
    let pass: string;
    try {
      pass = await token();
    } catch {
      this.#later();
      return;
    }
    if (this.#over) return;
    const socket = platform.openSocket(url, SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => this.#start(socket, pass);
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (this.#over || socket !== this.#socket) return;
      if (typeof data === 'string') this.#receive(data);
      else listener.audio(new Int16Array(data));
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#lost(code);
    };
  }

  #start(socket: WebSocket, token: string): void {
    const { rate, language, conversationId } = this.#options;
    const { sessionId, resumeToken } = this.#ticket ?? {};
    socket.send(
      JSON.stringify({
        type: 'start',
        callId: conversationId,
        direction: 'inbound',
        caller: 'web',
        callee: 'web:widget',
        media: { encoding: 'pcm16', sampleRate: rate },
        route: { language },
        token,
        ...(sessionId === undefined ? {} : { resume: { sessionId, resumeToken } }),
      }),
    );
  }

  #receive(text: string): void {
    const { listener } = this.#options;
    const message = JSON.parse(text) as ServerMessage;
    switch (message.type) {
      case 'ready': {
        const resumed = this.#ticket !== undefined;
        const { sessionId, resumeToken, resumeWindowMs, generation } = message;
        this.#ticket = { sessionId, resumeToken, resumeWindowMs };
        this.#ready = true;
        this.#retryMs = FIRST_RETRY_MS;
        listener.ready({ sessionId, resumeToken, resumeWindowMs }, generation, resumed);
        return;
      }
      case 'mark':
        listener.mark(message.name);
        return;
      case 'clear':
        listener.clear(message.generation);
        return;
      case 'transcript':
        listener.transcript(message.who, message.text, message.final);
        return;
      case 'state':
        listener.state(message.state);
        return;
      case 'transfer': {
        const { transferId, target, timeoutMs, headers } = message;
        listener.transfer({ transferId, target, timeoutMs, headers: headers ?? {} });
        return;
      }
      case 'hangup':
        this.#end(message.cause);
        return;
    }
  }

  #lost(code: number): void {
    const wasReady = this.#ready;
    this.#ready = false;
    this.#socket = undefined;
    if (this.#over) return;
    // docs/protocol: 1000 the call is over, 4404 nothing to resume, 4401 token, 1013 and 1012 no line now.
    if (code === 1000) this.#end('normal');
    else if (code === 4404) this.#end('lost');
    else if (code === 4401) this.#end('unauthorized');
    else if (code === 1013 || code === 1012) this.#end('overloaded');
    else if (code === 1002 || code === 1003 || code === 1009) this.#end('error');
    else {
      if (wasReady) {
        this.#giveUpAtMs = Date.now() + (this.#ticket?.resumeWindowMs ?? 0);
        this.#options.listener.interrupted();
      }
      this.#later();
    }
  }

  #later(): void {
    if (this.#over) return;
    if (Date.now() + this.#retryMs > this.#giveUpAtMs) {
      this.#end('lost');
      return;
    }
    this.#timer = setTimeout(() => void this.#connect(), this.#retryMs);
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
  }

  /** The network is back: no need to wait. */
  #retryNow(): void {
    if (this.#over || this.#socket !== undefined || this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#connect();
  }

  #send(message: object): void {
    if (this.#ready) this.#socket?.send(JSON.stringify(message));
  }

  #end(cause: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#close();
    this.#options.listener.ended(cause);
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#options.platform.network.removeEventListener('online', this.#wake);
    this.#ready = false;
    this.#socket?.close(1000);
    this.#socket = undefined;
  }
}
