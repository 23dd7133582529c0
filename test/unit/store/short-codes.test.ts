import { describe, expect, it } from 'vitest';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { RedisSessionStore } from '../../../src/store/redis-session-store.js';
import type { SessionStore } from '../../../src/store/session-store.js';
import { ShortCodes } from '../../../src/store/short-codes.js';
import { redisMissing, TestRedis } from '../../../src/testing/redis-server.js';

const from = (source = 'somebody', conversationId = source) => ({ source, conversationId });
function open(digits?: number) {
  let nowMs = 1_000_000;
  const sessions = new MemorySessionStore({ ttlMs: 1_800_000, now: () => nowMs });
  const codes = new ShortCodes(sessions, { now: () => nowMs, ...(digits === undefined ? {} : { digits }) });
  return { codes, later: (ms: number) => (nowMs += ms) };
}

describe('a short code', () => {
  it('leads to its conversation once', async () => {
    const { codes } = open();
    const { code, expiresInMs } = await codes.give('conversation-1');
    expect(code).toMatch(/^\d{6}$/);
    expect(expiresInMs).toBe(600_000);
    expect(await codes.take(code, from())).toBe('conversation-1');
    expect(await codes.take(code, from())).toBeUndefined();
  });

  it('is given to one of two who use it at the same time', async () => {
    const { codes } = open();
    const { code } = await codes.give('c');
    const taken = await Promise.all([codes.take(code, from('a')), codes.take(code, from('b'))]);
    expect(taken.filter((each) => each === 'c')).toHaveLength(1);
  });

  it('ends with its time, and when there is a newer one', async () => {
    const { codes, later } = open();
    const { code: old } = await codes.give('c');
    const { code: newer } = await codes.give('c');
    expect(await codes.take(old, from())).toBeUndefined();
    later(600_001);
    expect(await codes.take(newer, from())).toBeUndefined();
  });

  it('can not be guessed: wrong ones are counted by source, by conversation and in all, for ten minutes', async () => {
    const { codes, later } = open(10);
    const { code } = await codes.give('c');
    for (let n = 0; n < 5; n++) expect(await codes.take('0000000000', from('x', 'mine'))).toBeUndefined();
    await expect(codes.take(code, from('x', 'mine'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    for (let n = 0; n < 5; n++) await codes.take('nonsense', from('x', `other${n}`));
    await expect(codes.take(code, from('x', 'fresh'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    for (let n = 0; n < 50; n++) await codes.take('1', from(`y${n}`));
    await expect(codes.take(code, from('z'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    later(599_000);
    const again = await codes.give('c');
    later(1001);
    expect(await codes.take(again.code, from('z'))).toBe('c');
  });

  it('is looked at for no more guesses than are free, however many come while the store takes its time', async () => {
    const sessions = new MemorySessionStore({ ttlMs: 1_800_000 });
    const pause = () => new Promise((resolve) => setImmediate(resolve));
    const slow: SessionStore = Object.create(sessions, {
      get: { value: async (key: string) => pause().then(() => sessions.get(key)) },
      put: {
        value: async (key: string, value: unknown, version: number) =>
          pause().then(() => sessions.put(key, value, version)),
      },
      withLock: { value: sessions.withLock.bind(sessions) },
    });
    const looked = async (guesses: readonly { readonly source: string; readonly conversationId: string }[]) => {
      const codes = new ShortCodes(slow);
      const all = await Promise.allSettled(guesses.map((guess) => codes.take('000000', guess)));
      return all.filter(({ status }) => status === 'fulfilled').length;
    };
    expect(await looked(Array.from({ length: 200 }, (_, n) => from('one', `c${n}`)))).toBe(10);
    expect(await looked(Array.from({ length: 200 }, (_, n) => from(`many${n}`)))).toBe(50);
  });

  it('counts guesses that come all at once', async () => {
    const { codes } = open();
    const guesses = await Promise.allSettled(Array.from({ length: 10 }, () => codes.take('000000', from('x', 'c'))));
    expect(guesses.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    await expect(codes.take('000000', from('x', 'c'))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });
});

const missing = redisMissing();
describe.skipIf(missing !== undefined)(`on Redis${missing ? ` (skipped: ${missing})` : ''}`, () => {
  it('a code of one instance is taken by another', async () => {
    const redis = await TestRedis.start();
    const [a, b] = await Promise.all([1, 2].map(() => RedisSessionStore.connect({ url: redis.url, ttlMs: 60_000 })));
    if (a === undefined || b === undefined) throw new Error('two stores');
    const { code } = await new ShortCodes(a).give('c');
    expect(await new ShortCodes(b).take(code, from())).toBe('c');
    expect(await new ShortCodes(a).take(code, from())).toBeUndefined();
    await Promise.all([a.close(), b.close()]);
    await redis.stop();
  });
});
