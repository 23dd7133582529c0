import { randomUUID } from 'node:crypto';
import { type WebSocket, WebSocketServer } from 'ws';
import { SafeEmitter } from '../emitter.js';
import { BridgeError, messageOf } from '../errors.js';
import {
  type ClientMessage,
  frameBytesOf,
  readClientMessage,
  type ServerMessage,
  type StartMessage,
  SUBPROTOCOL,
} from '../media/protocol.js';

export interface FakeMediaServiceOptions {
  /** 0 = any free port. */
  readonly port?: number;
  readonly host?: string;
  /** Sends every caller's frame straight back. */
  readonly echo?: boolean;
  readonly resumeWindowMs?: number;
  /** Answers `start` with this error instead of `ready`. */
  readonly refuse?: { readonly code: string; readonly message: string };
  /** Of what the client offers to tell. */
  readonly accepts?: readonly 'quality'[];
  /** Wait before `ready`. */
  readonly readyAfterMs?: number;
}

export interface FakeSessionEvents {
  message: [message: ClientMessage];
  audio: [frame: Uint8Array];
  resumed: [];
  /** The socket closed. */
  closed: [code: number];
}

/** One call as the fake service sees it: what came in, and ways to send. */
export class FakeSession extends SafeEmitter<FakeSessionEvents> {
  readonly id = randomUUID();
  readonly resumeToken = randomUUID();
  readonly start: StartMessage;
  readonly messages: ClientMessage[] = [];
  generation = 0;
  /** How a socket that comes back is answered, and when; `ready` at once where it is not set. `hangup`: the call was given up meanwhile. */
  onResume: (() => Promise<'ready' | 'hangup'>) | undefined;
  receivedFrames = 0;
  receivedBytes = 0;
  #socket: WebSocket | undefined;

  constructor(start: StartMessage, socket: WebSocket) {
    super();
    this.start = start;
    this.#socket = socket;
  }

  get connected(): boolean {
    return this.#socket !== undefined;
  }

  /** `stop` of the client, once it came. */
  get stopped(): Extract<ClientMessage, { type: 'stop' }> | undefined {
    return this.messages.find((message) => message.type === 'stop');
  }

