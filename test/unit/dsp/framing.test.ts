import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fadeIn, fadeOut } from '../../../src/dsp/fade.js';
import { concat, Framer, msOf, samplesIn } from '../../../src/dsp/framing.js';
import { activeRmsDbfs, applyGain, levelTo, peakDbfs, rmsDbfs, SILENCE_DBFS } from '../../../src/dsp/levels.js';
import { SEED } from '../../support/seed.js';

describe('framing', () => {
  it('cuts any pieces into equal frames and loses nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 50 })),
        fc.integer({ min: 1, max: 20 }),
        (pieces, size) => {
          const framer = new Framer(size);
          const frames = pieces.flatMap((piece) => framer.push(Int16Array.from(piece)));
          for (const frame of frames) expect(frame).toHaveLength(size);
          const rest = framer.heldSamples;
          const last = framer.flush();
          if (last) frames.push(last);
          const all = pieces.flat();
          const joined = [...concat(frames)];
          expect(joined.slice(0, all.length)).toEqual(all);
          expect(joined.length - all.length).toBe(rest === 0 ? 0 : size - rest);
          expect(framer.flush()).toBeUndefined();
        },
      ),
      { seed: SEED },
    );
  });

  it('counts samples and milliseconds', () => {
    expect(samplesIn(20, 8000)).toBe(160);
    expect(msOf(160, 8000)).toBe(20);
    expect(() => new Framer(0)).toThrow(RangeError);
  });
});

describe('levels', () => {
  const sine = (amplitude: number) =>
    Int16Array.from({ length: 8000 }, (_, n) => Math.round(amplitude * Math.sin((2 * Math.PI * 440 * n) / 8000)));

  it('measures a full sine at -3 dBFS and silence at the floor', () => {
    expect(rmsDbfs(sine(32_767))).toBeCloseTo(-3.01, 1);
    expect(peakDbfs(sine(32_767))).toBeCloseTo(0, 1);
    expect(rmsDbfs(new Int16Array(10))).toBe(SILENCE_DBFS);
    expect(rmsDbfs(new Int16Array(0))).toBe(SILENCE_DBFS);
  });

  it('measures speech without its pauses', () => {
    const spoken = concat([sine(3000), new Int16Array(24_000)]);
    expect(activeRmsDbfs(spoken, 8000)).toBeCloseTo(rmsDbfs(sine(3000)), 1);
    expect(activeRmsDbfs(new Int16Array(100), 8000)).toBe(SILENCE_DBFS);
  });

  it('levels quiet and loud speech to one loudness without clipping', () => {
    for (const amplitude of [1500, 8000, 30_000]) {
      const pcm = sine(amplitude);
      levelTo(pcm, 8000, -20);
      expect(activeRmsDbfs(pcm, 8000)).toBeCloseTo(-20, 0);
    }
    const spiky = Int16Array.from({ length: 8000 }, (_, n) => (n === 4000 ? 30_000 : 300));
    levelTo(spiky, 8000, -10);
    expect(peakDbfs(spiky)).toBeLessThanOrEqual(-0.9);
    const full = sine(32_000);
    applyGain(full, 12);
    expect(peakDbfs(full)).toBeLessThanOrEqual(0);
  });
});

describe('fades', () => {
  it('ramp without a step and leave the rest alone', () => {
    const pcm = new Int16Array(100).fill(10_000);
    fadeIn(pcm, 20);
    fadeOut(pcm, 20);
    expect(pcm[0]).toBeLessThan(200);
    expect(pcm[99]).toBeLessThan(200);
    expect(pcm[50]).toBe(10_000);
    for (let n = 1; n < 20; n++) expect(pcm[n]).toBeGreaterThanOrEqual(pcm[n - 1] ?? 0);
  });

  it('survive fades longer than the sound', () => {
    const pcm = new Int16Array(3).fill(1000);
    fadeIn(pcm, 50);
    fadeOut(pcm, 50);
    expect(pcm).toHaveLength(3);
  });
});
