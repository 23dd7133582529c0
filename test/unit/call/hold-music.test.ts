import { describe, expect, it } from 'vitest';
import { loadHoldMusic } from '../../../src/call/hold-music.js';
import { holdMusic } from '../../../src/dsp/hold-music.js';
import { peakDbfs, rmsDbfs } from '../../../src/dsp/levels.js';

describe('music on hold', () => {
  it('is softer than speech, never clips, and goes round without a seam', () => {
    for (const sampleRate of [8000, 16_000]) {
      const music = holdMusic(sampleRate);
      expect(music.length).toBe(8 * sampleRate);
      expect(rmsDbfs(music)).toBeGreaterThan(-32);
      expect(rmsDbfs(music)).toBeLessThan(-20);
      expect(peakDbfs(music)).toBeLessThan(-6);
      // Every note begins softly, the first one too: no jump from the last sample to the first.
      expect(Math.abs((music[0] as number) - (music.at(-1) as number))).toBeLessThan(900);
    }
  });

  it('is long enough to be heard going round seldom, and made once for a rate', async () => {
    const music = await loadHoldMusic('built-in');
    expect(music?.(8000).length).toBeGreaterThanOrEqual(40 * 8000);
    expect(music?.(8000)).toBe(music?.(8000));
    expect(music?.(16_000).length).toBe((music?.(8000).length ?? 0) * 2);
  });

  it('can be off, and a file that is none is told', async () => {
    expect(await loadHoldMusic('off')).toBeUndefined();
    await expect(loadHoldMusic('/nowhere/music.wav')).rejects.toMatchObject({ code: 'AUDIO_UNREADABLE' });
  });
});
