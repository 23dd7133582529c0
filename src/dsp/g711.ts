/**
 * G.711 mu-law and A-law (ITU-T G.711, with the bit layout of ITU-T G.191 / RFC 3551): 8-bit logarithmic codes for telephone
 * speech. Linear samples are 16-bit; mu-law uses the upper 14 bits, A-law the upper 13.
 */

export type G711Law = 'mulaw' | 'alaw';

/** Added before the segment search of mu-law, on the 16-bit scale (33 on the 14-bit scale of the Recommendation). */
const MULAW_BIAS = 0x84;
/** Largest magnitude that fits the last mu-law segment once the bias is added. */
const MULAW_CLIP = 32_635;

const MULAW_TO_LINEAR = Int16Array.from({ length: 256 }, (_, code) => expandMulaw(code));
const ALAW_TO_LINEAR = Int16Array.from({ length: 256 }, (_, code) => expandAlaw(code));
/** Indexed by the sample as an unsigned 16-bit number: encoding is one look-up as well. */
const LINEAR_TO_MULAW = Uint8Array.from({ length: 65_536 }, (_, index) => compressMulaw(toSigned16(index)));
const LINEAR_TO_ALAW = Uint8Array.from({ length: 65_536 }, (_, index) => compressAlaw(toSigned16(index)));

/** The code for digital silence of each law: what to send when there is nothing to say. */
export const G711_SILENCE: Readonly<Record<G711Law, number>> = { mulaw: 0xff, alaw: 0xd5 };

/** 16-bit samples to mu-law codes. `out`, when given, must hold at least as many bytes; the filled part is returned. */
export function encodeMulaw(pcm: Int16Array, out = new Uint8Array(pcm.length)): Uint8Array {
  return mapThrough(LINEAR_TO_MULAW, pcm, out);
}

/** 16-bit samples to A-law codes (even bits inverted, as on the wire). */
export function encodeAlaw(pcm: Int16Array, out = new Uint8Array(pcm.length)): Uint8Array {
  return mapThrough(LINEAR_TO_ALAW, pcm, out);
}

/** Mu-law codes to 16-bit samples. */
export function decodeMulaw(codes: Uint8Array, out = new Int16Array(codes.length)): Int16Array {
  return mapBack(MULAW_TO_LINEAR, codes, out);
}

/** A-law codes to 16-bit samples. */
export function decodeAlaw(codes: Uint8Array, out = new Int16Array(codes.length)): Int16Array {
  return mapBack(ALAW_TO_LINEAR, codes, out);
}

export function encodeG711(law: G711Law, pcm: Int16Array): Uint8Array {
  return law === 'mulaw' ? encodeMulaw(pcm) : encodeAlaw(pcm);
}

export function decodeG711(law: G711Law, codes: Uint8Array): Int16Array {
  return law === 'mulaw' ? decodeMulaw(codes) : decodeAlaw(codes);
}

function mapThrough(table: Uint8Array, pcm: Int16Array, out: Uint8Array): Uint8Array {
  for (let index = 0; index < pcm.length; index++) out[index] = table[(pcm[index] as number) & 0xffff] as number;
  return out.length === pcm.length ? out : out.subarray(0, pcm.length);
}

function mapBack(table: Int16Array, codes: Uint8Array, out: Int16Array): Int16Array {
  for (let index = 0; index < codes.length; index++) out[index] = table[codes[index] as number] as number;
  return out.length === codes.length ? out : out.subarray(0, codes.length);
}

function toSigned16(index: number): number {
  return index < 32_768 ? index : index - 65_536;
}

function expandMulaw(code: number): number {
  const inverted = ~code & 0xff;
  const segment = (inverted >> 4) & 7;
  const magnitude = (((inverted & 0x0f) << 3) + MULAW_BIAS) << segment;
  return inverted & 0x80 ? MULAW_BIAS - magnitude : magnitude - MULAW_BIAS;
}

function compressMulaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), MULAW_CLIP) + MULAW_BIAS;
  const segment = 24 - Math.clz32(magnitude);
  const mantissa = (magnitude >> (segment + 3)) & 0x0f;
  return ~(sign | (segment << 4) | mantissa) & 0xff;
}

function expandAlaw(code: number): number {
  const inverted = code ^ 0x55;
  const segment = (inverted >> 4) & 7;
  const mantissa = inverted & 0x0f;
  // Segment 0 is linear; the others carry the implicit leading 1. Half a step is added: the middle of the interval.
  const magnitude = segment === 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (segment - 1);
  return inverted & 0x80 ? magnitude : -magnitude;
}

function compressAlaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  // One's complement on the negative side, as in G.191: -1 and 0 are the two innermost codes.
  const magnitude = (sample >= 0 ? sample : ~sample) >> 4;
  const segment = magnitude < 32 ? magnitude >> 4 : 28 - Math.clz32(magnitude);
  const mantissa = segment === 0 ? magnitude & 0x0f : (magnitude >> (segment - 1)) & 0x0f;
  return (sign | (segment << 4) | mantissa) ^ 0x55;
}
