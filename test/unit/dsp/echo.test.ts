import { describe, expect, it } from 'vitest';
import { EchoMeter } from '../../../src/dsp/echo.js';
import { decodeMulaw, encodeMulaw } from '../../../src/dsp/g711.js';
import { spoken } from '../../support/speech.js';

const FRAME = 160;
const prompt = spoken('opening-hours', '营业时间是几点');
const interruption = spoken('human', '转人工');

/** Plays the prompt and gives the line, 20 ms at a time; the likeness after `atMs` ms. */
function measure(line: Int16Array, atMs: number, sinceMs: number): number {
  const meter = new EchoMeter(8000);
  for (let ms = 0; ms < atMs; ms += 20) {
    meter.played(ms, prompt.subarray(ms * 8, ms * 8 + FRAME));
    // The line arrives with a little jitter.
    meter.heard(ms + (ms % 3), line.subarray(ms * 8, ms * 8 + FRAME));
  }
  return meter.likeness(sinceMs) ?? Number.NaN;
}

/** The prompt come back: later, softer, dulled by a room, through the telephone. */
function echo(delayMs: number, gain: number): Int16Array {
  const out = new Int16Array(prompt.length);
  for (let n = 0; n < out.length; n++) {
    const direct = prompt[n - delayMs * 8] ?? 0;
    const reflected = prompt[n - delayMs * 8 - 90] ?? 0;
    out[n] = gain * (direct + 0.5 * reflected);
  }
  return decodeMulaw(encodeMulaw(out));
}

function mix(left: Int16Array, right: Int16Array, offsetMs: number): Int16Array {
  return left.map((sample, n) => Math.max(-32_768, Math.min(32_767, sample + (right[n - offsetMs * 8] ?? 0))));
}

describe('echo', () => {
  it.each([40, 130, 300, 450])('of the prompt after %i ms is known', (delayMs) => {
    expect(measure(echo(delayMs, 0.2), 1000, 700)).toBeGreaterThan(0.6);
  });

  it('is not what another voice says', () => {
    expect(measure(mix(new Int16Array(prompt.length), interruption, 400), 1200, 900)).toBeLessThan(0.45);
  });

  it('does not hide a caller who speaks over it', () => {
    expect(measure(mix(echo(60, 0.1), interruption, 400), 1200, 900)).toBeLessThan(0.5);
  });

  it('is nothing while nothing is played', () => {
    const meter = new EchoMeter(8000);
    for (let ms = 0; ms < 600; ms += 20) meter.heard(ms, interruption.subarray(ms * 8 + 4000, ms * 8 + 4000 + FRAME));
    expect(meter.likeness(200)).toBe(0);
    expect(meter.likeness(500)).toBeUndefined();
  });
});
