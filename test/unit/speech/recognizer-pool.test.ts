import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { concat } from '../../../src/dsp/framing.js';
import type { RecognizerPool } from '../../../src/speech/recognizer-pool.js';
import { feed, hear, next, recognizerPool, spoken, spokenParts } from '../../support/speech.js';

const silence = (ms: number) => new Int16Array(ms * 8);
const same = (text: string) => text.replaceAll('幺', '一');

describe('recogniser pool', () => {
  let pool: RecognizerPool;
  let count = 0;
  const open = (from = pool) => from.open({ streamId: `test-${count++}`, sampleRate: 8000, language: 'zh-CN' });

  beforeAll(async () => {
    pool = recognizerPool({ workers: 2 });
    await pool.whenReady();
  }, 180_000);
  afterAll(() => pool.close());

  it('hears a caller: voice, partials that grow, one final for one flush', async () => {
    const stream = open();
    const voices: boolean[] = [];
    const partials: { text: string; stableMs: number }[] = [];
    let finals = 0;
    stream.on('voice', (active) => voices.push(active));
    stream.on('partial', ({ text, stableMs }) => partials.push({ text, stableMs }));
    stream.on('final', () => finals++);
    const final = await hear(stream, concat([silence(500), spoken('human', '转人工'), silence(300)]));
    expect(final.text).toBe('转人工');
    expect(final.confidence).toBeGreaterThan(0.3);
    expect(final.confidence).toBeLessThanOrEqual(1);
    expect(voices).toEqual([true, false]);
    expect(partials.at(-1)?.text).toBe('转人工');
    // The same text told again says for how long it has stood.
    expect(partials.some(({ text, stableMs }) => text === '转人工' && stableMs >= 150)).toBe(true);
    expect(finals).toBe(1);
    stream.close();
  });

  it('tells times of the stream itself, however late they are known', async () => {
    const stream = open();
    const began = next(stream, 'voice', (active) => active);
    const ended = next(stream, 'voice', (active) => !active);
    const said = spoken('human', '转人工');
    const final = await hear(stream, concat([silence(1000), said, silence(500)]));
    const [, beganMs] = await began;
    const [, endedMs] = await ended;
    // 300 ms of line, then 150 ms of margin, lie around the words.
    expect(Math.abs(beganMs - 1450)).toBeLessThan(120);
    expect(Math.abs(endedMs - (1000 + said.length / 8 - 450))).toBeLessThan(200);
    expect(final.startMs).toBe(beganMs);
    expect(final.endMs).toBe(endedMs);
    stream.close();
  });

  it('answers a flush of silence with an empty final', async () => {
    const stream = open();
    const final = await hear(stream, silence(1000));
    expect(final).toMatchObject({ text: '', confidence: 0 });
    stream.close();
  });

  it('begins afresh after each flush of one stream', async () => {
    const stream = open();
    const parts = spokenParts('order-last-four');
    const heard: string[] = [];
    for (const { pcm } of parts) heard.push((await hear(stream, pcm)).text);
    expect(heard.map(same)).toEqual(parts.map(({ text }) => same(text)));
    stream.close();
  });

  it('hears many callers at once as it hears each alone', async () => {
    const parts = ['order-last-four', 'human', 'human-espeak', 'order-status-espeak', 'opening-hours', 'return']
      .flatMap((call) => spokenParts(call))
      .slice(0, 16);
    const alone: string[] = [];
    for (const { pcm } of parts) {
      const stream = open();
      alone.push((await hear(stream, pcm)).text);
      stream.close();
    }
    const together = await Promise.all(
      parts.map(async ({ pcm }) => {
        const stream = open();
        const { text } = await hear(stream, pcm);
        stream.close();
        return text;
      }),
    );
    expect(together).toEqual(alone);
  });

  it('takes audio at other rates', async () => {
    const narrow = spoken('human', '转人工');
    const wide = Int16Array.from({ length: narrow.length * 2 }, (_, n) => {
      const here = narrow[n >> 1] ?? 0;
      return n % 2 === 0 ? here : Math.round((here + (narrow[(n >> 1) + 1] ?? here)) / 2);
    });
    const stream = pool.open({ streamId: 'wide', sampleRate: 16_000, language: 'zh-CN' });
    for (let start = 0; start < wide.length; start += 1600) {
      stream.accept(wide.subarray(start, start + 1600));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    stream.flush();
    const [final] = await next(stream, 'final');
    expect(final.text).toBe('转人工');
    stream.close();
  });

  it('bounds what waits: the oldest is dropped and counted, and the clock goes on', async () => {
    const stream = open();
    const before = pool.health().droppedMs;
    // Ten seconds in one turn of the event loop: nothing can have been sent meanwhile.
    for (let n = 0; n < 100; n++) stream.accept(silence(100));
    expect(pool.health().droppedMs - before).toBeGreaterThanOrEqual(7900);
    const final = await hear(stream, spoken('human', '转人工'));
    expect(final.text).toBe('转人工');
    expect(final.startMs).toBeGreaterThan(10_000);
    stream.close();
  });

  it('says nothing more after close, and forgets the stream', async () => {
    const streams = pool.health().streams;
    const stream = open();
    let events = 0;
    for (const name of ['voice', 'partial', 'final', 'failed'] as const) stream.on(name, () => events++);
    stream.accept(spoken('human', '转人工'));
    stream.close();
    stream.close();
    expect(stream.accept(silence(20))).toBe(0);
    const other = open();
    await hear(other, silence(200));
    other.close();
    expect(events).toBe(0);
    expect(pool.health().streams).toBe(streams);
  });

  it('spreads streams over its workers', async () => {
    const streams = Array.from({ length: 6 }, () => open());
    expect(pool.health()).toMatchObject({ workers: 2, alive: 2, streams: 6 });
    for (const stream of streams) stream.close();
  });
});

describe('a recogniser process that is killed', () => {
  it('takes no call with it: the stream moves, the audio is heard again, the words are whole', async () => {
    const pool = recognizerPool({ workers: 2 });
    try {
      await pool.whenReady();
      const stream = pool.open({ streamId: 'kill', sampleRate: 8000, language: 'zh-CN' });
      const voices: boolean[] = [];
      stream.on('voice', (active) => voices.push(active));
      const said = spoken('human-after-order', '我要查订单');
      const half = said.length >> 1;
      await feed(stream, said.subarray(0, half));
      // The first worker got the stream: workers are filled in order.
      const recovered = next(stream, 'recovered');
      process.kill(pool.pids[0] ?? 0, 'SIGKILL');
      await feed(stream, said.subarray(half));
      stream.flush();
      const [final] = await next(stream, 'final');
      expect(final.text).toBe('我要查订单');
      expect(await recovered).toEqual([0]);
      expect(voices).toEqual([true, false]);
      expect(pool.health().streams).toBe(1);
      stream.close();
    } finally {
      await pool.close();
    }
  }, 180_000);

  it('is restarted, and its streams wait for it when there is no other', async () => {
    const pool = recognizerPool({ workers: 1 });
    try {
      await pool.whenReady();
      const [pid = 0] = pool.pids;
      const stream = pool.open({ streamId: 'alone', sampleRate: 8000, language: 'zh-CN' });
      const said = spoken('human', '转人工');
      await feed(stream, said);
      // Killed first: it could have answered before it is gone.
      process.kill(pid, 'SIGKILL');
      const flushId = stream.flush();
      const [final] = await next(stream, 'final', () => true, 90_000);
      expect(final).toMatchObject({ text: '转人工', flushId });
      expect(pool.pids).not.toContain(pid);
      expect(pool.health()).toMatchObject({ alive: 1, restarts: 1 });
      stream.close();
    } finally {
      await pool.close();
    }
  }, 180_000);
});

describe('a recogniser process that hangs', () => {
  it('is killed, and its calls go on', async () => {
    const pool = recognizerPool({ workers: 1, hangTimeoutMs: 500 });
    try {
      await pool.whenReady();
      const stream = pool.open({ streamId: 'hang', sampleRate: 8000, language: 'zh-CN' });
      const said = spoken('human', '转人工');
      const [pid = 0] = pool.pids;
      process.kill(pid, 'SIGSTOP');
      for (let start = 0; start < said.length; start += 800) stream.accept(said.subarray(start, start + 800));
      stream.flush();
      const [final] = await next(stream, 'final', () => true, 90_000);
      expect(final.text).toBe('转人工');
      expect(pool.pids).not.toContain(pid);
      stream.close();
    } finally {
      await pool.close();
    }
  }, 180_000);
});

describe('a full recogniser pool', () => {
  it('refuses new calls and keeps those it has', async () => {
    const pool = recognizerPool({ maxStreamsPerWorker: 2 });
    const open = () => pool.open({ streamId: 'x', sampleRate: 8000, language: 'zh-CN' });
    try {
      expect(open).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
      await pool.whenReady();
      const first = open();
      open();
      expect(open).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
      first.close();
      const third = open();
      const failed = new Promise((resolve) => third.on('failed', resolve));
      await pool.close();
      expect(await failed).toMatch(/closing/);
      expect(open).toThrow(expect.objectContaining({ code: 'DRAINING' }));
    } finally {
      await pool.close();
    }
  }, 180_000);
});

describe('a recogniser pool that has enough to do', () => {
  it('refuses new calls by its own measured load, and takes them again when it has time', async () => {
    const pool = recognizerPool({ highestLoad: 0.05 });
    const open = () => pool.open({ streamId: 'busy', sampleRate: 8000, language: 'zh-CN' });
    try {
      await pool.whenReady();
      const streams = Array.from({ length: 4 }, open);
      const said = concat(spokenParts('order-status-espeak').map(({ pcm }) => pcm));
      const refused = (): boolean => {
        try {
          open().close();
          return false;
        } catch (error) {
          expect(error).toMatchObject({ code: 'OVERLOADED' });
          return true;
        }
      };
      // A moment of work is no reason; it goes on for seconds.
      const end = Date.now() + 30_000;
      while (!refused() && Date.now() < end) await Promise.all(streams.map((stream) => feed(stream, said)));
      expect(pool.health().load).toBeGreaterThan(0.05);
      expect(pool.health().refused).toBe(1);
      // Those on the line are heard to their end.
      expect((await hear(streams[0] as (typeof streams)[0], spoken('human', '转人工'))).text).toContain('转人工');
      for (const stream of streams) stream.close();
      await vi.waitFor(() => expect(open().close()).toBeUndefined(), { timeout: 60_000, interval: 200 });
    } finally {
      await pool.close();
    }
  }, 180_000);
});

describe('a recogniser process that stands still for a moment', () => {
  it('is no reason to refuse a caller', async () => {
    const pool = recognizerPool();
    const open = () => pool.open({ streamId: 'still', sampleRate: 8000, language: 'zh-CN' });
    try {
      await pool.whenReady();
      const stream = open();
      const [pid = 0] = pool.pids;
      // On a machine that is busy itself the moment may become too long: then another.
      let stoodMs = Number.POSITIVE_INFINITY;
      for (let tries = 0; tries < 10 && stoodMs > 1300; tries++) {
        process.kill(pid, 'SIGSTOP');
        try {
          const stoppedMs = performance.now();
          while (performance.now() - stoppedMs < 700) {
            stream.accept(silence(20));
            await sleep(20);
          }
          stoodMs = performance.now() - stoppedMs;
          if (stoodMs <= 1300) expect(open().close()).toBeUndefined();
        } finally {
          process.kill(pid, 'SIGCONT');
        }
        await hear(stream, silence(20));
      }
      expect(stoodMs).toBeLessThanOrEqual(1300);
    } finally {
      await pool.close();
    }
  }, 120_000);
});
