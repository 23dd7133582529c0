import { describe, expect, it } from 'vitest';
import { UtteranceAudio } from '../../../src/call/utterance-audio.js';

/** 20 ms at 8 kHz, each sample the number of the frame. */
const frame = (number: number): Int16Array => new Int16Array(160).fill(number);

function heard(frames: number, audio = new UtteranceAudio(8000), from = 0): UtteranceAudio {
  for (let number = 0; number < frames; number++) audio.accept(frame(from + number));
  return audio;
}

describe('the sound of an utterance', () => {
  it('begins half a second before the voice that was told of late, and goes on through its pauses', () => {
    const audio = heard(100);
    expect(audio.clip()).toBeUndefined();
    audio.voice(true, 1800);
    const first = audio.clip();
    expect(first?.pcm.length).toBe(700 * 8);
    expect(first?.pcm[0]).toBe(65);
    audio.voice(false, 2000);
    heard(10, audio, 100);
    expect(audio.clip()).toMatchObject({ version: first?.version });
    audio.voice(true, 2200);
    const second = audio.clip();
    expect(second?.pcm.length).toBe(900 * 8);
    expect(second?.version).not.toBe(first?.version);
  });

  it('is another one behind the end, without what was said before', () => {
    const audio = heard(50);
    audio.voice(true, 800);
    audio.voice(false, 1000);
    audio.end();
    expect(audio.clip()).toBeUndefined();
    heard(5, audio, 50);
    audio.voice(true, 1050);
    expect(audio.clip()?.pcm[0]).toBe(50);
  });

  it('goes on at once when the caller speaks across the end', () => {
    const audio = heard(50);
    audio.voice(true, 800);
    audio.end();
    heard(5, audio, 50);
    expect([...(audio.clip()?.pcm ?? [])]).toEqual([50, 51, 52, 53, 54].flatMap((n) => [...frame(n)]));
  });

  it('is kept to eight seconds, its first ones, and to a moment while nobody speaks', () => {
    const audio = heard(10_000);
    audio.voice(true, 200_000 - 5000);
    expect(audio.clip()?.pcm.length).toBeLessThanOrEqual(1520 * 8);
    heard(1000, audio, 10_000);
    expect(audio.clip()?.pcm.length).toBeLessThanOrEqual(8000 * 8);
    expect(audio.clip()?.pcm.length).toBeGreaterThan(4000 * 8);
  });

  it('begins anew with a voice long after the last one, also where nobody ended that: a cough takes no room from the answer', () => {
    const audio = heard(50);
    audio.voice(true, 900);
    audio.voice(false, 1000);
    // A long prompt.
    heard(500, audio, 50);
    audio.voice(true, 10_900);
    heard(50, audio, 550);
    const answer = audio.clip();
    expect(answer?.pcm[0]).toBe(520);
    expect(answer?.pcm.at(-1)).toBe(599);
    expect(answer?.pcm.length).toBe(1600 * 8);
  });

  it('goes on through a pause of a caller who thinks', () => {
    const audio = heard(50);
    audio.voice(true, 900);
    audio.voice(false, 1000);
    heard(90, audio, 50);
    audio.voice(true, 2800);
    expect(audio.clip()?.pcm[0]).toBe(20);
  });

  it('is let go of when nobody listens any more', () => {
    const audio = heard(50);
    audio.voice(true, 900);
    audio.clear();
    expect(audio.clip()).toBeUndefined();
    audio.voice(true, 1000);
    expect(audio.clip()?.pcm.length).toBe(0);
  });

  it('is a copy: the buffer it came in may be used again', () => {
    const audio = new UtteranceAudio(8000);
    const buffer = frame(7);
    audio.accept(buffer);
    buffer.fill(9);
    audio.voice(true, 0);
    expect(audio.clip()?.pcm[0]).toBe(7);
  });
});
