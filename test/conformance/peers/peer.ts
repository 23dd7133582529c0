import { WebSocket } from 'ws';

/** What every platform's fake can do: it stands where the platform stands, with a caller on its other side. */
export interface Peer {
  readonly sampleRate: number;
  /** Samples that the caller has heard so far. */
  readonly heard: Int16Array;
  /** Set once our side has hung up or closed. */
  readonly over: boolean;
  /** Begins the call; `target` is `ws://host:port/media` or, for AudioSocket, `host:port`. */
  connect(target: string): Promise<void>;
  /** 20 ms of the caller's voice. */
  speak(samples: Int16Array): void;
  press(digit: string): void;
  /** The caller hangs up, as the platform tells it. */
  leave(): void;
  /** The platform's machine is gone from one moment to the next. */
  vanish(): void;
}

/** Waits for a condition; fails with what was awaited. */
export async function until<T>(condition: () => T | undefined | false, what: string, limitMs = 30_000): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`${what} did not happen within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

type Item = { readonly samples: Int16Array } | { readonly mark: string };

/** A platform's playback queue: 20 ms every 20 ms of real time, marks answered when they reach the front. */
export class PlaybackQueue {
  readonly #frameSamples: number;
  readonly #onMark: (id: string) => void;
  readonly #pieces: Int16Array[] = [];
  #items: Item[] = [];
  #nextMs: number | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(sampleRate: number, onMark: (id: string) => void) {
    this.#frameSamples = sampleRate / 50;
    this.#onMark = onMark;
    this.#timer = setInterval(() => this.#run(), 4);
  }

  get heard(): Int16Array {
    const out = new Int16Array(this.#pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }

  audio(samples: Int16Array): void {
    // As platforms do: whole frames only.
    for (let at = 0; at + this.#frameSamples <= samples.length; at += this.#frameSamples)
      this.#items.push({ samples: samples.slice(at, at + this.#frameSamples) });
  }

  mark(id: string): void {
    this.#items.push({ mark: id });
  }

  /** Throws the queue away; returns the marks that were in it. */
  flush(): string[] {
    const marks = this.#items.flatMap((item) => ('mark' in item ? [item.mark] : []));
    this.#items = [];
    return marks;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #run(): void {
    const nowMs = performance.now();
    for (;;) {
      while (this.#items[0] && 'mark' in this.#items[0]) {
        // What is before it must have been played to its end.
        if (this.#nextMs !== undefined && this.#nextMs > nowMs) return;
        this.#onMark((this.#items.shift() as { mark: string }).mark);
      }
      const next = this.#items[0];
      if (!next || !('samples' in next)) {
        if (this.#nextMs !== undefined && this.#nextMs <= nowMs) this.#nextMs = undefined;
        return;
      }
      this.#nextMs ??= nowMs;
      if (this.#nextMs > nowMs) return;
      this.#pieces.push(next.samples);
      this.#items.shift();
      this.#nextMs += 20;
    }
  }
}

/** The WebSocket half that the fakes share. */
export abstract class WebSocketPeer implements Peer {
  abstract readonly sampleRate: number;
  protected abstract readonly path: string;
  protected readonly subprotocols: string[] = [];
  protected queue: PlaybackQueue | undefined;
  #socket: WebSocket | undefined;
  over = false;

  get heard(): Int16Array {
    return this.queue?.heard ?? new Int16Array();
  }

  async connect(target: string): Promise<void> {
    this.queue = new PlaybackQueue(this.sampleRate, (id) => this.onMarkPlayed(id));
    const socket = new WebSocket(`${target}${this.path}`, this.subprotocols, { headers: this.headers() });
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.onBinary(data);
      else this.onText(data.toString());
    });
    socket.on('close', () => this.end());
    socket.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    this.onOpen();
  }

  abstract speak(samples: Int16Array): void;
  abstract press(digit: string): void;

  leave(): void {
    this.#socket?.close(1000);
  }

  vanish(): void {
    this.#socket?.terminate();
  }

  send(data: object | string | Uint8Array): void {
    const wire = typeof data === 'string' || data instanceof Uint8Array ? data : JSON.stringify(data);
    this.#socket?.send(wire, { binary: typeof wire !== 'string' });
  }

  protected headers(): Record<string, string> {
    return {};
  }
  protected abstract onOpen(): void;
  protected abstract onText(text: string): void;
  protected onBinary(_bytes: Buffer): void {
    throw new Error('no binary frame was expected');
  }
  protected abstract onMarkPlayed(id: string): void;

  protected end(): void {
    this.over = true;
    this.queue?.stop();
  }
}
