import { describe, expect, it } from 'vitest';
import { AutomaticGain } from '../../../src/dsp/automatic-gain.js';
import { comfortNoise } from '../../../src/dsp/comfort-noise.js';
import { keyIn } from '../../../src/dsp/dtmf.js';
import { concat } from '../../../src/dsp/framing.js';
import { FrontEnd } from '../../../src/dsp/front-end.js';
import { decodeMulaw, encodeMulaw } from '../../../src/dsp/g711.js';
import { activeRmsDbfs, applyGain, peakDbfs, rmsDbfs } from '../../../src/dsp/levels.js';
import { spokenParts } from '../../support/speech.js';

const LOW = [697, 770, 852, 941];
const HIGH = [1209, 1336, 1477, 1633];
const tone = (low: number, high: number, ms: number, amplitude = 6000, twist = 1) =>
  decodeMulaw(
    encodeMulaw(
      Int16Array.from(
        { length: ms * 8 },
        (_, n) =>
          amplitude * Math.sin((2 * Math.PI * low * n) / 8000) +
          amplitude * twist * Math.sin((2 * Math.PI * high * n) / 8000),
      ),
    ),
  );
const speech = concat(
  ['order-status', 'complaint', 'return', 'human-espeak'].flatMap((call) => spokenParts(call).map(({ pcm }) => pcm)),
);

describe('keys in the audio', () => {
  it.each(
    ['123A', '456B', '789C', '*0#D'].flatMap((row, low) => [...row].map((key, high) => [key, low, high] as const)),
  )('%s is known, softly and unevenly too', (key, low, high) => {
    for (const [amplitude, twist] of [
      [6000, 1],
      [700, 1],
      [3000, 0.5],
      [3000, 1.8],
    ] as const)
      expect(keyIn(tone(LOW[low] as number, HIGH[high] as number, 20, amplitude, twist), 8000)).toBe(key);
  });

  it('are never taken out of speech', () => {
    let frames = 0;
    for (let at = 0; at + 160 <= speech.length; at += 160) if (keyIn(speech.subarray(at, at + 160), 8000)) frames++;
    expect(frames).toBe(0);
    expect(speech.length).toBeGreaterThan(15 * 8000);
  });

  it('are silenced for the recogniser, and nothing else is', () => {
    const line = concat([speech.slice(0, 16_000), tone(770, 1336, 100), speech.slice(16_000, 32_000)]);
    const out = new FrontEnd(8000).process(line);
    // Whatever frame a tone begins in: no full frame of it is left, only the line's own noise.
    expect(peakDbfs(out.subarray(16_160, 16_640))).toBeLessThan(-45);
    expect(activeRmsDbfs(out.subarray(17_000), 8000)).toBeGreaterThan(-35);
  });

  it.each([
    ['short', 45, 6000, 1, 0],
    ['long', 400, 6000, 1, 0],
    ['soft', 100, 600, 1, 0],
    ['off pitch', 70, 3000, 1.014, 0],
    ['off pitch the other way and uneven', 70, 3000, 0.986, 0],
    ['in noise', 100, 1500, 1, 130],
  ])('%s, wherever in a frame they begin: at most 10 ms of each are left', (_, ms, amplitude, pitch, noise) => {
    for (let key = 0; key < 16; key++) {
      const begins = 4000 + key * 11;
      const line = new Int16Array(9600);
      // A saw of primes for noise: the same in every run, and no tone.
      for (let n = 0; n < line.length; n++)
        line[n] = Math.round((((n * 7919 + (n % 13) * 104_729) % 2003) / 2003 - 0.5) * noise);
      const sound = tone((LOW[key >> 2] ?? 0) * pitch, (HIGH[key & 3] ?? 0) * pitch, ms, amplitude, 1.3);
      for (const [n, sample] of sound.entries()) line[begins + n] = sample + (line[begins + n] ?? 0);
      const frontEnd = new FrontEnd(8000);
      const out = concat(
        Array.from({ length: 60 }, (__, frame) => frontEnd.process(line.slice(frame * 160, frame * 160 + 160))),
      );
      // Whole milliseconds in which more is left than the line's noise.
      const left = Array.from({ length: 1200 }, (__, n) => rmsDbfs(out.subarray(n * 8, n * 8 + 8))).filter(
        (level) => level > -43,
      );
      expect(left.length, `key ${key}`).toBeLessThanOrEqual(10);
    }
  });
});

describe('automatic gain', () => {
  it('raises a quiet caller within a second, and leaves an ordinary one as they are', () => {
    const quiet = speech.slice();
    applyGain(quiet, -22);
    const before = activeRmsDbfs(quiet.subarray(16_000), 8000);
    const after = activeRmsDbfs(new AutomaticGain(8000).process(quiet).subarray(16_000), 8000);
    expect(after - before).toBeGreaterThan(9);
    const ordinary = activeRmsDbfs(speech.subarray(16_000), 8000);
    const kept = activeRmsDbfs(new AutomaticGain(8000).process(speech).subarray(16_000), 8000);
    expect(Math.abs(kept - ordinary)).toBeLessThan(6);
  });

  it('does not raise the noise of a line on which nobody speaks', () => {
    const noise = comfortNoise(80_000);
    applyGain(noise, 10);
    expect(rmsDbfs(new AutomaticGain(8000).process(noise)) - rmsDbfs(noise)).toBeLessThan(1);
  });

  it('never clips hard: a shout after a whisper keeps its shape', () => {
    const whisper = speech.slice(0, 24_000);
    applyGain(whisper, -25);
    const shout = Int16Array.from({ length: 8000 }, (_, n) => 30_000 * Math.sin(n / 3));
    const out = new AutomaticGain(8000).process(concat([whisper, shout]));
    const full = out.subarray(24_000).filter((sample) => Math.abs(sample) >= 32_767).length;
    expect(full / 8000).toBeLessThan(0.05);
  });
});

describe('comfort noise', () => {
  it('is there, and far below speech', () => {
    expect(rmsDbfs(comfortNoise(8000))).toBeGreaterThan(-66);
    expect(rmsDbfs(comfortNoise(8000))).toBeLessThan(-58);
    expect(comfortNoise(160)).toEqual(comfortNoise(160));
  });
});