  send(message: ServerMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** Anything, for tests of bad services. */
  sendRaw(data: string | Uint8Array): void {
    this.#socket?.send(data);
  }

  /** Audio as `start.media` has it for the caller, as fast as the socket takes it. */
  play(payload: Uint8Array): void {
    const second = frameBytesOf(this.start.media) * 50;
    for (let at = 0; at < payload.length; at += second) {
      this.#socket?.send(payload.subarray(at, at + second));
    }
  }

  mark(name: string): void {
    this.send({ type: 'mark', name });
  }

  clear(): void {
    this.generation++;
    this.send({ type: 'clear', generation: this.generation });
  }

  hangup(): void {
    this.send({ type: 'hangup', cause: 'normal' });
  }

  /** Waits for a message that fits; those that came already count. */
  async waitFor<Type extends ClientMessage['type']>(
    type: Type,
    timeoutMs = 30_000,
    fits: (message: Extract<ClientMessage, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<ClientMessage, { type: Type }>> {
    const test = (message: ClientMessage): message is Extract<ClientMessage, { type: Type }> =>
      message.type === type && fits(message as Extract<ClientMessage, { type: Type }>);
    const deadline = Date.now() + timeoutMs;
    let found = this.messages.find(test);
    while (!found) {
      const left = deadline - Date.now();
      if (left <= 0) throw new BridgeError('TIMEOUT', `No "${type}" from the bridge within ${timeoutMs} ms.`);
      await this.next('message', left);
      found = this.messages.find(test);
    }
    return found;
  }

  /** Cuts the socket without a word, as a crash would. */
  cut(): void {
    this.#socket?.terminate();
  }

  /** For the service. */
  attach(socket: WebSocket): void {
    this.#socket = socket;
    this.generation++;
  }

  /** For the service: `ready` is out. */
  announceResumed(): void {
    this.emit('resumed');
  }

  receive(message: ClientMessage): void {
    this.messages.push(message);
    this.emit('message', message);
  }

  receiveAudio(frame: Uint8Array): void {
    this.receivedFrames++;
    this.receivedBytes += frame.length;
    this.emit('audio', frame);
  }

  detach(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.emit('closed', code);
  }
}

export interface FakeMediaServiceEvents {
  session: [session: FakeSession];
}

/** A service that speaks `hearken.media.v1` and has nothing to say by itself. It validates what it gets with the same schema as the real one. */
export class FakeMediaService extends SafeEmitter<FakeMediaServiceEvents> {
  readonly sessions: FakeSession[] = [];
  /** What broke the protocol; a good client leaves it empty. */
  readonly problems: string[] = [];
  readonly #server: WebSocketServer;
  readonly #options: FakeMediaServiceOptions;

  private constructor(server: WebSocketServer, options: FakeMediaServiceOptions) {
    super();
    this.#server = server;
    this.#options = options;
    server.on('connection', (socket) => this.#onConnection(socket));
  }

  static async start(options: FakeMediaServiceOptions = {}): Promise<FakeMediaService> {
    const server = new WebSocketServer({
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
      maxPayload: 131_072,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    await new Promise<void>((resolve, reject) => {
      server.once('listening', resolve);
      server.once('error', reject);
    });
    return new FakeMediaService(server, options);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/media`;
  }

  /** The next call that comes; one that is here already when `index` says so. */
  async session(index = this.sessions.length, timeoutMs = 30_000): Promise<FakeSession> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const session = this.sessions[index];
      if (session) return session;
      await this.next('session', Math.max(1, deadline - Date.now()));
    }
  }

  /** Gone at once, sockets and all, as a killed process. */
  async kill(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #onConnection(socket: WebSocket): void {
    let session: FakeSession | undefined;
    socket.on('error', () => {});
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        if (data.length % (session ? frameBytesOf(session.start.media) : 1) !== 0)
          this.problems.push(`binary frame of ${data.length} bytes`);
        if (!session) this.problems.push('audio before start');
        session?.receiveAudio(data);
        if (this.#options.echo) session?.sendRaw(data);
        return;
      }
      const read = readClientMessage(data.toString('utf8'));
      if ('problem' in read) {
        this.problems.push(read.problem);
        return;
      }
      if (read.message.type !== 'start') session?.receive(read.message);
      else if (session) this.problems.push('a second start');
      else session = this.#onStart(read.message, socket);
    });
    socket.on('close', (code) => session?.detach(socket, code));
  }

  #onStart(start: StartMessage, socket: WebSocket): FakeSession | undefined {
    const { refuse, readyAfterMs, resumeWindowMs, accepts } = this.#options;
    if (refuse) {
      const error: ServerMessage = { type: 'error', ...refuse, fatal: true };
      socket.send(JSON.stringify(error));
      socket.close(4401);
      return undefined;
    }
    const known = start.resume && this.sessions.find((session) => session.id === start.resume?.sessionId);
    if (start.resume && known?.resumeToken !== start.resume.resumeToken) {
      socket.close(4404, 'unknown session');
      return undefined;
    }
    const session = known ?? new FakeSession(start, socket);
    known?.attach(socket);
    const answer = (how: 'ready' | 'hangup'): void => {
      if (how === 'hangup') {
        session.hangup();
        socket.close(1000);
        return;
      }
      session.send({
        type: 'ready',
        sessionId: session.id,
        resumeToken: session.resumeToken,
        resumeWindowMs: resumeWindowMs ?? 10_000,
        media: start.media,
        generation: session.generation,
        ...(accepts === undefined ? {} : { accepts }),
      });
      if (known) {
        known.announceResumed();
        return;
      }
      // Not before: a client plays nothing that comes ahead of `ready`.
      this.sessions.push(session);
      this.emit('session', session);
    };
    if (known?.onResume) {
      known.onResume().then(answer, (error: unknown) => this.problems.push(messageOf(error)));
    } else {
      setTimeout(() => answer('ready'), readyAfterMs ?? 0);
    }
    return session;
  }
}
