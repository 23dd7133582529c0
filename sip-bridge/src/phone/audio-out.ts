import type { RtpStream } from '../rtp/engine.js';
import { FRAME_BYTES, SAMPLE_RATE } from '../rtp/packet.js';

/** G.711 payload to send: whole, or piece by piece as it is made. */
export type AudioSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

const CHUNK_BYTES = SAMPLE_RATE / 5;
/** Chunks (200 ms each) that may wait in the pacer. */
const AHEAD_CHUNKS = 5;

/** Feeds a source to whichever stream is the current one, a second ahead, and knows when it has been sent. */
export class AudioOut {
  #stream: RtpStream | undefined;
  #marks = 0;
  #generation = 0;
  readonly #waiting = new Map<string, () => void>();

  /** Another leg goes on with what is left; what the old one had not sent is lost. */
  attach(stream: RtpStream | undefined): void {
    this.#stream = stream;
    this.#settleAll();
    stream?.on('mark', (name) => this.#settle(name));
  }

  /** Resolves when all was sent, or when `stop` was called, or the call is over. */
  async send(source: AudioSource): Promise<void> {
    const generation = this.#generation;
    const sent: Promise<void>[] = [];
    for await (const piece of pieces(source)) {
      for (let at = 0; at < piece.length; at += CHUNK_BYTES) {
        if (generation !== this.#generation || !this.#stream) return;
        sent.push(this.#play(this.#stream, piece.subarray(at, at + CHUNK_BYTES)));
        if (sent.length >= AHEAD_CHUNKS) await sent.shift();
      }
    }
    await Promise.all(sent);
  }

  /** Falls silent at once. */
  stop(): void {
    this.#generation++;
    this.#stream?.clear(this.#generation);
    this.#settleAll();
  }

  #play(stream: RtpStream, chunk: Uint8Array): Promise<void> {
    const name = `sent-${++this.#marks}`;
    return new Promise((resolve) => {
      this.#waiting.set(name, resolve);
      stream.play(Uint8Array.from(chunk));
      stream.mark(name);
    });
  }

  #settle(name: string): void {
    this.#waiting.get(name)?.();
    this.#waiting.delete(name);
  }

  #settleAll(): void {
    for (const name of [...this.#waiting.keys()]) this.#settle(name);
  }
}

/** Whole frames, whatever the sizes of the pieces that come. */
async function* pieces(source: AudioSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  let rest = new Uint8Array(0);
  for await (const piece of source) {
    const all = new Uint8Array(rest.length + piece.length);
    all.set(rest);
    all.set(piece, rest.length);
    const whole = all.length - (all.length % FRAME_BYTES);
    if (whole > 0) yield all.subarray(0, whole);
    rest = all.slice(whole);
  }
  if (rest.length > 0) yield rest;
}
