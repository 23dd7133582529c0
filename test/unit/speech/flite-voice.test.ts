import { afterAll, describe, expect, it } from 'vitest';
import { compileProgram, MemoryWasi } from '../../../src/speech/flite/wasi.js';
import { findFlite } from '../../../src/speech/flite-voice.js';
import { SILENT_LOGGER } from '../../../src/speech/worker-process.js';

const voice = findFlite('en-GB')?.open(SILENT_LOGGER);
const never = new AbortController().signal;
afterAll(async () => voice?.close());

describe('the built-in English voice', () => {
  it('is there for English and for no other language', () => {
    expect(voice?.name).toBe('flite slt');
    expect(findFlite('zh-CN')).toBeUndefined();
  });

  it('speaks at 16 kHz, neither silent nor clipped, and slower when asked to', async () => {
    const say = async (speed: number) => voice?.make({ text: 'Your order is on its way.', speed, signal: never });
    const usual = await say(1);
    const slow = await say(0.7);
    expect(usual?.sampleRate).toBe(16_000);
    const samples = usual?.samples ?? new Int16Array(0);
    const peak = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(samples.length).toBeGreaterThan(16_000);
    expect(peak).toBeGreaterThan(3000);
    expect(samples.filter((x) => Math.abs(x) > 32_700).length).toBe(0);
    expect(slow?.samples.length ?? 0).toBeGreaterThan(samples.length * 1.2);
  }, 90_000);

  it('says nothing for what has no words, and takes text that looks like options as text', async () => {
    expect((await voice?.make({ text: '…', speed: 1, signal: never }))?.samples.length).toBe(0);
    expect((await voice?.make({ text: '-o /etc/passwd', speed: 1, signal: never }))?.samples.length).toBeGreaterThan(
      4000,
    );
  }, 90_000);

  it('drops what was cancelled while it waited, and goes on', async () => {
    const cancelled = new AbortController();
    const first = voice?.make({ text: 'One moment please.', speed: 1, signal: never });
    const second = voice?.make({ text: 'Never mind.', speed: 1, signal: cancelled.signal });
    cancelled.abort(new Error('hung up'));
    await expect(second).rejects.toThrow('hung up');
    expect((await first)?.samples.length).toBeGreaterThan(4000);
  }, 90_000);
});

describe('a program without a machine', () => {
  it('must be a command', () => {
    const empty = compileProgram(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    expect(() => new MemoryWasi(['x'], 100).run(empty)).toThrow(/no memory/);
  });
});
