import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeAlaw, encodeMulaw } from '../../../src/dsp/g711.js';
import { bytesToPcm, decodeWav, encodeWav, interleave, pcmToBytes, wavHeader } from '../../../src/dsp/wav.js';
import { SEED } from '../../support/seed.js';

function companded(code: number, bytes: Uint8Array): Uint8Array {
  const header = wavHeader({ sampleRate: 8000, channels: 1, dataBytes: bytes.length });
  const view = new DataView(header.buffer);
  view.setUint16(20, code, true);
  view.setUint16(34, 8, true);
  return Uint8Array.from([...header, ...bytes]);
}

describe('WAV', () => {
  it('reads back what it wrote, channel by channel', () => {
    const left = Int16Array.of(1, -2, 32_767, -32_768);
    const right = Int16Array.of(5, 6);
    const wav = decodeWav(encodeWav([left, right], 8000));
    expect(wav.sampleRate).toBe(8000);
    expect(wav.durationMs).toBe(0.5);
    expect(wav.channels.map((channel) => [...channel])).toEqual([
      [1, -2, 32_767, -32_768],
      [5, 6, 0, 0],
    ]);
  });

  it('reads mu-law and A-law', () => {
    const pcm = Int16Array.of(0, 1000, -1000, 20_000);
    expect(decodeWav(companded(7, encodeMulaw(pcm))).channels[0]?.[1]).toBeCloseTo(1000, -2);
    expect(decodeWav(companded(6, encodeAlaw(pcm))).channels[0]?.[3]).toBeCloseTo(20_000, -3);
  });

  it('skips chunks it does not know, odd ones with their padding', () => {
    const wav = encodeWav([Int16Array.of(7, 8)], 16_000);
    const extra = Uint8Array.from([...'LIST'].map((letter) => letter.charCodeAt(0)).concat([3, 0, 0, 0, 1, 2, 3, 0]));
    const mixed = Uint8Array.from([...wav.subarray(0, 36), ...extra, ...wav.subarray(36)]);
    expect([...(decodeWav(mixed).channels[0] ?? [])]).toEqual([7, 8]);
  });

  it('reads a recording that was cut off as far as it goes', () => {
    const wav = encodeWav([Int16Array.of(1, 2, 3, 4)], 8000);
    expect(decodeWav(wav.subarray(0, wav.length - 3)).channels[0]).toHaveLength(2);
  });

  it('refuses other things with words, never with a crash', () => {
    expect(() => decodeWav(new Uint8Array(0))).toThrow('not a WAV file');
    expect(() => decodeWav(encodeWav([Int16Array.of(1)], 8000).subarray(0, 30))).toThrow(RangeError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.integer({ min: 0, max: 60 }), (noise, at) => {
        const file = encodeWav([Int16Array.of(1, 2, 3)], 8000);
        file.set(noise.subarray(0, Math.max(0, file.length - at)), Math.min(at, file.length));
        try {
          decodeWav(file);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { seed: SEED },
    );
  });

  it('weaves channels and turns samples to bytes and back', () => {
    expect([...interleave([Int16Array.of(1, 2), Int16Array.of(3)])]).toEqual([1, 3, 2, 0]);
    expect([...pcmToBytes(Int16Array.of(-2, 258))]).toEqual([254, 255, 2, 1]);
    expect([...bytesToPcm(Uint8Array.of(254, 255, 2, 1, 9))]).toEqual([-2, 258]);
  });
});
