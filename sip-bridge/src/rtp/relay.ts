import { LineConverter, LineReader, LineWriter } from './line.js';
import { FRAME_MS, LINES, type LineFormat } from './packet.js';
import { Concealer, PLC_HISTORY_MS } from './plc.js';

/** Frames beyond the depth that a drifting clock may pile up before one is taken out. */
const SLACK_FRAMES = 3;
/** Whatever happens, no more waits than this. */
const MAX_FRAMES = 12;
/** So many frames in a row that were not there: the other side has stopped, and begins with a full buffer again. */
const STOPPED_FRAMES = 3;

/**
 * Between two joined calls: frames come as the network brings them and leave on the pacer's clock. A few wait, as many as the network's jitter asks for; what is not there in time is made
 * up, and of two frames too many one is left out softly, so that two clocks that drift never add up to delay.
 */
export class RelayBuffer {
  readonly #converter: LineConverter;
  readonly #reader: LineReader;
  readonly #writer: LineWriter;
  readonly #plc: Concealer;
  readonly #frameSamples: number;
  #frames: Uint8Array[] = [];
  #history: Uint8Array[] = [];
  #missed = STOPPED_FRAMES;
  #surplus = 0;
  /** Frames left out and made up. */
  readonly stats = { shortened: 0, concealed: 0 };

  constructor(from: LineFormat, to: LineFormat) {
    this.#converter = new LineConverter(from, to);
    const { sampleRate } = LINES[to];
    this.#reader = new LineReader(to, sampleRate);
    this.#writer = new LineWriter(sampleRate, to);
    this.#plc = new Concealer(sampleRate);
    this.#frameSamples = sampleRate / 50;
  }

  get queuedMs(): number {
    return this.#frames.length * FRAME_MS;
  }

  push(frame: Uint8Array): void {
    if (this.#frames.length >= MAX_FRAMES) this.#frames.shift();
    this.#frames.push(this.#converter.convert(frame));
  }

  /** The frame to send now; undefined: there is nothing to say. `depthMs` is what the source's network asks for. */
  next(depthMs: number): Uint8Array | undefined {
    const wanted = Math.ceil(depthMs / FRAME_MS);
    const stopped = this.#missed >= STOPPED_FRAMES;
    if (stopped && this.#frames.length < wanted) return undefined;
    this.#surplus = this.#frames.length > wanted + SLACK_FRAMES ? this.#surplus + 1 : 0;
    const frame = this.#frames.shift();
    if (frame === undefined) {
      this.#missed++;
      return this.#missed < STOPPED_FRAMES ? this.#conceal() : undefined;
    }
    this.#missed = 0;
    if (this.#plc.active) return this.#keep(this.#blended(frame));
    // A second with too much: it is no burst.
    if (this.#surplus >= 50) return this.#keep(this.#shortened(frame));
    return this.#keep(frame);
  }

  #conceal(): Uint8Array | undefined {
    if (!this.#plc.active) {
      if (this.#history.length * FRAME_MS < PLC_HISTORY_MS) return undefined;
      this.#plc.begin(Int16Array.from(this.#history.flatMap((frame) => [...this.#reader.read(frame)])));
    }
    this.stats.concealed++;
    return this.#writer.write(this.#plc.next(this.#frameSamples));
  }

  #blended(frame: Uint8Array): Uint8Array {
    const pcm = Int16Array.from(this.#reader.read(frame));
    this.#plc.merge(pcm);
    return this.#writer.write(pcm);
  }

  /** This frame and the next one in the time of one: the first fades into the second. */
  #shortened(frame: Uint8Array): Uint8Array {
    const after = this.#frames.shift();
    this.#surplus = 0;
    if (after === undefined) return frame;
    this.stats.shortened++;
    const first = this.#reader.read(frame);
    const second = this.#reader.read(after);
    const mixed = Int16Array.from(first, (sample, index) => {
      const weight = (index + 1) / (first.length + 1);
      return sample * (1 - weight) + (second[index] as number) * weight;
    });
    return this.#writer.write(mixed);
  }

  #keep(frame: Uint8Array): Uint8Array {
    this.#history.push(frame);
    if (this.#history.length > 3) this.#history.shift();
    return frame;
  }
}
