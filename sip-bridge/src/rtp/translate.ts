import type { G711 } from './packet.js';

/** From one law of G.711 to the other, where two sides agreed on different ones. ITU-T G.711, through 16-bit samples. */

const TO_A = table((byte) => encodeA(decodeMu(byte)));
const TO_MU = table((byte) => encodeMu(decodeA(byte)));

/** The payload in `to`; the same bytes when both are the same. */
export function translate(payload: Uint8Array, from: G711, to: G711): Uint8Array {
  if (from === to) return payload;
  const map = to === 'pcma' ? TO_A : TO_MU;
  const out = new Uint8Array(payload.length);
  for (let at = 0; at < payload.length; at++) out[at] = map[payload[at] ?? 0] ?? 0;
  return out;
}

const MU_SAMPLES = Int16Array.from({ length: 256 }, (_, byte) => decodeMu(byte));
const A_SAMPLES = Int16Array.from({ length: 256 }, (_, byte) => decodeA(byte));
/** By the upper 14 (mu) or 13 (A) bits of a sample, which is all that the laws look at. */
const MU_CODES = Uint8Array.from({ length: 16_384 }, (_, index) => encodeMu((index << 18) >> 16));
const A_CODES = Uint8Array.from({ length: 8192 }, (_, index) => encodeA((index << 19) >> 16));

/** 16-bit samples at 8 kHz. */
export function decodeG711(payload: Uint8Array, codec: G711): Int16Array {
  const samples = codec === 'pcma' ? A_SAMPLES : MU_SAMPLES;
  const out = new Int16Array(payload.length);
  for (let at = 0; at < payload.length; at++) out[at] = samples[payload[at] as number] as number;
  return out;
}

export function encodeG711(pcm: Int16Array, codec: G711): Uint8Array {
  const out = new Uint8Array(pcm.length);
  if (codec === 'pcma') {
    for (let at = 0; at < pcm.length; at++) out[at] = A_CODES[((pcm[at] as number) >> 3) & 0x1fff] as number;
  } else {
    for (let at = 0; at < pcm.length; at++) out[at] = MU_CODES[((pcm[at] as number) >> 2) & 0x3fff] as number;
  }
  return out;
}

function table(of: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => of(byte));
}

function decodeMu(byte: number): number {
  const value = ~byte & 0xff;
  const magnitude = (((value & 0x0f) << 3) + 0x84) << ((value >> 4) & 0x07);
  return value & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
}

function encodeMu(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(32_635, Math.abs(sample)) + 132;
  const exponent = Math.max(0, 31 - Math.clz32(magnitude) - 7);
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

function decodeA(byte: number): number {
  const value = byte ^ 0x55;
  const exponent = (value >> 4) & 0x07;
  const mantissa = (value & 0x0f) << 4;
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return value & 0x80 ? magnitude : -magnitude;
}

function encodeA(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = Math.min(32_767, sample >= 0 ? sample : -sample - 1);
  const exponent = Math.max(0, 24 - Math.clz32(magnitude | 0xff));
  const mantissa = exponent === 0 ? (magnitude >> 4) & 0x0f : (magnitude >> (exponent + 3)) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}
