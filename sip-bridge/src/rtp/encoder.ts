import { G722Encoder } from './codec/g722.js';
import { encodeOpus, type OpusPair } from './codec/opus.js';
import { LineReader } from './line.js';
import { type AudioCodec, CODECS, type LineFormat } from './packet.js';
import { encodeG711, translate } from './translate.js';

/** Line frames into payloads of one codec. */
export class FrameEncoder {
  readonly #encode: (frame: Uint8Array) => Uint8Array;

  constructor(line: LineFormat, codec: AudioCodec, opus: OpusPair | undefined) {
    if (line === codec) this.#encode = (frame) => frame;
    else if (line !== 'l16' && (codec === 'pcmu' || codec === 'pcma')) {
      this.#encode = (frame) => translate(frame, line, codec);
    } else {
      const reader = new LineReader(line, CODECS[codec].sampleRate);
      const write = samplesTo(codec, opus);
      this.#encode = (frame) => write(reader.read(frame));
    }
  }

  encode(frame: Uint8Array): Uint8Array {
    return this.#encode(frame);
  }
}

function samplesTo(codec: AudioCodec, opus: OpusPair | undefined): (pcm: Int16Array) => Uint8Array {
  if (codec === 'g722') {
    const encoder = new G722Encoder();
    return (pcm) => encoder.encode(pcm);
  }
  if (codec === 'opus') return (pcm) => (opus ? encodeOpus(opus, pcm) : new Uint8Array(0));
  return (pcm) => encodeG711(pcm, codec);
}
