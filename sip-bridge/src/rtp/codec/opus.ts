import {
  Application,
  createDecoder,
  createEncoder,
  type OpusDecoderHandle,
  type OpusEncoderHandle,
  Signal,
} from 'libopus-wasm';

/** Opus (RFC 6716) at 16 kHz, mono, by libopus compiled to WebAssembly. Its encoder's complexity is the field's choice for servers with many calls. */
const COMPLEXITY = 3;
/** Wideband speech, RFC 7587 §3.1.1. */
const BITRATE = 24_000;
const RATE = 16_000;
const FRAME_SAMPLES = 320;
/** The longest packet there is (RFC 6716 §3.2.5). */
const LONGEST_SAMPLES = (RATE * 120) / 1000;

export interface OpusPair {
  readonly encoder: OpusEncoderHandle;
  readonly decoder: OpusDecoderHandle;
}

/** One call's encoder and decoder; `free` them. */
export async function openOpus(): Promise<OpusPair> {
  const encoder = await createEncoder({
    ...{ sampleRate: RATE, channels: 1, frameSize: FRAME_SAMPLES, bitrate: BITRATE, complexity: COMPLEXITY },
    ...{ application: Application.Voip, signal: Signal.Voice, fec: true, packetLossPercent: 5 },
  });
  const decoder = await createDecoder({ sampleRate: RATE, channels: 1, maxFrameSize: LONGEST_SAMPLES });
  return { encoder, decoder };
}

export function encodeOpus({ encoder }: OpusPair, pcm: Int16Array): Uint8Array {
  return Uint8Array.from(encoder.encode(pcm));
}

/** Undefined for what is no Opus. */
export function decodeOpus({ decoder }: OpusPair, payload: Uint8Array): Int16Array | undefined {
  try {
    return Int16Array.from(decoder.decode(payload));
  } catch {
    return undefined;
  }
}

/** 20 ms that were lost: out of the next packet where that is here and carries them, else as the codec makes them up. */
export function concealOpus({ decoder }: OpusPair, next: Uint8Array | undefined): Int16Array {
  try {
    const samples =
      next === undefined
        ? decoder.decodePacketLoss(FRAME_SAMPLES)
        : decoder.decode(next, { decodeFec: true, frameSize: FRAME_SAMPLES });
    return Int16Array.from(samples);
  } catch {
    return new Int16Array(FRAME_SAMPLES);
  }
}

export function freeOpus({ encoder, decoder }: OpusPair): void {
  encoder.free();
  decoder.free();
}
