import { describe, expect, it } from 'vitest';
import { VoiceOnset } from '../../../src/call/voice-onset.js';

const FRAME = 160;
let seed = 1;
function noise(amplitude: number): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return (seed / 2_147_483_647 - 0.5) * 2 * amplitude;
}

/** A line at 8 kHz in frames of 20 ms: `level(ms)` is the amplitude of what is heard then, over a soft noise. */
function listen(level: (ms: number) => number, untilMs: number): VoiceOnset {
  const onset = new VoiceOnset(8000);
  for (let at = 0; at < untilMs * 8; at += FRAME)
    onset.heard(
      at / 8,
      Int16Array.from({ length: FRAME }, (_, n) => noise(20) + level((at + n) / 8) * Math.sin((at + n) / 3)),
    );
  return onset;
}

describe('the beginning of voice', () => {
  it('is where the sound rose out of the noise, not where it was recognised as voice', () => {
    const onset = listen((ms) => (ms < 500 ? 0 : ms < 580 ? 600 : 5000), 700);
    expect(onset.before(580)).toBe(500);
  });

  it('is not moved by a hum of the line', () => {
    const line = new VoiceOnset(8000);
    for (let at = 0; at < 700 * 8; at += FRAME)
      line.heard(
        at / 8,
        Int16Array.from({ length: FRAME }, (_, n) => {
          const time = at + n;
          return 900 * Math.sin(time / 25) + (time < 560 * 8 ? 0 : 5000 * Math.sin(time / 3));
        }),
      );
    expect(line.before(570)).toBe(560);
  });

  it('is at most 140 ms before it', () => {
    expect(listen((ms) => (ms < 200 ? 0 : 5000), 700).before(600)).toBe(460);
  });

  it('bridges a closed consonant, no longer pause', () => {
    expect(listen((ms) => (ms < 500 || (ms >= 520 && ms < 540) ? 0 : 5000), 700).before(560)).toBe(500);
    expect(listen((ms) => (ms < 440 || (ms >= 460 && ms < 540) ? 0 : 5000), 700).before(560)).toBe(540);
  });

  it('stays where it is when nothing is known of that time', () => {
    const onset = listen(() => 5000, 200);
    expect(onset.before(-5000)).toBe(-5000);
    expect(onset.before(900)).toBe(900);
    expect(new VoiceOnset(16_000).before(100)).toBe(100);
  });
});

describe('a sound that may become voice', () => {
  it('is noticed within 30 ms, a click is none', () => {
    expect(listen((ms) => (ms < 500 ? 0 : 3000), 540).rising).toBe(true);
    expect(listen((ms) => (ms > 500 && ms < 505 ? 9000 : 0), 540).rising).toBe(false);
    expect(listen(() => 0, 540).rising).toBe(false);
  });

  it('is none when it is far softer than the words before it', () => {
    expect(listen((ms) => (ms < 400 ? 9000 : ms < 600 ? 0 : 150), 640).rising).toBe(false);
  });
});
