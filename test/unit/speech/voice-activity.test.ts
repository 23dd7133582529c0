import { describe, expect, it } from 'vitest';
import { hearWindow, QUIET, type VoiceChange } from '../../../src/speech/voice-activity.js';

/** Probabilities of 32 ms windows at 8 kHz; changes with their time in ms. */
function hear(probabilities: readonly number[]): { active: boolean; atMs: number; knownMs: number }[] {
  let state = QUIET;
  const out: { active: boolean; atMs: number; knownMs: number }[] = [];
  probabilities.forEach((probability, index) => {
    let change: VoiceChange | undefined;
    [state, change] = hearWindow(state, probability, index * 256, (index + 1) * 256, 8000);
    if (change) out.push({ active: change.active, atMs: change.atSample / 8, knownMs: (index + 1) * 32 });
  });
  return out;
}
const repeat = (probability: number, count: number): number[] => new Array(count).fill(probability);

describe('voice activity', () => {
  it('tells when voice really began and ended, soon after it did', () => {
    const changes = hear([...repeat(0.02, 10), ...repeat(0.95, 20), ...repeat(0.02, 10)]);
    expect(changes).toEqual([
      { active: true, atMs: 320, knownMs: 384 },
      { active: false, atMs: 960, knownMs: 1088 },
    ]);
  });

  it('takes no click for voice', () => {
    expect(hear([...repeat(0.02, 5), 0.9, ...repeat(0.02, 5), 0.9, ...repeat(0.02, 5)])).toEqual([]);
  });

  it('takes no stop consonant for the end', () => {
    expect(hear([...repeat(0.9, 10), ...repeat(0.1, 3), ...repeat(0.9, 10)])).toHaveLength(1);
  });

  it('holds voice through what is neither: between the two thresholds nothing changes', () => {
    expect(hear([...repeat(0.9, 5), ...repeat(0.4, 30)])).toHaveLength(1);
    expect(hear(repeat(0.4, 30))).toEqual([]);
  });
});
