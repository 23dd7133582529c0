import { describe, expect, it } from 'vitest';
import type { G711 } from '../../../src/rtp/packet.js';
import { decodeG711, translate } from '../../../src/rtp/translate.js';

const decodeSample = (byte: number, law: G711): number => decodeG711(Uint8Array.of(byte), law)[0] ?? 0;

describe('from one law of G.711 to the other', () => {
  it('keeps the same bytes when there is nothing to do', () => {
    const payload = Uint8Array.of(1, 2, 3);
    expect(translate(payload, 'pcmu', 'pcmu')).toBe(payload);
  });

  it.each([
    ['pcmu', 'pcma'],
    ['pcma', 'pcmu'],
  ] as const)('%s to %s stays within a step of the coarser scale', (from, to) => {
    for (let byte = 0; byte < 256; byte++) {
      const before = decodeSample(byte, from);
      const after = decodeSample(translate(Uint8Array.of(byte), from, to)[0] ?? 0, to);
      // A step of A-law is a sixteenth of the value, at least 16.
      expect(Math.abs(after - before)).toBeLessThanOrEqual(Math.max(16, Math.abs(before) / 16));
    }
  });

  it('silence stays silence', () => {
    expect(Math.abs(decodeSample(0xd5, 'pcma'))).toBeLessThanOrEqual(8);
    expect(decodeSample(0xff, 'pcmu')).toBe(0);
    expect(Math.abs(decodeSample(translate(Uint8Array.of(0xff), 'pcmu', 'pcma')[0] ?? 0, 'pcma'))).toBeLessThanOrEqual(
      8,
    );
  });

  it('a sample that A-law gave comes back from it unchanged', () => {
    // ITU-T G.711: decoding and encoding again is the identity.
    for (let byte = 0; byte < 256; byte++) {
      const there = translate(Uint8Array.of(byte), 'pcma', 'pcmu');
      const back = translate(there, 'pcmu', 'pcma')[0] ?? 0;
      expect(Math.abs(decodeSample(back, 'pcma') - decodeSample(byte, 'pcma'))).toBeLessThanOrEqual(
        Math.max(16, Math.abs(decodeSample(byte, 'pcma')) / 16),
      );
    }
  });
});
