import { describe, expect, it } from 'vitest';
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw, G711_SILENCE } from '../../../src/dsp/g711.js';

describe('G.711', () => {
  it('expands mu-law as table 2 of the Recommendation says', () => {
    // Decoder output values of G.711 table 2a/2b on the 14-bit scale, times 4.
    const codes = Uint8Array.of(
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xaf,
      0xb0,
      0xc0,
      0xd0,
      0xe0,
      0xf0,
      0xfe,
      0xff,
      0x7f,
      0x00,
    );
    expect([...decodeMulaw(codes)]).toEqual([
      32124, 16764, 15996, 8316, 7932, 4092, 3900, 1884, 876, 372, 120, 8, 0, 0, -32124,
    ]);
  });

  it('expands A-law as table 1 of the Recommendation says', () => {
    // G.711 table 1a on the 13-bit scale, times 8; even bits inverted on the wire.
    const wire = (code: number) => code ^ 0x55;
    const codes = Uint8Array.from([0xff, 0xf0, 0xef, 0xe0, 0xc0, 0xb0, 0xa0, 0x90, 0x8f, 0x80, 0x00, 0x7f].map(wire));
    expect([...decodeAlaw(codes)]).toEqual([32256, 16896, 16128, 8448, 2112, 1056, 528, 264, 248, 8, -8, -32256]);
  });

  it('encodes every code it can decode back to itself', () => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const mulaw = encodeMulaw(decodeMulaw(codes));
    // 0x7f is the negative zero of mu-law: it decodes to 0, which is sent as 0xff.
    expect([...mulaw]).toEqual([...codes].map((code) => (code === 0x7f ? 0xff : code)));
    expect([...encodeAlaw(decodeAlaw(codes))]).toEqual([...codes]);
  });

  it('loses no more than half a step over the whole range', () => {
    const samples = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);
    for (const [encode, decode] of [
      [encodeMulaw, decodeMulaw],
      [encodeAlaw, decodeAlaw],
    ] as const) {
      const back = decode(encode(samples));
      for (let index = 0; index < samples.length; index++) {
        const sample = samples[index] ?? 0;
        const error = Math.abs(sample - (back[index] ?? 0));
        // Half of the largest step within a segment is 1/33 of the magnitude, plus the flat part around zero and the clip at the top.
        const limit = Math.abs(sample) > 32_635 ? 700 : Math.max(16, Math.abs(sample) / 31 + 8);
        if (error > limit) expect.fail(`${sample} became ${back[index]}`);
      }
    }
  });

  it('keeps the order of levels', () => {
    const samples = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);
    for (const back of [decodeMulaw(encodeMulaw(samples)), decodeAlaw(encodeAlaw(samples))]) {
      for (let index = 1; index < back.length; index++) {
        if ((back[index] ?? 0) < (back[index - 1] ?? 0)) expect.fail(`order broken at ${index - 32_768}`);
      }
    }
  });

  it('has a code for silence in each law', () => {
    expect(decodeMulaw(Uint8Array.of(G711_SILENCE.mulaw))[0]).toBe(0);
    expect(Math.abs(decodeAlaw(Uint8Array.of(G711_SILENCE.alaw))[0] ?? 99)).toBe(8);
    expect(encodeAlaw(Int16Array.of(0))[0]).toBe(G711_SILENCE.alaw);
    expect(encodeMulaw(Int16Array.of(0))[0]).toBe(G711_SILENCE.mulaw);
  });

  it('writes into a given buffer', () => {
    const out = new Uint8Array(10);
    expect(encodeMulaw(Int16Array.of(0, 100), out)).toHaveLength(2);
    expect(out[0]).toBe(0xff);
  });
});
