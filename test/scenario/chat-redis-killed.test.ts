import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { runLoad, TURNS } from '../../bench/chat-load.js';
import { createApi } from '../../src/api/app.js';
import { configSchema } from '../../src/config.js';
import { createBrain } from '../../src/dialogue/create-brain.js';
import { RedisSessionStore } from '../../src/store/redis-session-store.js';
import { ResilientSessionStore } from '../../src/store/resilient-session-store.js';
import { FakeIntentModel } from '../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../src/testing/memory-conversation-log.js';
import { redisMissing, TestRedis } from '../../src/testing/redis-server.js';

/** Enough to be killed in the middle of; `npm run bench:chat` does it with 500. */
const CONVERSATIONS = 60;
const missing = redisMissing();
const order = (number: string) => ({ intent: 'inform', entities: [{ entity: 'order_number', value: number }] });

it.skipIf(missing !== undefined)(
  `Redis is killed and started again while people chat: no turn is lost and none is done twice${missing ? ` (skipped: ${missing})` : ''}`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hearken-chat-'));
    const redis = await TestRedis.start();
    const sessions = new ResilientSessionStore(await RedisSessionStore.connect({ url: redis.url, ttlMs: 600_000 }), {
      ttlMs: 600_000,
      retryMs: 50,
    });
    const log = new MemoryConversationLog();
    const logger = pino({ level: 'silent' });
    const brain = await createBrain({
      appFolder: 'apps/retail',
      cacheFolder: folder,
      intentModel: new FakeIntentModel({
        你好: 'greet',
        我想查一下订单: 'order_status',
        '20250415': order('20250415'),
        '12345678': order('12345678'),
        '40021987': order('40021987'),
        你们几点下班: 'opening_hours',
        我要退货: 'return_request',
        再见: 'goodbye',
      }),
      sessions,
      log,
      logger,
    });
    const config = configSchema.parse({ http: { requestsPerMinute: 10_000_000 } });
    const { app } = await createApi({ brain, logger, config: config.http, health: () => ({}), ping: async () => {} });
    try {
      await app.listen({ host: '127.0.0.1', port: 0 });
      const total = CONVERSATIONS * TURNS;
      const steps: Promise<void>[] = [];
      let unsavedMeanwhile = 0;
      const report = await runLoad({
        port: (app.server.address() as AddressInfo).port,
        conversations: CONVERSATIONS,
        inFlight: 32,
        prefix: 'killed',
        retry: true,
        onTurn: (done) => {
          unsavedMeanwhile = Math.max(unsavedMeanwhile, sessions.unsaved);
          if (done === Math.round(total * 0.35)) steps.push(redis.stop());
          if (done === Math.round(total * 0.65)) steps.push(Promise.all(steps).then(() => redis.resume()));
        },
      });
      await Promise.all(steps);
      expect(steps).toHaveLength(2);
      // It was away in the middle, and people went on.
      expect(unsavedMeanwhile).toBeGreaterThan(0);
      expect(report.wrong).toEqual([]);
      expect(report.turns).toBe(total);
      expect(report.doubled).toBe(0);
      for (let index = 0; index < CONVERSATIONS; index++) {
        const turns = log.events.filter((event) => event.type === 'turn' && event.conversationId === `killed-${index}`);
        expect(turns.map(({ data }) => data.messageId)).toEqual(Array.from({ length: TURNS }, (_, turn) => `${turn}`));
      }
      // And Redis has everything again, for the other instances.
      await expect.poll(() => sessions.unsaved, { timeout: 20_000 }).toBe(0);
      const other = await RedisSessionStore.connect({ url: redis.url, ttlMs: 600_000 });
      for (let index = 0; index < CONVERSATIONS; index++) {
        const key = `killed-${index}`;
        expect((await other.get(key))?.version ?? (await sessions.get(key))?.version).toBe(TURNS);
      }
      await other.close();
    } finally {
      await app.close();
      await brain.close();
      await sessions.close();
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
