import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../../src/api/app.js';
import { configSchema } from '../../../src/config.js';
import type { Brain, UserMessage } from '../../../src/dialogue/brain.js';
import { createBrain } from '../../../src/dialogue/create-brain.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { FakeIntentModel } from '../../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';

const logger = pino({ level: 'silent' });
let api: Api;
let brain: Brain;
const sessions = new MemorySessionStore({ ttlMs: 60_000 });
beforeAll(async () => {
  const log = new MemoryConversationLog();
  brain = await createBrain({
    appFolder: 'apps/retail',
    intentModel: new FakeIntentModel({ 查订单: 'order_status' }),
    sessions,
    log,
    logger,
  });
  api = await createApi({
    brain,
    logger,
    log,
    config: configSchema.parse({}).http,
    health: () => ({}),
    ping: async () => {},
  });
});
afterAll(async () => {
  await api.app.close();
  await brain.close();
});

const post = async (url: string, payload: object) => (await api.app.inject({ method: 'POST', url, payload })).json();

describe('the conversation routes', () => {
  it('begin with a greeting, go on from any channel, and are read back', async () => {
    const begun = await post('/api/conversation', { language: 'en' });
    expect(begun.replies[0].text).toContain('Hello');
    const { conversationId } = begun;
    expect((await post('/api/message', { conversationId, text: '查订单', channel: 'web', sender: 'u1' })).intent).toBe(
      'order_status',
    );
    const history = (await api.app.inject({ url: `/api/history?conversationId=${conversationId}&limit=5` })).json();
    expect(history.events.map((event: { type: string }) => event.type)).toEqual(['turn', 'turn']);
    expect(await post('/api/history', { conversationId })).toEqual(history);
  });

  it('refuse what is not valid, with its place', async () => {
    expect(await post('/api/message', { text: 'x', channel: 'telex' })).toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('channel'),
    });
    expect((await api.app.inject({ url: '/api/history?conversationId=a%20b' })).json()).toMatchObject({
      code: 'REQUEST_INVALID',
    });
    expect((await api.app.inject({ url: '/api/history?conversationId=a&limit=9999' })).json()).toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  it('believe who somebody says they are from this machine and from a key for it only', async () => {
    const named: (string | undefined)[] = [];
    const listening: Brain = Object.create(brain, {
      handle: {
        value: (message: UserMessage) => {
          named.push(message.sender);
          return brain.handle(message);
        },
      },
    });
    const key = 'k'.repeat(48);
    const sha256 = createHash('sha256').update(key).digest('hex');
    const { http } = configSchema.parse({ http: { apiKeys: [{ name: 'shop', sha256, scopes: ['sender'] }] } });
    const guarded = await createApi({
      brain: listening,
      logger,
      config: http,
      health: () => ({}),
      ping: async () => {},
    });
    const say = async (remoteAddress: string, headers: Record<string, string>) => {
      const send = (url: string, payload: object) =>
        guarded.app.inject({ method: 'POST', url, payload, remoteAddress, headers });
      await send('/api/conversation', { sender: '13800138000' });
      const { statusCode } = await send('/api/message', { text: '查订单', channel: 'wechat', sender: 'oABC' });
      return [statusCode, ...named.splice(0)];
    };
    expect(await say('127.0.0.1', {})).toEqual([200, '13800138000', 'wechat:oABC']);
    expect(await say('198.51.100.7', {})).toEqual([200, undefined, undefined]);
    expect(await say('127.0.0.1', { 'x-forwarded-for': '198.51.100.7' })).toEqual([200, undefined, undefined]);
    expect(await say('198.51.100.7', { 'x-api-key': key })).toEqual([200, '13800138000', 'wechat:oABC']);
    expect(await say('198.51.100.7', { 'x-api-key': 'wrong' })).toEqual([401]);
    await guarded.app.close();
  });

  it('answer one question without a conversation', async () => {
    expect((await post('/api/query', { text: '查订单' })).intent).toBe('order_status');
  });
});

describe("Rasa's REST channel", () => {
  it('holds a conversation for each sender, whatever its name', async () => {
    for (const sender of ['u1', '张三']) {
      const first = await post('/webhooks/rest/webhook', { sender, message: '查订单' });
      expect(first).toEqual([{ recipient_id: sender, text: expect.stringContaining('订单号') }]);
      const second = await post('/webhooks/rest/webhook', { sender, message: '20250415' });
      expect(JSON.stringify(second)).toContain('运动鞋');
    }
    const sender = 'menu';
    const [menu] = (await post('/webhooks/rest/webhook', { sender, message: '能做什么' })) as [{ buttons?: object[] }];
    expect(menu.buttons?.[0]).toEqual({ title: '查订单', payload: '/order_status' });
    const chosen = await post('/webhooks/rest/webhook', { sender, message: '/order_status' });
    expect(chosen).toEqual([{ recipient_id: sender, text: expect.stringContaining('订单号') }]);
  });
});
