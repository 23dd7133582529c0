import { G722Decoder } from './codec/g722.js';
import { concealOpus, decodeOpus, type OpusPair } from './codec/opus.js';
import { LineWriter } from './line.js';
import { type AudioCodec, CODECS, type G711, LINES, type LineFormat, lineSilence } from './packet.js';
import { Concealer, PLC_HISTORY_MS } from './plc.js';
import { decodeG711, encodeG711 } from './translate.js';

/** Payloads of one stream in, 20 ms frames of the line out, with losses made up. Order is somebody else's concern. */
export interface DecodeChain {
  /** Timestamp units that the payload covers; `out` gets each whole frame of it. 0: it can't be read. */
  push(payload: Uint8Array, out: (frame: Uint8Array) => void): number;
  /** 20 ms for a packet that is lost; `next` is the one after it where it is here. Undefined: nothing is known to go on from. */
  conceal(next?: Uint8Array): Uint8Array | undefined;
  /** What is left of a cut frame, filled up with silence. */
  flush(): Uint8Array | undefined;
}

export function chainFor(codec: AudioCodec, line: LineFormat, opus: OpusPair | undefined): DecodeChain {
  if (codec === line) return new G711Chain(line);
  return new SampleChain(codec, line, opus);
}

/** Cuts payloads of any length into frames. */
class Cutter {
  readonly #size: number;
  #carry: Uint8Array = new Uint8Array(0);

  constructor(size: number) {
    this.#size = size;
  }

  /** Frames are copies: the payload's buffer belongs to the socket. */
  push(payload: Uint8Array, out: (frame: Uint8Array) => void): void {
    const size = this.#size;
    if (this.#carry.length === 0 && payload.length === size) {
      out(payload.slice());
      return;
    }
    const all = new Uint8Array(this.#carry.length + payload.length);
    all.set(this.#carry);
    all.set(payload, this.#carry.length);
    let at = 0;
    for (; at + size <= all.length; at += size) out(all.slice(at, at + size));
    this.#carry = all.slice(at);
  }

  flush(line: LineFormat): Uint8Array | undefined {
    if (this.#carry.length === 0) return undefined;
    const padded = lineSilence(line);
    padded.set(this.#carry);
    this.#carry = new Uint8Array(0);
    return padded;
  }
}

const HISTORY_FRAMES = Math.ceil(PLC_HISTORY_MS / 20);

/** The usual case: what comes is what goes on. Samples are made only where something is lost. */
class G711Chain implements DecodeChain {
  readonly #law: G711;
  readonly #cutter = new Cutter(LINES.pcmu.frameBytes);
  readonly #plc = new Concealer(LINES.pcmu.sampleRate);
  #history: Uint8Array[] = [];

  constructor(law: G711) {
    this.#law = law;
  }

  push(payload: Uint8Array, out: (frame: Uint8Array) => void): number {
    this.#cutter.push(payload, (frame) => out(this.#keep(this.#plc.active ? this.#blend(frame) : frame)));
    return payload.length;
  }

  conceal(): Uint8Array | undefined {
    if (!this.#plc.active) {
      if (this.#history.length < HISTORY_FRAMES) return undefined;
      this.#plc.begin(decodeG711(Buffer.concat(this.#history), this.#law));
    }
    return encodeG711(this.#plc.next(LINES.pcmu.frameBytes), this.#law);
  }

  flush(): Uint8Array | undefined {
    return this.#cutter.flush(this.#law);
  }

  #blend(frame: Uint8Array): Uint8Array {
    const pcm = decodeG711(frame, this.#law);
    this.#plc.merge(pcm);
    return encodeG711(pcm, this.#law);
  }

  #keep(frame: Uint8Array): Uint8Array {
    this.#history.push(frame);
    if (this.#history.length > HISTORY_FRAMES) this.#history.shift();
    return frame;
  }
}

/** Through samples: other codecs, or the other law. */
class SampleChain implements DecodeChain {
  readonly #codec: AudioCodec;
  readonly #line: LineFormat;
  readonly #opus: OpusPair | undefined;
  readonly #g722: G722Decoder | undefined;
  readonly #writer: LineWriter;
  readonly #cutter: Cutter;
  readonly #plc: Concealer;
  readonly #history: Int16Array;
  #heard = 0;

  constructor(codec: AudioCodec, line: LineFormat, opus: OpusPair | undefined) {
    const { sampleRate } = CODECS[codec];
    this.#codec = codec;
    this.#line = line;
    this.#opus = opus;
    this.#g722 = codec === 'g722' ? new G722Decoder() : undefined;
    this.#writer = new LineWriter(sampleRate, line);
    this.#cutter = new Cutter(LINES[line].frameBytes);
    this.#plc = new Concealer(sampleRate);
    this.#history = new Int16Array((sampleRate * PLC_HISTORY_MS) / 1000);
  }

  push(payload: Uint8Array, out: (frame: Uint8Array) => void): number {
    const pcm = this.#decode(payload);
    if (!pcm || pcm.length === 0) return 0;
    if (this.#plc.active) this.#plc.merge(pcm);
    this.#remember(pcm);
    this.#cutter.push(this.#writer.write(pcm), out);
    return (pcm.length * CODECS[this.#codec].frameUnits * 50) / CODECS[this.#codec].sampleRate;
  }

  conceal(next?: Uint8Array): Uint8Array | undefined {
    if (this.#opus) return this.#heard === 0 ? undefined : this.#writer.write(concealOpus(this.#opus, next));
    if (!this.#plc.active) {
      if (this.#heard < this.#history.length) return undefined;
      this.#plc.begin(this.#history);
    }
    return this.#writer.write(this.#plc.next(CODECS[this.#codec].sampleRate / 50));
  }

  flush(): Uint8Array | undefined {
    return this.#cutter.flush(this.#line);
  }

  #decode(payload: Uint8Array): Int16Array | undefined {
    if (this.#g722) return this.#g722.decode(payload);
    if (this.#codec === 'opus') return this.#opus && decodeOpus(this.#opus, payload);
    return this.#codec === 'g722' ? undefined : decodeG711(payload, this.#codec);
  }

  #remember(pcm: Int16Array): void {
    const history = this.#history;
    this.#heard += pcm.length;
    if (pcm.length >= history.length) {
      history.set(pcm.subarray(pcm.length - history.length));
      return;
    }
    history.copyWithin(0, pcm.length);
    history.set(pcm, history.length - pcm.length);
  }
}
