import { describe, expect, it } from 'vitest';
import { endOfSound, withoutLead } from '../../../src/dsp/edges.js';
import { concat } from '../../../src/dsp/framing.js';

const silence = (ms: number) => new Int16Array(ms * 8);
const tone = (ms: number, amplitude = 6000) =>
  Int16Array.from({ length: ms * 8 }, (_, n) => amplitude * Math.sin(n / 3));

describe('edges of sound', () => {
  it('the end lies behind the last word, however soft its end', () => {
    expect(endOfSound(concat([silence(100), tone(300), silence(200)]), 8000) / 8).toBe(400);
    expect(endOfSound(concat([tone(300), tone(100, 600), silence(200)]), 8000) / 8).toBe(400);
  });

  it('the noise behind a word is not taken for it', () => {
    expect(endOfSound(concat([tone(300), tone(200, 60)]), 8000) / 8).toBe(300);
    expect(endOfSound(silence(200), 8000)).toBe(0);
  });

  it('the silence in front is taken away but for a little', () => {
    expect(withoutLead(concat([silence(100), tone(300)]), 8000, 10).length / 8).toBeCloseTo(310, 0);
    expect(withoutLead(tone(300), 8000, 10)).toHaveLength(2400);
    expect(withoutLead(silence(100), 8000, 10)).toHaveLength(800);
  });
});
