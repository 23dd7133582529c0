import { describe, expect, it } from 'vitest';
import { CaptureFrames } from '../../../web/widget/src/audio/capture-frames.js';
import { PlaybackQueue } from '../../../web/widget/src/audio/playback-queue.js';

const RATE = 16_000;
const CARD = 48_000;

function tone(ms: number, rate: number): Int16Array {
  return Int16Array.from({ length: (ms * rate) / 1000 }, (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / rate));
}

function loudest(samples: Float32Array): number {
  return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

/** Takes blocks of 128 as a sound card does. */
function listen(queue: PlaybackQueue, ms: number) {
  const heard: Float32Array[] = [];
  const news: ReturnType<PlaybackQueue['fill']> = [];
  for (let block = 0; block < (ms * CARD) / 1000 / 128; block++) {
    const out = new Float32Array(128);
    news.push(...queue.fill(out));
    heard.push(out);
  }
  return { heard, news };
}

describe('the playback queue of the widget', () => {
  it('plays what came, and tells of a mark when all before it has been heard', () => {
    const queue = new PlaybackQueue(RATE, CARD);
    for (let frame = 0; frame < 10; frame++) queue.push(tone(20, RATE));
    queue.mark('p1.0');
    expect(listen(queue, 150).news).toEqual([]);
    const { news } = listen(queue, 60);
    expect(news).toEqual([{ type: 'mark', name: 'p1.0' }]);
    expect(queue.playedMs).toBeGreaterThan(190);
    expect(queue.playedMs).toBeLessThanOrEqual(200);
  });

  it('is silent from the next block but one after a clear, forgets marks, and says how much was heard', () => {
    const queue = new PlaybackQueue(RATE, CARD);
    for (let frame = 0; frame < 50; frame++) queue.push(tone(20, RATE));
    queue.mark('p1.0');
    expect(loudest(listen(queue, 100).heard.at(-1) ?? new Float32Array())).toBeGreaterThan(0.1);
    const news = queue.clear(1);
    expect(news).toMatchObject({ type: 'cleared', generation: 1 });
    expect(news.type === 'cleared' && Math.abs(news.playedMs - 100)).toBeLessThan(5);
    const { heard, news: after } = listen(queue, 1200);
    expect(after).toEqual([]);
    expect(heard.slice(1).every((block) => loudest(block) === 0)).toBe(true);
    expect(queue.queuedMs).toBe(0);
  });

  it('fades out instead of clicking', () => {
    const queue = new PlaybackQueue(RATE, CARD);
    queue.push(new Int16Array(320).fill(20_000));
    listen(queue, 10);
    queue.clear(1);
    const out = new Float32Array(128);
    queue.fill(out);
    for (let at = 1; at < out.length; at++) expect(Math.abs((out[at] ?? 0) - (out[at - 1] ?? 0))).toBeLessThan(0.05);
    expect(out.at(-1)).toBe(0);
  });

  it('counts the times it ran dry in the middle of a prompt, and not the silence between prompts', () => {
    const queue = new PlaybackQueue(RATE, CARD);
    queue.push(tone(20, RATE));
    listen(queue, 40);
    expect(queue.gaps).toBe(1);
    queue.push(tone(20, RATE));
    queue.mark('p1.0');
    listen(queue, 30);
    const late = queue.gaps;
    listen(queue, 500);
    expect(queue.gaps).toBe(late);
  });

  it('takes no more than half a minute, whatever is sent', () => {
    const queue = new PlaybackQueue(RATE, CARD);
    for (let second = 0; second < 100; second++) queue.push(new Int16Array(RATE));
    expect(queue.queuedMs).toBeLessThan(32_000);
  });
});

describe('the microphone of the widget', () => {
  it.each([48_000, 44_100, 16_000])('%i Hz becomes whole frames of 20 ms', (card) => {
    const capture = new CaptureFrames(card, RATE);
    const sound = tone(1000, card);
    const frames = [];
    for (let at = 0; at + 128 <= sound.length; at += 128)
      frames.push(
        ...capture.push(
          Float32Array.from(sound.subarray(at, at + 128), (sample) => sample / 32_768),
          false,
        ),
      );
    expect(frames.length).toBeGreaterThanOrEqual(48);
    expect(frames.every(({ pcm }) => pcm.length === 320)).toBe(true);
    expect(frames[20]?.peak).toBeGreaterThan(0.3);
  });

  it('muted, it sends silence and shows no level', () => {
    const capture = new CaptureFrames(16_000, RATE);
    const [frame] = capture.push(new Float32Array(320).fill(0.5), true);
    expect(frame?.peak).toBe(0);
    expect(frame?.pcm.every((sample) => sample === 0)).toBe(true);
  });
});
