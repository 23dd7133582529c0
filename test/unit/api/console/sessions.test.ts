import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConsoleSessions } from '../../../../src/api/console/sessions.js';
import { UserStore, usersFile } from '../../../../src/api/console/user-store.js';
import { MemorySessionStore } from '../../../../src/store/memory-session-store.js';
import { RedisSessionStore } from '../../../../src/store/redis-session-store.js';
import { ResilientSessionStore } from '../../../../src/store/resilient-session-store.js';
import type { SessionStore } from '../../../../src/store/session-store.js';
import { redisMissing, TestRedis } from '../../../../src/testing/redis-server.js';

const IDLE_MS = 3_600_000;
const missing = redisMissing();
let folder: string;
let users: UserStore;
let redis: TestRedis | undefined;
const opened: SessionStore[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-console-sessions-'));
  users = new UserStore(usersFile(folder), { n: 1024, r: 8, p: 1 });
  await users.add('anna', { roles: ['agent'], password: 'long enough one' });
  if (missing === undefined) redis = await TestRedis.start();
});
afterAll(async () => {
  for (const store of opened) await store.close();
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function open(kind: 'memory' | 'redis' | 'redis with a copy at hand'): Promise<SessionStore> {
  const store =
    kind === 'memory'
      ? new MemorySessionStore({ ttlMs: IDLE_MS })
      : kind === 'redis'
        ? await RedisSessionStore.connect({ url: redis?.url ?? '', ttlMs: IDLE_MS })
        : new ResilientSessionStore(await RedisSessionStore.connect({ url: redis?.url ?? '', ttlMs: IDLE_MS }), {
            ttlMs: IDLE_MS,
          });
  opened.push(store);
  return store;
}

describe.each([
  ['memory', false],
  ['redis', missing !== undefined],
  ['redis with a copy at hand', missing !== undefined],
] as const)('who is signed in, kept in %s', (kind, skip) => {
  it.skipIf(skip)('is known by a token that is nowhere in the store, until they sign out', async () => {
    const store = await open(kind);
    const sessions = new ConsoleSessions({ users, store, idleMs: IDLE_MS, lifeMs: 12 * IDLE_MS });
    const { token } = await sessions.begin((await users.get('anna')) ?? never());
    expect((await sessions.get(token))?.user.name).toBe('anna');
    expect(await sessions.get(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`)).toBeUndefined();
    expect(await sessions.get('../../etc/passwd')).toBeUndefined();
    expect(await store.get(token)).toBeUndefined();
    await sessions.end(token);
    expect(await sessions.get(token)).toBeUndefined();
  });

  it.skipIf(skip)('stays for as long as it is used, and not longer than its whole life', async () => {
    let nowMs = Date.now();
    const store = await open(kind);
    const sessions = new ConsoleSessions({ users, store, idleMs: IDLE_MS, lifeMs: 3 * IDLE_MS, nowMs: () => nowMs });
    const { token } = await sessions.begin((await users.get('anna')) ?? never());
    for (let use = 0; use < 3; use++) {
      nowMs += 0.9 * IDLE_MS;
      // Two pages at once.
      const both = await Promise.all([sessions.get(token), sessions.get(token)]);
      expect(both.map((each) => each?.user.name)).toEqual(['anna', 'anna']);
    }
    nowMs += 0.5 * IDLE_MS;
    expect(await sessions.get(token)).toBeUndefined();
    const idle = await sessions.begin((await users.get('anna')) ?? never());
    nowMs += 0.9 * IDLE_MS;
    // Looking is no use.
    expect(await sessions.get(idle.token, false)).toBeDefined();
    nowMs += 0.2 * IDLE_MS;
    expect(await sessions.get(idle.token)).toBeUndefined();
  });

  it.skipIf(skip)('ends with a new password', async () => {
    const sessions = new ConsoleSessions({ users, store: await open(kind), idleMs: IDLE_MS, lifeMs: IDLE_MS });
    const { token } = await sessions.begin((await users.get('anna')) ?? never());
    await users.change('anna', { password: 'quite another one' });
    expect(await sessions.get(token)).toBeUndefined();
  });
});

it.skipIf(missing !== undefined)(
  'who signed in at one instance is signed in at the others, also after a restart',
  async () => {
    const life = { idleMs: IDLE_MS, lifeMs: IDLE_MS };
    const one = new ConsoleSessions({ users, store: await open('redis with a copy at hand'), ...life });
    const { token } = await one.begin((await users.get('anna')) ?? never());
    const other = new ConsoleSessions({ users, store: await open('redis with a copy at hand'), ...life });
    expect((await other.get(token))?.user.name).toBe('anna');
    await other.end(token);
    expect(await one.get(token)).toBeUndefined();
  },
);

function never(): never {
  throw new Error('there is such a user');
}
