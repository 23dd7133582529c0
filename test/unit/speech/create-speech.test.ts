import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config.js';
import { concat } from '../../../src/dsp/framing.js';
import { createSpeech, type Speech } from '../../../src/speech/index.js';
import { SILENT_LOGGER } from '../../../src/speech/worker-process.js';
import { hear, next, projectRoot } from '../../support/speech.js';

const cacheFolder = mkdtempSync(join(tmpdir(), 'hearken-speech-'));
const config = { ...configSchema.parse({}).speech, promptCacheFolder: cacheFolder };

describe('the speech room with the built-in models', () => {
  let speech: Speech;
  beforeAll(async () => {
    speech = await createSpeech(config, projectRoot, SILENT_LOGGER);
  }, 180_000);
  afterAll(async () => {
    await speech.close();
    rmSync(cacheFolder, { recursive: true, force: true });
  });

  async function say(text: string, language = 'zh-CN'): Promise<Int16Array> {
    const frames: Int16Array[] = [];
    for await (const { samples } of speech.synthesizer.speak(text, { language, sampleRate: 8000 }))
      frames.push(samples);
    return concat(frames);
  }

  it.each(['转人工', '我要查订单', '我要退货', '再见'])('hears what it says itself: %s', async (text) => {
    const said = await say(text);
    const stream = speech.recognizer.open({ streamId: text, sampleRate: 8000, language: 'zh-CN' });
    const final = await hear(stream, concat([new Int16Array(4000), said, new Int16Array(3200)]));
    expect(final.text).toBe(text);
    stream.close();
  });

  it('says what it runs on and why', () => {
    expect(speech.models.map(({ role, name }) => [role, name])).toEqual(
      expect.arrayContaining([
        ['voice activity', 'vad-silero'],
        ['recogniser zh-CN', 'asr-zh-phone'],
        ['voice zh-CN', 'tts-zh-yue'],
      ]),
    );
    for (const { reason } of speech.models) expect(reason.length).toBeGreaterThan(5);
  });

  it.each(['where is my order', 'yes please'])('hears the English it says itself: %s', async (text) => {
    const said = await say(text, 'en');
    const stream = speech.recognizer.open({ streamId: 'en', sampleRate: 8000, language: 'en-US' });
    const voice = next(stream, 'voice', (active) => active);
    const final = await hear(stream, concat([new Int16Array(4000), said, new Int16Array(3200)]));
    await voice;
    expect(final.text).toBe(text);
    stream.close();
  });

  it('speaks English one way or another', async () => {
    expect((await say('Your order is on its way.', 'en')).length).toBeGreaterThan(8000);
  });

  it('refuses a language that nobody configured', () => {
    expect(() => speech.recognizer.open({ streamId: 'fr', sampleRate: 8000, language: 'fr' })).toThrow(
      expect.objectContaining({ code: 'MODEL_NOT_FOUND' }),
    );
  });
});

describe('the speech room without what it needs', () => {
  it('says which model is missing', async () => {
    await expect(createSpeech({ ...config, vad: 'nope' }, projectRoot, SILENT_LOGGER)).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
  });
});
