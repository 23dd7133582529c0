import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Resampler, resample, roundToInt16 } from '../../../src/dsp/resample.js';
import { SEED } from '../../support/seed.js';

const RATES: readonly (readonly [number, number])[] = [
  [8000, 16000],
  [16000, 8000],
  [8000, 24000],
  [24000, 8000],
  [22050, 8000],
  [8000, 22050],
  [48000, 8000],
  [8000, 48000],
  [22050, 16000],
  [44100, 8000],
  [48000, 16000],
];

function tone(hz: number, rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, n) => Math.sin((2 * Math.PI * hz * n) / rate));
}

function convert(input: Float32Array, from: number, to: number): Float32Array {
  return new Resampler(from, to).processFloat(input);
}

/** Power of the steady part in dB relative to a full sine, with the part at `hz` taken out when given. */
function levelDb(signal: Float32Array, rate: number, without?: number): number {
  const steady = signal.subarray(Math.floor(signal.length * 0.2), Math.floor(signal.length * 0.8));
  let cosine = 0;
  let sine = 0;
  if (without !== undefined) {
    for (let n = 0; n < steady.length; n++) {
      cosine += (steady[n] ?? 0) * Math.cos((2 * Math.PI * without * n) / rate);
      sine += (steady[n] ?? 0) * Math.sin((2 * Math.PI * without * n) / rate);
    }
  }
  let power = 0;
  for (let n = 0; n < steady.length; n++) {
    const angle = without === undefined ? 0 : (2 * Math.PI * without * n) / rate;
    const fitted =
      without === undefined ? 0 : (2 / steady.length) * (cosine * Math.cos(angle) + sine * Math.sin(angle));
    power += ((steady[n] ?? 0) - fitted) ** 2;
  }
  return 10 * Math.log10(Math.max(power / steady.length / 0.5, 1e-15));
}

describe('resampler', () => {
  it.each(RATES)('%i to %i Hz passes the telephone band flat', (from, to) => {
    for (const hz of [300, 1000, 2000, 3000, 3400]) {
      expect(Math.abs(levelDb(convert(tone(hz, from, 0.5), from, to), to))).toBeLessThan(0.3);
    }
  });

  it.each(RATES)('%i to %i Hz keeps images and aliases at least 60 dB down', (from, to) => {
    const lower = Math.min(from, to);
    if (to < from) {
      // What lies above the new Nyquist frequency must vanish, not fold back.
      for (const hz of [0.502, 0.55, 0.62, 0.8].map((share) => share * lower)) {
        if (hz < from / 2) expect(levelDb(convert(tone(hz, from, 0.5), from, to), to)).toBeLessThan(-60);
      }
    }
    for (const hz of [440, 1234, 0.4 * lower]) {
      expect(levelDb(convert(tone(hz, from, 0.5), from, to), to, hz)).toBeLessThan(-60);
    }
  });

  it('gives the same samples however the input is cut', () => {
    const input = roundToInt16(tone(700, 8000, 0.2));
    for (const [from, to] of RATES) {
      const whole = new Resampler(from, to).process(input);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 30 }), (sizes) => {
          const stream = new Resampler(from, to);
          const out: number[] = [];
          let offset = 0;
          for (const size of [...sizes, input.length]) {
            out.push(...stream.process(input.subarray(offset, offset + size)));
            offset = Math.min(input.length, offset + size);
          }
          expect(out).toEqual([...whole]);
        }),
        { numRuns: 15, seed: SEED },
      );
    }
  });

  it('takes its delay out of whole recordings', () => {
    for (const [from, to] of RATES) {
      const at = Math.floor(from / 20);
      const impulse = new Int16Array(2 * at);
      impulse[at] = 20_000;
      const out = resample(impulse, from, to);
      expect(out).toHaveLength(Math.ceil((impulse.length * to) / from));
      const peak = out.indexOf(out.reduce((most, value) => Math.max(most, value), 0));
      expect(Math.abs(peak / to - at / from)).toBeLessThanOrEqual(1.01 / to);
    }
  });

  it('clips instead of wrapping around', () => {
    const square = Int16Array.from({ length: 4000 }, (_, n) => (n % 40 < 20 ? 32_767 : -32_768));
    const out = resample(square, 8000, 16000);
    // Overshoot of a square wave must stay at the rail: a wrapped sample would jump by nearly the whole range.
    for (let n = 100; n < out.length - 100; n++) {
      if ((n / 2) % 40 > 3 && (n / 2) % 40 < 17) expect(out[n]).toBeGreaterThan(20_000);
    }
  });

  it('refuses rates that make no sense', () => {
    expect(() => new Resampler(0, 8000)).toThrow(RangeError);
    expect(() => new Resampler(8000, 1e9)).toThrow(RangeError);
    expect(() => new Resampler(8000.5, 8000)).toThrow(RangeError);
  });
});
