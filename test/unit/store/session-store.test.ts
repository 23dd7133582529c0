import { connect as connectTcp, createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { RedisSessionStore } from '../../../src/store/redis-session-store.js';
import { ResilientSessionStore } from '../../../src/store/resilient-session-store.js';
import type { SessionStore } from '../../../src/store/session-store.js';
import { redisMissing, TestRedis } from '../../../src/testing/redis-server.js';

interface Value {
  readonly text: string;
}

/** The way of one instance to Redis, which can be cut, or lose what Redis answers, while others still reach it. */
class Way {
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    const redis = connectTcp(this.#redisPort, '127.0.0.1');
    for (const [each, other] of [
      [socket, redis],
      [redis, socket],
    ] as const) {
      this.#sockets.add(each);
      each.on('error', () => {}).on('close', () => other.destroy());
    }
    socket.on('data', (bytes) => redis.write(bytes));
    redis.on('data', (bytes) => this.answers && socket.write(bytes));
    if (this.#cut) socket.destroy();
  });
  readonly #redisPort: number;
  #cut = false;
  answers = true;

  constructor(redisUrl: string) {
    this.#redisPort = Number(new URL(redisUrl).port);
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return `redis://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  mend(): void {
    this.#cut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

/** What a machine with too much to do does to a process. */
function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const missing = redisMissing();
let redis: TestRedis | undefined;
beforeAll(async () => {
  if (missing === undefined) redis = await TestRedis.start();
});
afterAll(async () => redis?.stop());

const kinds: readonly [string, (ttlMs: number) => Promise<SessionStore<Value>>][] = [
  ['memory', async (ttlMs) => new MemorySessionStore<Value>({ ttlMs })],
  [
    'redis with a copy at hand',
    async (ttlMs) =>
      new ResilientSessionStore(await RedisSessionStore.connect<Value>({ url: redis?.url ?? '', ttlMs }), { ttlMs }),
  ],
  ['redis', (ttlMs) => RedisSessionStore.connect<Value>({ url: redis?.url ?? '', ttlMs })],
];

for (const [kind, make] of kinds) {
  describe.skipIf(kind !== 'memory' && missing !== undefined)(
    `session store: ${kind}${kind !== 'memory' && missing ? ` (skipped: ${missing})` : ''}`,
    () => {
      const open: SessionStore<Value>[] = [];
      let count = 0;
      const store = async (ttlMs = 60_000): Promise<SessionStore<Value>> => {
        const made = await make(ttlMs);
        open.push(made);
        return made;
      };
      const newKey = (): string => `${kind}-${process.pid}-${count++}`;
      afterEach(async () => {
        await Promise.all(open.splice(0).map((each) => each.close()));
      });

      it('keeps what was put and counts versions up from 1', async () => {
        const s = await store();
        const key = newKey();
        expect(await s.get(key)).toBeUndefined();
        expect(await s.put(key, { text: '你好 "quoted" \u0000' }, 0)).toBe(1);
        expect(await s.get(key)).toEqual({ value: { text: '你好 "quoted" \u0000' }, version: 1 });
        expect(await s.put(key, { text: 'b' }, 1)).toBe(2);
      });

      it('holds what was put, whatever becomes of it in the hands of who gave it or was given it', async () => {
        const s = (await store()) as unknown as SessionStore<{ list: { n: number }[]; map: Record<string, unknown> }>;
        const key = newKey();
        const given = { list: [{ n: 1 }], map: { a: 1 } as Record<string, unknown> };
        const as = { list: [{ n: 1 }], map: { a: 1 } };
        await s.put(key, given, 0);
        given.map.b = 2;
        given.list.push({ n: 2 });
        expect((await s.get(key))?.value).toEqual(as);
        const got = (await s.get(key))?.value;
        const change = (work: () => void): void => {
          try {
            work();
          } catch {
            // Refused is as good as without effect.
          }
        };
        change(() => got?.list.push({ n: 3 }));
        change(() => Object.assign(got?.list[0] ?? {}, { n: 4 }));
        change(() => Object.assign(got?.map ?? {}, { c: 5 }));
        expect((await s.get(key))?.value).toEqual(as);
        // What is put again in parts brings nothing along that could be changed.
        const list = [...(got?.list ?? []).slice(0, 1), { n: 6 }];
        await s.put(key, { list, map: { ...got?.map } }, 1);
        Object.assign(list[1] ?? {}, { n: 7 });
        expect((await s.get(key))?.value.list.at(-1)).toEqual({ n: 6 });
      });

      it('keeps of a value what JSON keeps of it, and refuses what JSON refuses', async () => {
        const s = (await store()) as unknown as SessionStore<unknown>;
        const key = newKey();
        const at = new Date(0);
        await s.put(key, { gone: undefined, at, list: [undefined, Number.NaN], deep: { run: () => 1, x: 1 } }, 0);
        const { value } = (await s.get(key)) ?? {};
        expect(value).toStrictEqual({ at: at.toISOString(), list: [null, null], deep: { x: 1 } });
        await expect(s.put(key, { big: 1n }, 1)).rejects.toThrow(TypeError);
        const ring: Record<string, unknown> = {};
        ring.self = ring;
        await expect(s.put(key, ring, 1)).rejects.toThrow(TypeError);
        expect((await s.get(key))?.version).toBe(1);
      });

      it('refuses a put over a version it has not seen', async () => {
        const s = await store();
        const key = newKey();
        await s.put(key, { text: 'a' }, 0);
        await expect(s.put(key, { text: 'b' }, 0)).rejects.toMatchObject({ code: 'SESSION_CONFLICT' });
        await expect(s.put(key, { text: 'b' }, 2)).rejects.toMatchObject({ code: 'SESSION_CONFLICT' });
        expect((await s.get(key))?.value.text).toBe('a');
      });

      it('lets exactly one of many simultaneous puts win', async () => {
        const s = await store();
        const key = newKey();
        const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => s.put(key, { text: `${i}` }, 0)));
        expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
      });

      it('forgets a session when its time is over, and starts at version 0 again', async () => {
        const s = await store(60);
        const key = newKey();
        await s.put(key, { text: 'a' }, 0);
        await expect.poll(() => s.get(key)).toBeUndefined();
        expect(await s.put(key, { text: 'b' }, 0)).toBe(1);
      });

      it('starts the time anew with each put', async () => {
        const ttlMs = 1000;
        const s = await store(ttlMs);
        // Whether it was there all the time; undefined where a machine that stood still has let it run out.
        const attempt = async (): Promise<boolean | undefined> => {
          const key = newKey();
          const began = performance.now();
          let last = began;
          let pauseMs = 0;
          const look = (): void => {
            pauseMs = Math.max(pauseMs, performance.now() - last);
            last = performance.now();
          };
          let kept = true;
          for (let version = 0; kept && performance.now() - began < 1.8 * ttlMs; version++) {
            kept = await s.put(key, { text: 'a' }, version).then(
              () => true,
              () => false,
            );
            look();
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          const there = kept && (await s.get(key)) !== undefined;
          look();
          return there || pauseMs < ttlMs / 2 ? there : undefined;
        };
        let there: boolean | undefined;
        while (there === undefined) there = await attempt();
        expect(there).toBe(true);
      });

      it('forgets on delete', async () => {
        const s = await store();
        const key = newKey();
        await s.put(key, { text: 'a' }, 0);
        await s.delete(key);
        expect(await s.get(key)).toBeUndefined();
      });

      it('runs the work on one key one after another and on others beside it', async () => {
        const s = await store();
        const key = newKey();
        let inside = 0;
        let most = 0;
        await Promise.all(
          Array.from({ length: 10 }, () =>
            s.withLock(key, 20_000, async () => {
              most = Math.max(most, ++inside);
              await s.ping();
              inside--;
            }),
          ),
        );
        expect(most).toBe(1);
        const other = s.withLock(key, 20_000, () => s.withLock(newKey(), 20_000, async () => 'nested'));
        expect(await other).toBe('nested');
      });

      it('tells a waiter that waited too long, and serves the next one', async () => {
        const s = await store();
        const key = newKey();
        let finish: () => void = () => {};
        const held = s.withLock(key, 20_000, () => new Promise<void>((resolve) => (finish = resolve)));
        await expect(s.withLock(key, 50, async () => {})).rejects.toMatchObject({ code: 'SESSION_CONFLICT' });
        finish();
        await held;
        expect(await s.withLock(key, 20_000, async () => 'next')).toBe('next');
      });

      it('hands what is stored to whoever has the lock, and takes back what becomes of it', async () => {
        const s = await store();
        const key = newKey();
        const turn = (text: string) =>
          s.withLock(key, 20_000, async (held) => {
            const before = await held.get();
            return [before?.value.text, await held.finish({ text }, before?.version ?? 0)];
          });
        expect(await turn('a')).toEqual([undefined, 1]);
        expect(await turn('b')).toEqual(['a', 2]);
        await s.put(key, { text: 'beside it' }, 2);
        expect(await turn('c')).toEqual(['beside it', 4]);
        const late = s.withLock(key, 20_000, async (held) => {
          expect((await held.get())?.version).toBe(4);
          await s.put(key, { text: 'between' }, 4);
          expect((await held.get())?.value.text).toBe('between');
          return held.finish({ text: 'd' }, 4);
        });
        await expect(late).rejects.toMatchObject({ code: 'SESSION_CONFLICT' });
        expect(await turn('e')).toEqual(['between', 6]);
      });

      it('runs turns one after another, whether they claim the conversation or not, and loses none', async () => {
        const s = await store();
        const key = newKey();
        const counted = Array.from({ length: 12 }, (_, n) =>
          s.withTurn(key, 20_000, async (held) => {
            const before = await held.get();
            if (n % 3 === 0) await held.claim();
            return held.finish({ text: `${Number(before?.value.text ?? 0) + 1}` }, before?.version ?? 0);
          }),
        );
        expect(await Promise.all(counted)).toEqual(counted.map((_, n) => n + 1));
        expect((await s.get(key))?.value.text).toBe('12');
        await expect(
          s.withTurn(key, 20_000, async (held) => {
            await held.claim();
            throw new Error('broken');
          }),
        ).rejects.toThrow('broken');
        expect(await s.withLock(key, 20_000, async () => 'free')).toBe('free');
      });

      it('frees the lock when the work throws', async () => {
        const s = await store();
        const key = newKey();
        await expect(
          s.withLock(key, 20_000, async () => {
            throw new Error('broken');
          }),
        ).rejects.toThrow('broken');
        expect(await s.withLock(key, 20_000, async () => 'free')).toBe('free');
      });
    },
  );
}

describe('the memory store', () => {
  it('makes room for new sessions when it is full', async () => {
    const s = new MemorySessionStore<Value>({ ttlMs: 60_000, maxSessions: 3 });
    for (const key of ['a', 'b', 'c', 'd']) await s.put(key, { text: key }, 0);
    expect(s.size).toBe(3);
    expect(await s.get('a')).toBeUndefined();
  });

  it('gives back every session, also the many that were left long ago', async () => {
    const s = new MemorySessionStore<Value>({ ttlMs: 60_000 });
    for (let index = 0; index < 3000; index++) await s.put(`${index}`, { text: `text ${index}` }, 0);
    for (let index = 0; index < 3000; index += 100)
      expect(await s.get(`${index}`)).toEqual({ value: { text: `text ${index}` }, version: 1 });
    await s.put('0', { text: 'again' }, 1);
    expect((await s.get('0'))?.value.text).toBe('again');
  });
});

describe.skipIf(missing !== undefined)(`the Redis store${missing ? ` (skipped: ${missing})` : ''}`, () => {
  it('keeps two instances from working on one conversation at once', async () => {
    const url = redis?.url ?? '';
    const [a, b] = await Promise.all([
      RedisSessionStore.connect<Value>({ url, ttlMs: 60_000 }),
      RedisSessionStore.connect<Value>({ url, ttlMs: 60_000 }),
    ]);
    let inside = 0;
    let most = 0;
    const work = async (s: SessionStore<Value>): Promise<void> => {
      most = Math.max(most, ++inside);
      const before = await s.get('shared');
      await s.put('shared', { text: `${Number(before?.value.text ?? 0) + 1}` }, before?.version ?? 0);
      inside--;
    };
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? a : b)).map((s) => s.withLock('shared', 30_000, () => work(s))),
    );
    expect(most).toBe(1);
    expect((await a.get('shared'))?.value.text).toBe('20');
    await Promise.all([a.close(), b.close()]);
  });

  it('frees the lock of a holder that died, and fences off one that only slept', async () => {
    const url = redis?.url ?? '';
    const sleeper = await RedisSessionStore.connect<Value>({ url, ttlMs: 60_000, lockTtlMs: 100 });
    const other = await RedisSessionStore.connect<Value>({ url, ttlMs: 60_000 });
    let wake: () => void = () => {};
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const slept = sleeper.withLock('fence', 20_000, async () => {
      // A process that is stopped renews nothing: hold the event loop until the lock has expired.
      const until = performance.now() + 150;
      while (performance.now() < until);
      await woken;
      return sleeper.put('fence', { text: 'late' }, 0);
    });
    await other.withLock('fence', 20_000, () => other.put('fence', { text: 'in time' }, 0)).catch(() => undefined);
    wake();
    await expect(slept).rejects.toMatchObject({ code: 'SESSION_CONFLICT' });
    expect((await other.get('fence'))?.value.text).toBe('in time');
    await Promise.all([sleeper.close(), other.close()]);
  });

  it('keeps a lock for as long as its holder lives and works, however short its life', async () => {
    const url = redis?.url ?? '';
    const holder = await RedisSessionStore.connect<Value>({ url, ttlMs: 60_000, lockTtlMs: 2500 });
    const other = await RedisSessionStore.connect<Value>({ url, ttlMs: 60_000 });
    let end: () => void = () => {};
    const work = holder.withLock('long', 20_000, () => new Promise<void>((resolve) => (end = resolve)));
    await expect(other.withLock('long', 3500, async () => 'meanwhile')).rejects.toMatchObject({
      code: 'SESSION_CONFLICT',
    });
    end();
    await work;
    expect(await other.withLock('long', 20_000, async () => 'next')).toBe('next');
    await Promise.all([holder.close(), other.close()]);
  });

  it('lets another instance go on as soon as a turn is finished', async () => {
    const url = redis?.url ?? '';
    const a = await RedisSessionStore.connect<Value>({ url, ttlMs: 60_000 });
    const b = await RedisSessionStore.connect<Value>({ url, ttlMs: 60_000 });
    const order = await a.withLock('baton', 20_000, async (held) => {
      await held.finish({ text: 'a' }, 0);
      return b.withLock('baton', 20_000, async (next) => (await next.get())?.value.text);
    });
    expect(order).toBe('a');
    await Promise.all([a.close(), b.close()]);
  });

  it('takes no other conversation along when Redis refuses one', async () => {
    const url = redis?.url ?? '';
    const s = await RedisSessionStore.connect<Value>({ url, ttlMs: 60_000, prefix: 'odd:' });
    const raw = new Redis(url);
    await raw.set('odd:session:foreign', 'no hash');
    const [refused, fine] = await Promise.allSettled([
      s.put('foreign', { text: 'a' }, 0),
      s.withLock('own', 20_000, (held) => held.finish({ text: 'b' }, 0)),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
    expect(fine).toEqual({ status: 'fulfilled', value: 1 });
    await Promise.all([s.close(), raw.quit()]);
  });

  it('says clearly that Redis is away, and works again when it is back', async () => {
    const own = await TestRedis.start();
    const s = await RedisSessionStore.connect<Value>({ url: own.url, ttlMs: 60_000 });
    await s.put('k', { text: 'a' }, 0);
    await own.stop();
    await expect(s.get('k')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 });
    await own.resume();
    await expect
      .poll(
        () =>
          s
            .ping()
            .then(() => 'back')
            .catch(() => 'away'),
        { timeout: 30_000 },
      )
      .toBe('back');
    await s.close();
    await own.stop();
  });

  it('does not take its own standstill for an absence of Redis, and leaves no lock behind', async () => {
    const url = redis?.url ?? '';
    const s = await RedisSessionStore.connect<Value>({ url, ttlMs: 60_000, commandTimeoutMs: 500 });
    const other = await RedisSessionStore.connect<Value>({ url, ttlMs: 60_000 });
    const turn = s.withLock('stall', 20_000, async () => 'done');
    await new Promise((resolve) => setImmediate(resolve));
    standStill(1500);
    expect(await turn).toBe('done');
    expect(await other.withLock('stall', 8000, async () => 'next')).toBe('next');
    await Promise.all([s.close(), other.close()]);
  });

  it('gives up on a Redis that hangs, refuses at once then, frees what it may have locked, and is back when Redis is', async () => {
    const own = await TestRedis.start();
    const s = await RedisSessionStore.connect<Value>({ url: own.url, ttlMs: 60_000, commandTimeoutMs: 200 });
    const other = await RedisSessionStore.connect<Value>({ url: own.url, ttlMs: 60_000 });
    own.freeze();
    await expect(s.withLock('hang', 1000, async () => 'never')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const tookMs: number[] = [];
    for (let round = 0; round < 5; round++) {
      const began = performance.now();
      await expect(s.get('hang')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      tookMs.push(performance.now() - began);
    }
    // The machine may stand still now and then; asking Redis would take 200 ms each time.
    expect(Math.min(...tookMs)).toBeLessThan(150);
    own.thaw();
    const back = () =>
      s.ping().then(
        () => 'back',
        () => 'away',
      );
    await expect.poll(back, { timeout: 30_000 }).toBe('back');
    // Well before the lock, which Redis gave out after it had woken, expires by itself (10 s).
    expect(await other.withLock('hang', 8000, async () => 'free')).toBe('free');
    await Promise.all([s.close(), other.close()]);
    await own.stop();
  });

  it('tells a wrong password from a Redis that is away', async () => {
    const own = await TestRedis.start();
    const admin = new Redis(own.url);
    await admin.config('SET', 'requirepass', 'right');
    const url = own.url.replace('://', '://:wrong@');
    await expect(RedisSessionStore.connect({ url, ttlMs: 1000 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('does not let us in: WRONGPASS'),
      hint: expect.stringContaining('password in REDIS_URL'),
    });
    admin.disconnect();
    await own.stop();
  });

  it('refuses to connect where nobody answers', async () => {
    await expect(RedisSessionStore.connect({ url: 'redis://127.0.0.1:1', ttlMs: 1000 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });
});

describe.skipIf(missing !== undefined)(`Redis with a copy at hand${missing ? ` (skipped: ${missing})` : ''}`, () => {
  const connect = async (url: string) =>
    new ResilientSessionStore(await RedisSessionStore.connect<Value>({ url, ttlMs: 60_000 }), {
      ttlMs: 60_000,
      retryMs: 20,
    });

  it('goes on with the conversations it holds, refuses those it does not know, and writes back', async () => {
    const own = await TestRedis.start();
    const s = await connect(own.url);
    await s.put('k', { text: 'before' }, 0);
    await own.stop();
    expect(await s.withLock('k', 20_000, async () => (await s.get('k'))?.value.text)).toBe('before');
    expect(await s.put('k', { text: 'meanwhile' }, 1)).toBe(2);
    await expect(s.put('k', { text: 'stale' }, 1)).rejects.toMatchObject({ code: 'SESSION_CONFLICT' });
    await expect(s.get('unknown')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(s.unsaved).toBe(1);
    await own.resume();
    await expect.poll(() => s.unsaved, { timeout: 30_000 }).toBe(0);
    const other = await connect(own.url);
    expect(await other.get('k')).toEqual({ value: { text: 'meanwhile' }, version: 2 });
    await Promise.all([s.close(), other.close()]);
    await own.stop();
  });

  it('asks Redis once in a turn that needs no lock, and sends what has changed', async () => {
    const url = redis?.url ?? '';
    const s = await connect(url);
    const raw = new Redis(url);
    const long = 'x'.repeat(5000);
    const calls = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await raw.info('commandstats'))?.[1] ?? 0);
    const turn = (text: string) =>
      s.withTurn('once', 20_000, async (held) => {
        const before = await held.get();
        const value = { ...before?.value, text, long } as Value;
        return held.finish(value, before?.version ?? 0);
      });
    expect(await turn('first')).toBe(1);
    const before = await calls();
    for (let version = 2; version <= 5; version++) expect(await turn(`${version}`)).toBe(version);
    expect((await calls()) - before).toBe(4);
    const stored = await raw.hgetall('hearken:session:once');
    expect(stored).toMatchObject({ s: '2', v: '5', b: '1' });
    expect(stored.p5).toBe('{"set":{"text":"5"}}');
    // Another instance reads all of it, and goes on with it.
    const other = await connect(url);
    expect(await other.get('once')).toEqual({ value: { text: '5', long }, version: 5 });
    expect(await other.put('once', { text: '6' }, 5)).toBe(6);
    expect(await s.get('once')).toEqual({ value: { text: '6' }, version: 6 });
    await Promise.all([s.close(), other.close(), raw.quit()]);
  });

  it('writes all of it now and then, so that what is stored does not grow without end', async () => {
    const url = redis?.url ?? '';
    const [s, other] = await Promise.all([connect(url), connect(url)]);
    const raw = new Redis(url);
    let most = 0;
    for (let version = 0; version < 100; version++) {
      await s.put('long', { text: `${version}` }, version);
      most = Math.max(most, await raw.hlen('hearken:session:long'));
      if (version % 10 === 9) expect((await other.get('long'))?.value.text).toBe(`${version}`);
    }
    expect(most).toBeLessThan(50);
    await Promise.all([s.close(), other.close(), raw.quit()]);
  });

  it('begins a turn anew that another instance was faster with, and does what is felt outside once', async () => {
    const url = redis?.url ?? '';
    const [a, b] = await Promise.all([connect(url), connect(url)]);
    await a.put('race', { text: 'a1' }, 0);
    const seen: string[] = [];
    const effects: string[] = [];
    const late = a.withTurn('race', 20_000, async (held) => {
      const before = await held.get();
      seen.push(before?.value.text ?? '');
      if (seen.length === 1)
        await b.withTurn('race', 20_000, async (own) => own.finish({ text: 'b2' }, (await own.get())?.version ?? 0));
      await held.claim();
      effects.push(before?.value.text ?? '');
      return held.finish({ text: 'a3' }, before?.version ?? 0);
    });
    expect(await late).toBe(3);
    expect(seen).toEqual(['a1', 'b2']);
    expect(effects).toEqual(['b2']);
    expect((await b.get('race'))?.value.text).toBe('a3');
    await Promise.all([a.close(), b.close()]);
  });

  it('begins no turn for nothing where a conversation goes from one instance to the other all the time', async () => {
    const url = redis?.url ?? '';
    const stores = await Promise.all([connect(url), connect(url)]);
    let begun = 0;
    const turn = (s: SessionStore<Value>) =>
      s.withTurn('to and fro', 20_000, async (held) => {
        begun++;
        const before = await held.get();
        return held.finish({ text: `${Number(before?.value.text ?? 0) + 1}` }, before?.version ?? 0);
      });
    const toAndFro = async (turns: number) => {
      begun = 0;
      for (let n = 0; n < turns; n++) await turn(stores[n % 2 === 0 ? 0 : 1]);
      return begun;
    };
    expect(await toAndFro(20)).toBeGreaterThan(20);
    expect(await toAndFro(20)).toBe(20);
    expect((await stores[0].get('to and fro'))?.value.text).toBe('40');
    await Promise.all(stores.map((each) => each.close()));
  });

  it('writes nothing while another instance has the conversation', async () => {
    const url = redis?.url ?? '';
    const [a, b] = await Promise.all([connect(url), connect(url)]);
    await a.put('taken', { text: 'a1' }, 0);
    let letGo: () => void = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let claimed: () => void = () => {};
    const claim = new Promise<void>((resolve) => (claimed = resolve));
    const first = b.withTurn('taken', 20_000, async (own) => {
      const before = await own.get();
      await own.claim();
      claimed();
      await held;
      return own.finish({ text: `${before?.value.text} b2` }, before?.version ?? 0);
    });
    await claim;
    let attempts = 0;
    const second = a.withTurn('taken', 20_000, async (own) => {
      const before = await own.get();
      if (++attempts === 1) setTimeout(letGo, 100);
      return own.finish({ text: `${before?.value.text} a3` }, before?.version ?? 0);
    });
    expect(await Promise.all([first, second])).toEqual([2, 3]);
    expect(attempts).toBe(2);
    expect((await b.get('taken'))?.value.text).toBe('a1 b2 a3');
    await Promise.all([a.close(), b.close()]);
  });

  it('loses no turn of two instances that both work on the same conversations, and does each effect once', async () => {
    const url = redis?.url ?? '';
    const stores = await Promise.all([connect(url), connect(url)]);
    const effects = new Map<string, number>();
    const turn = (s: SessionStore<Value>, key: string, claims: boolean) =>
      s.withTurn(key, 60_000, async (held) => {
        const before = await held.get();
        if (claims) {
          await held.claim();
          effects.set(key, (effects.get(key) ?? 0) + 1);
        }
        await held.finish({ text: `${Number(before?.value.text ?? 0) + 1}` }, before?.version ?? 0);
      });
    const turns: Promise<void>[] = [];
    for (let n = 0; n < 600; n++) {
      const [a, b] = stores;
      turns.push(turn((n * 7) % 5 < 2 ? a : b, `both-${n % 7}`, n % 4 === 0));
      if (n % 20 === 0) await turns.at(-1);
    }
    await Promise.all(turns);
    for (let key = 0; key < 7; key++) {
      const numbers = Array.from({ length: 600 }, (_, n) => n).filter((n) => n % 7 === key);
      expect((await stores[0].get(`both-${key}`))?.value.text).toBe(`${numbers.length}`);
      expect(effects.get(`both-${key}`)).toBe(numbers.filter((n) => n % 4 === 0).length);
    }
    await Promise.all(stores.map((each) => each.close()));
  });

  it('goes on in the middle of a turn when Redis goes away, claimed or not', async () => {
    const own = await TestRedis.start();
    const s = await connect(own.url);
    for (const key of ['plain', 'claims']) await s.put(key, { text: 'before' }, 0);
    const turn = (key: string, away?: () => Promise<unknown>) =>
      s.withTurn(key, 20_000, async (held) => {
        const before = await held.get();
        if (key === 'claims') await held.claim();
        await away?.();
        return held.finish({ text: `${before?.value.text} +` }, before?.version ?? 0);
      });
    expect(await turn('plain', () => own.stop())).toBe(2);
    expect(await turn('claims')).toBe(2);
    expect(s.unsaved).toBe(2);
    await own.resume();
    await expect.poll(() => s.unsaved, { timeout: 30_000 }).toBe(0);
    expect(await turn('claims', () => own.stop())).toBe(3);
    await own.resume();
    await expect.poll(() => s.unsaved, { timeout: 30_000 }).toBe(0);
    const other = await connect(own.url);
    expect((await other.get('claims'))?.value.text).toBe('before + +');
    await Promise.all([s.close(), other.close()]);
    await own.stop();
  });

  it('reads what an older Hearken stored, and tells what can not be read', async () => {
    const url = redis?.url ?? '';
    const s = await connect(url);
    const raw = new Redis(url);
    // Changes left there by a newer one, over which the older one wrote.
    await raw.hset('hearken:session:old', {
      s: 1,
      v: 4,
      d: '{"text":"old"}',
      w: 'w',
      b: 2,
      p3: '{}',
      p5: '{"set":{"text":"wrong"}}',
    });
    expect(await s.get('old')).toEqual({ value: { text: 'old' }, version: 4 });
    expect(await s.put('old', { text: 'new' }, 4)).toBe(5);
    const other = await connect(url);
    expect((await other.get('old'))?.value.text).toBe('new');
    for (const part of ['', 'no JSON', '{"list":[[0,1],[]]}', '{"in":{"gone":{"set":{}}}}']) {
      await raw.hset('hearken:session:odd', { s: 2, v: 2, b: 1, d: '{"text":"a"}', w: 'w', p2: part });
      await expect(s.get('odd')).rejects.toMatchObject({ code: 'SESSION_SCHEMA' });
    }
    await raw.hset('hearken:session:newer', { s: 3, v: 1, d: '{}', w: 'w' });
    await expect(s.get('newer')).rejects.toMatchObject({ code: 'SESSION_SCHEMA' });
    await Promise.all([s.close(), other.close(), raw.quit()]);
  });

  it('sees what another instance wrote, also under a version it has itself', async () => {
    const url = redis?.url ?? '';
    const [a, b] = await Promise.all([connect(url), connect(url)]);
    await a.put('two', { text: 'a1' }, 0);
    expect((await b.get('two'))?.value.text).toBe('a1');
    await b.put('two', { text: 'b2' }, 1);
    expect((await a.get('two'))?.value.text).toBe('b2');
    await b.delete('two');
    await b.put('two', { text: 'new' }, 0);
    await b.put('two', { text: 'new 2' }, 1);
    expect(await a.get('two')).toEqual({ value: { text: 'new 2' }, version: 2 });
    await Promise.all([a.close(), b.close()]);
  });

  it('does not write a turn that never reached Redis over that of another instance that is as far, and says so', async () => {
    const url = redis?.url ?? '';
    const way = new Way(url);
    const conflicts: string[] = [];
    const remote = await RedisSessionStore.connect<Value>({ url: await way.open(), ttlMs: 60_000 });
    const a = new ResilientSessionStore(remote, {
      ttlMs: 60_000,
      retryMs: 20,
      onConflict: (key) => conflicts.push(key),
    });
    const b = await connect(url);
    await a.put('as far', { text: 'first' }, 0);
    await expect.poll(() => a.unsaved, { timeout: 30_000 }).toBe(0);
    way.cut();
    expect(await a.put('as far', { text: 'of a' }, 1)).toBe(2);
    expect(a.unsaved).toBe(1);
    await b.get('as far');
    expect(await b.put('as far', { text: 'of b' }, 1)).toBe(2);
    way.mend();
    await expect.poll(() => a.unsaved, { timeout: 30_000 }).toBe(0);
    expect(conflicts).toEqual(['as far']);
    for (const each of [a, b]) expect(await each.get('as far')).toEqual({ value: { text: 'of b' }, version: 2 });
    await Promise.all([a.close(), b.close()]);
    way.close();
  });

  it('knows a turn for its own that reached Redis though the answer was lost', async () => {
    const url = redis?.url ?? '';
    const way = new Way(url);
    const conflicts: string[] = [];
    const remote = await RedisSessionStore.connect<Value>({
      url: await way.open(),
      ttlMs: 60_000,
      commandTimeoutMs: 500,
    });
    const a = new ResilientSessionStore(remote, {
      ttlMs: 60_000,
      retryMs: 20,
      onConflict: (key) => conflicts.push(key),
    });
    const b = await connect(url);
    await a.put('arrived', { text: 'first' }, 0);
    await expect.poll(() => a.unsaved, { timeout: 30_000 }).toBe(0);
    way.answers = false;
    expect(await a.put('arrived', { text: 'second' }, 1)).toBe(2);
    await expect.poll(() => b.get('arrived'), { timeout: 30_000 }).toEqual({ value: { text: 'second' }, version: 2 });
    expect(a.unsaved).toBe(1);
    way.answers = true;
    await expect.poll(() => a.unsaved, { timeout: 30_000 }).toBe(0);
    expect(conflicts).toEqual([]);
    expect(await b.put('arrived', { text: 'third' }, 2)).toBe(3);
    expect((await a.get('arrived'))?.value.text).toBe('third');
    await Promise.all([a.close(), b.close()]);
    way.close();
  });

  it('loses and doubles nothing when Redis is killed and started again under load', async () => {
    const own = await TestRedis.start();
    const s = await connect(own.url);
    const conversations = 40;
    const turns = 60;
    let done = 0;
    const count = async (key: string): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) {
        await s.withLock(key, 60_000, async () => {
          const stored = await s.get(key);
          await s.put(key, { text: `${Number(stored?.value.text ?? 0) + 1}` }, stored?.version ?? 0);
        });
        done++;
      }
    };
    await Promise.all(Array.from({ length: conversations }, (_, i) => s.put(`load-${i}`, { text: '0' }, 0)));
    const work = Promise.all(Array.from({ length: conversations }, (_, i) => count(`load-${i}`)));
    const until = (share: number) =>
      expect.poll(() => done, { timeout: 45_000, interval: 1 }).toBeGreaterThan(conversations * turns * share);
    await until(0.2);
    await own.stop();
    await until(0.5);
    await own.resume();
    await work;
    await expect.poll(() => s.unsaved, { timeout: 30_000 }).toBe(0);
    const other = await RedisSessionStore.connect<Value>({ url: own.url, ttlMs: 60_000 });
    for (let i = 0; i < conversations; i++) expect((await s.get(`load-${i}`))?.value.text).toBe(`${turns}`);
    // Those that were touched after the restart are in Redis again.
    expect((await other.get('load-0'))?.version).toBe((await s.get('load-0'))?.version);
    await Promise.all([s.close(), other.close()]);
    await own.stop();
  });
});
