import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RedisSessionStore } from '../../../src/store/redis-session-store.js';
import { ResilientSessionStore } from '../../../src/store/resilient-session-store.js';
import { redisMissing, TestRedis } from '../../../src/testing/redis-server.js';
import { AppHouse } from './app-house.js';

/** Actions that write down that they were run: one changes something, one only looks. */
const actions = (folder: string): string => `
import { appendFileSync } from 'node:fs';
const note = (name, { conversationId, turn }) => appendFileSync(${JSON.stringify(join(folder, 'done'))}, name + ' ' + conversationId + ' ' + turn + '\\n');
export default [
  { name: 'action_do', run: (context) => { note('do', context); return { say: ['done'] }; } },
  { name: 'action_look', lookup: true, run: (context) => { note('look', context); return { say: ['seen'] }; } },
];`;
const FILES = {
  'domain.yml': 'intents: [do_it, look]\nactions: [action_do, action_look]\nresponses:\n  utter_hi:\n    - text: hi\n',
  'rules.yml':
    'rules:\n  - rule: do\n    steps:\n      - intent: do_it\n      - action: action_do\n  - rule: look\n    steps:\n      - intent: look\n      - action: action_look\n',
};
const said = (conversationId: string, messageId: string, words: string) =>
  ({ conversationId, messageId, channel: 'text', input: { type: 'text', text: words, confidence: 1 } }) as const;

const missing = redisMissing();
describe.skipIf(missing !== undefined)(`two instances${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(() => redis?.stop());
  const house = new AppHouse();
  afterEach(() => house.close());

  it('do once what is felt outside, whichever of them a message reaches, and however many at once', async () => {
    const folder = await house.folder({});
    const stores = await Promise.all(
      [1, 2].map(
        async () =>
          new ResilientSessionStore(await RedisSessionStore.connect({ url: redis.url, ttlMs: 60_000 }), {
            ttlMs: 60_000,
          }),
      ),
    );
    const brains = await Promise.all(
      stores.map((sessions) =>
        house.brain({ ...FILES, 'actions/note.ts': actions(folder) }, { do: 'do_it', look: 'look' }, { sessions }),
      ),
    );
    const turns = 24;
    for (const conversation of ['c1', 'c2', 'c3']) {
      // Both have it at hand first, so that both begin without asking.
      for (const [at, brain] of brains.entries()) await brain.handle(said(conversation, `first${at}`, 'look'));
      const results = await Promise.all(
        Array.from({ length: turns }, (_, n) =>
          // Each message is sent to both: a client that was impatient.
          Promise.all(brains.map((brain) => brain.handle(said(conversation, `m${n}`, n % 3 === 0 ? 'do' : 'look')))),
        ),
      );
      for (const [n, [one, other]] of results.entries()) {
        expect([one?.repeated, other?.repeated].sort(), `m${n}`).toEqual([false, true]);
        expect(one?.actions, `m${n}`).toEqual(other?.actions);
      }
    }
    const done = (await readFile(join(folder, 'done'), 'utf8')).split('\n').filter((line) => line.startsWith('do '));
    expect(done).toHaveLength((3 * turns) / 3);
    expect(new Set(done).size).toBe(done.length);
    await Promise.all(stores.map((sessions) => sessions.close()));
  });
});
