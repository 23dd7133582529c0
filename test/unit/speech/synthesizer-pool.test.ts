import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { activeRmsDbfs, rmsDbfs } from '../../../src/dsp/levels.js';
import { findEspeak } from '../../../src/speech/espeak-voice.js';
import { SynthesizerPool } from '../../../src/speech/synthesizer-pool.js';
import { SILENT_LOGGER } from '../../../src/speech/worker-process.js';
import { projectRoot } from '../../support/speech.js';

const request = (text: string, signal = new AbortController().signal) => ({ text, speed: 1, signal });

describe('voice in its own process', () => {
  let pool: SynthesizerPool;
  beforeAll(async () => {
    pool = new SynthesizerPool({
      name: 'tts-zh-yue',
      fingerprint: 'x',
      workers: 1,
      maxWaiting: 5,
      logger: SILENT_LOGGER,
      init: { model: 'tts-zh-yue', root: projectRoot, folders: [] },
    });
    await pool.whenReady();
  }, 180_000);
  afterAll(() => pool.close());

  it('speaks', async () => {
    const { samples, sampleRate } = await pool.make(request('您好，请问有什么可以帮您？'));
    expect(samples.length / sampleRate).toBeGreaterThan(2);
    expect(samples.length / sampleRate).toBeLessThan(6);
    expect(activeRmsDbfs(samples, sampleRate)).toBeGreaterThan(-40);
  });

  it('speaks slower when told to', async () => {
    const plain = await pool.make(request('请稍候'));
    const slow = await pool.make({ ...request('请稍候'), speed: 0.7 });
    expect(slow.samples.length / plain.samples.length).toBeGreaterThan(1.2);
  });

  it('survives text in which it knows nothing', async () => {
    const [pid] = pool.pids;
    for (const text of ['', '。', '2025', '😀', '𠮷', '\u0000', 'ᚠᚢᚦ', '，，，，', '🧨。'.repeat(50)]) {
      expect((await pool.make(request(text))).samples).toHaveLength(0);
    }
    expect((await pool.make(request('好'))).samples.length).toBeGreaterThan(1000);
    expect(pool.pids[0]).toBe(pid);
  });

  it('drops what is cancelled while it waits, and refuses what is too much', async () => {
    const stop = new AbortController();
    const made = Promise.allSettled(Array.from({ length: 5 }, () => pool.make(request('请您稍等一下，我帮您查一查'))));
    const waiting = pool.make(request('不用说了', stop.signal));
    const refused = pool.make(request('太多了'));
    await expect(refused).rejects.toMatchObject({ code: 'OVERLOADED' });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    for (const result of await made) expect(result.status).toBe('fulfilled');
  });

  it('makes what is wanted first first, however late it was asked for', async () => {
    const order: string[] = [];
    const make = (text: string, withinMs: number) =>
      pool.make({ ...request(text), withinMs }).then(() => void order.push(text));
    // The first is under way at once; the others wait in the line.
    const all = [make('请您稍等一下', 0), make('第三句话', 1400), make('第二句话', 700), make('别人的第一句', 0)];
    await Promise.all(all);
    expect(order).toEqual(['请您稍等一下', '别人的第一句', '第二句话', '第三句话']);
  });

  it('leaves nothing behind on a signal that sees many clauses', async () => {
    const { signal } = new AbortController();
    for (let n = 0; n < 15; n++) await pool.make(request('好', signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('says a clause again whose process was killed under it', async () => {
    const [pid = 0] = pool.pids;
    const long = pool.make(request('感谢您的来电，'.repeat(30)));
    process.kill(pid, 'SIGKILL');
    expect((await long).samples.length).toBeGreaterThan(8000);
    await vi.waitFor(() => expect(pool.health()).toMatchObject({ alive: 1, restarts: 1 }), 45_000);
    expect(pool.pids[0]).not.toBe(pid);
  });
});

const espeakInstalled = spawnSync('espeak-ng', ['--version']).status === 0;

describe('espeak-ng as the English voice', () => {
  it('is only offered for languages it stands in for', () => {
    expect(findEspeak('zh-CN')).toBeUndefined();
    expect(findEspeak('xx')).toBeUndefined();
  });

  it.skipIf(!espeakInstalled)('speaks, and several at once', async () => {
    const voice = findEspeak('en-GB');
    const made = await Promise.all(
      Array.from({ length: 8 }, () => voice?.make(request('Your order is on its way; anything else?'))),
    );
    for (const audio of made) {
      expect((audio?.samples.length ?? 0) / (audio?.sampleRate ?? 1)).toBeGreaterThan(1);
      expect(rmsDbfs(audio?.samples ?? new Int16Array(0))).toBeGreaterThan(-40);
    }
  });

  it.skipIf(!espeakInstalled)('takes text for text, not for options or markup', async () => {
    const voice = findEspeak('en');
    for (const text of ['--version', '-w /tmp/x hello', '<audio src="/etc/passwd"/> hello']) {
      expect((await voice?.make(request(text)))?.samples.length).toBeGreaterThan(1000);
    }
    expect((await voice?.make(request('...')))?.samples).toHaveLength(0);
  });

  it.skipIf(!espeakInstalled)('stops when it is told to', async () => {
    const stop = new AbortController();
    const made = findEspeak('en')?.make(request('a very long story. '.repeat(500), stop.signal));
    stop.abort(new Error('enough'));
    await expect(made).rejects.toThrow('enough');
  });
});
