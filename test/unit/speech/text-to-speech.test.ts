import { describe, expect, it, vi } from 'vitest';
import { concat } from '../../../src/dsp/framing.js';
import { activeRmsDbfs } from '../../../src/dsp/levels.js';
import { HearkenError } from '../../../src/errors.js';
import { PromptCache } from '../../../src/speech/prompt-cache.js';
import { TextToSpeech } from '../../../src/speech/text-to-speech.js';
import type { Voice, VoiceAudio, VoiceRequest } from '../../../src/speech/voice.js';
import { SILENT_LOGGER } from '../../../src/speech/worker-process.js';

/** Hums 100 ms a character at 16 kHz, when it is told to. */
class HummingVoice implements Voice {
  readonly name = 'hum';
  readonly fingerprint = 'hum 1';
  readonly made: string[] = [];
  readonly cancelled: string[] = [];
  amplitude = 5000;
  hold: Promise<void> = Promise.resolve();
  broken: HearkenError | undefined;

  async make({ text, signal }: VoiceRequest): Promise<VoiceAudio> {
    this.made.push(text);
    signal.addEventListener('abort', () => this.cancelled.push(text));
    await this.hold;
    if (this.broken) throw this.broken;
    const samples = Int16Array.from({ length: text.length * 1600 }, (_, n) => this.amplitude * Math.sin(n / 5));
    return { samples, sampleRate: 16_000 };
  }

  async whenReady(): Promise<void> {}
  health() {
    return { workers: 1, alive: 1, restarts: 0 };
  }
  async close(): Promise<void> {}
}

function create() {
  const voice = new HummingVoice();
  const cache = new PromptCache({ memoryBytes: 1e7, diskBytes: 0, folder: '', logger: SILENT_LOGGER });
  return { voice, tts: new TextToSpeech({ voices: new Map([['zh-CN', voice]]), cache }) };
}
const options = { language: 'zh-CN', sampleRate: 8000 };
const TEXT = '您的订单已经发货，预计明天送达，请保持电话畅通。还有什么可以帮您？';

async function all(frames: AsyncIterable<{ samples: Int16Array }>): Promise<Int16Array[]> {
  const out: Int16Array[] = [];
  for await (const { samples } of frames) out.push(samples);
  return out;
}

describe('text to speech', () => {
  it('speaks in frames of 20 ms at the rate wanted', async () => {
    const { tts } = create();
    const frames = await all(tts.speak('您好您好', options));
    expect(frames.length).toBe(20);
    for (const frame of frames) expect(frame).toHaveLength(160);
  });

  it('lets the first clause leave before the rest is made', async () => {
    const { tts, voice } = create();
    const frames = tts.speak(TEXT, options)[Symbol.asyncIterator]();
    let release = () => {};
    const make = voice.make.bind(voice);
    voice.make = async (request) => {
      if (voice.made.length > 0) await new Promise<void>((resolve) => (release = resolve));
      return make(request);
    };
    // The second clause hangs, and frames come all the same.
    expect((await frames.next()).value?.samples).toHaveLength(160);
    expect(voice.made).toEqual(['您的订单已经发货，']);
    release();
    await frames.return?.(undefined);
  });

  it('stops what is being made when the reader goes away or the signal says so', async () => {
    const { tts, voice } = create();
    for await (const _ of tts.speak(TEXT, options)) break;
    expect(voice.cancelled.length).toBeGreaterThan(0);
    const stop = new AbortController();
    let frames = 0;
    for await (const _ of tts.speak(TEXT, { ...options, speed: 1.2, signal: stop.signal })) {
      if (++frames === 10) stop.abort();
    }
    expect(frames).toBe(10);
    const late = new AbortController();
    late.abort();
    expect(await all(tts.speak('您好', { ...options, signal: late.signal }))).toEqual([]);
  });

  it('does not remember a clause that was cut short', async () => {
    const { tts, voice } = create();
    let release = () => {};
    voice.hold = new Promise((resolve) => (release = resolve));
    const stop = new AbortController();
    const spoken = all(tts.speak('您好您好', { ...options, signal: stop.signal }));
    await vi.waitFor(() => expect(voice.made).toHaveLength(1), 20_000);
    stop.abort();
    release();
    expect(await spoken).toEqual([]);
    await all(tts.speak('您好您好', options));
    expect(voice.made).toHaveLength(2);
  });

  it('makes a clause once and remembers it', async () => {
    const { tts, voice } = create();
    await tts.warm([TEXT], options);
    const first = await all(tts.speak(TEXT, options));
    expect(voice.made).toHaveLength(3);
    expect(await all(tts.speak(TEXT, options))).toEqual(first);
    expect(voice.made).toHaveLength(3);
    expect(tts.health()).toMatchObject({ cacheHits: 6, cacheMisses: 3 });
  });

  it('speaks quiet and loud voices equally loud', async () => {
    const { tts, voice } = create();
    const levels: number[] = [];
    for (const [amplitude, text] of [
      [1500, '您好您好'],
      [20_000, '再见再见'],
    ] as const) {
      voice.amplitude = amplitude;
      levels.push(activeRmsDbfs(concat(await all(tts.speak(text, options))), 8000));
    }
    for (const level of levels) expect(Math.abs(level + 20)).toBeLessThan(1);
  });

  it('says nothing for text with nothing to say in it', async () => {
    const { tts, voice } = create();
    for (const text of ['', '  ', '😀👍', '。。。', 'https://example.com']) {
      expect(await all(tts.speak(text, options))).toEqual([]);
    }
    expect(voice.made).toEqual([]);
  });

  it('reads numbers the way people say them', async () => {
    const { tts, voice } = create();
    await all(tts.speak('共￥128，3-5天到', options));
    expect(voice.made.join('')).toBe('共一百二十八元，三到五天到');
  });

  it('tells that it can not speak, with the reason', async () => {
    const { tts, voice } = create();
    voice.broken = new HearkenError('WORKER_LOST', 'gone');
    await expect(all(tts.speak('您好', options))).rejects.toMatchObject({
      code: 'SYNTHESIS_FAILED',
      message: expect.stringContaining('gone'),
    });
    await expect(all(tts.speak('Bonjour', { ...options, language: 'fr' }))).rejects.toMatchObject({
      code: 'SYNTHESIS_FAILED',
    });
    await expect(tts.warm(['您好', '再见'], options)).rejects.toMatchObject({ code: 'SYNTHESIS_FAILED' });
  });
});
