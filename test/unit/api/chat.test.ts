import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../../src/api/app.js';
import { chatResponse } from '../../../src/api/schemas.js';
import { configSchema } from '../../../src/config.js';
import type { Brain } from '../../../src/dialogue/brain.js';
import { createBrain } from '../../../src/dialogue/create-brain.js';
import { HearkenError } from '../../../src/errors.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { FakeIntentModel } from '../../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';

const http = configSchema.parse({}).http;
const logger = pino({ level: 'silent' });
const model = new FakeIntentModel({
  查订单: 'order_status',
  转人工: 'human',
  再见: 'goodbye',
  'my order': 'order_status',
});

let api: Api;
let brain: Brain;
beforeAll(async () => {
  brain = await createBrain({
    appFolder: 'apps/retail',
    intentModel: model,
    sessions: new MemorySessionStore({ ttlMs: 60_000 }),
    log: new MemoryConversationLog(),
    logger,
    handoffTarget: 'sip:agent@127.0.0.1',
  });
  api = await createApi({ brain, logger, config: http, health: () => ({ calls: 0 }), ping: async () => {} });
});
afterAll(async () => {
  await api.app.close();
  await brain.close();
});

const chat = (payload: unknown) => api.app.inject({ method: 'POST', url: '/chat', payload: payload as object });

describe('POST /chat', () => {
  it('begins a conversation and goes on with it by its id', async () => {
    const first = (await chat({ text: '查订单' })).json();
    expect(first).toMatchObject({
      intent: 'order_status',
      ended: false,
      replies: [{ response: 'utter_ask_order_number' }],
    });
    const second = (await chat({ text: '20250415', conversationId: first.conversationId })).json();
    expect(second.replies[0].text).toContain('运动鞋');
    expect(second.slots).toMatchObject({ order_number: '20250415' });
  });

  it('speaks the language asked for', async () => {
    const reply = (await chat({ text: 'my order', language: 'en-GB' })).json();
    expect(reply.language).toBe('en');
    expect(reply.replies[0].text).toContain('order number');
  });

  it('tells of a hand-off and of the end', async () => {
    expect((await chat({ text: '转人工' })).json().transfer).toMatchObject({
      target: 'sip:agent@127.0.0.1',
      reason: 'requested',
    });
    expect((await chat({ text: '再见' })).json().ended).toBe(true);
  });

  it('gives the same reply for the same message id and does nothing twice', async () => {
    const conversationId = randomUUID();
    const first = (await chat({ text: '查订单', conversationId, messageId: 'm1' })).json();
    const again = (await chat({ text: '查订单', conversationId, messageId: 'm1' })).json();
    expect(again).toEqual({ ...first, repeated: true });
  });

  it('says what is wrong with a request, and where', async () => {
    const cases: [unknown, RegExp][] = [
      [{}, /text/],
      [{ text: '' }, /text/],
      [{ text: 'x'.repeat(3000) }, /text/],
      [{ text: 'x', conversationId: 'a b' }, /conversationId/],
      [{ text: 'x', language: '../../etc' }, /language/],
      [{ text: 'x', surprise: 1 }, /surprise/],
    ];
    for (const [payload, words] of cases) {
      const response = await chat(payload);
      expect(response.statusCode).toBe(400);
      expect(response.json()).toMatchObject({ code: 'REQUEST_INVALID', message: expect.stringMatching(words) });
    }
    const broken = await api.app.inject({
      method: 'POST',
      url: '/chat',
      payload: '{"text":',
      headers: { 'content-type': 'application/json' },
    });
    expect(broken.json()).toMatchObject({ code: 'REQUEST_INVALID' });
    const large = await chat({ text: 'x', conversationId: 'y'.repeat(70_000) });
    expect(large.statusCode).toBe(413);
  });

  it('gives replies that are what the documentation says, and nothing more', async () => {
    for (const text of ['查订单', '转人工', '再见', '???']) {
      const response = await chat({ text, language: 'zh-CN' });
      expect(() => chatResponse.strict().parse(response.json())).not.toThrow();
      expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    }
  });

  it('answers 503 in clear words when the session store is away, and shows nothing of what went wrong inside otherwise', async () => {
    const failing = async (error: Error): Promise<{ status: number; body: Record<string, unknown> }> => {
      const broken: Brain = { ...brain, languages: [], handle: () => Promise.reject(error) };
      const own = await createApi({
        brain: broken,
        logger,
        config: http,
        health: () => ({}),
        ping: () => Promise.reject(error),
      });
      const response = await own.app.inject({ method: 'POST', url: '/chat', payload: { text: 'x' } });
      const health = await own.app.inject({ url: '/health' });
      expect(health.statusCode).toBe(503);
      await own.app.close();
      return { status: response.statusCode, body: response.json() };
    };
    const away = await failing(
      new HearkenError('STORE_UNAVAILABLE', 'Redis does not answer.', { hint: 'Check REDIS_URL.' }),
    );
    expect(away).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE', hint: 'Check REDIS_URL.' } });
    const inside = await failing(new Error('password=secret'));
    expect(inside.status).toBe(500);
    expect(JSON.stringify(inside.body)).not.toContain('secret');
  });

  it('limits how often one address may ask', async () => {
    const own = await createApi({
      brain,
      logger,
      config: { ...http, requestsPerMinute: 2 },
      health: () => ({}),
      ping: async () => {},
    });
    const ask = () => own.app.inject({ method: 'POST', url: '/chat', payload: { text: '再见' } });
    await ask();
    await ask();
    expect((await ask()).json()).toMatchObject({ code: 'RATE_LIMITED' });
    expect((await own.app.inject({ url: '/health' })).statusCode).toBe(200);
    await own.app.close();
  });

  it('documents itself as OpenAPI 3.1', async () => {
    const document = (await api.app.inject({ url: '/documentation' })).json();
    expect(document.openapi).toMatch(/^3\.1/);
    expect(document.paths['/chat'].post.requestBody.content['application/json'].schema.properties.text.maxLength).toBe(
      2000,
    );
  });

  it('answers 404 with a code where there is nothing', async () => {
    expect((await api.app.inject({ url: '/nowhere?secret=1' })).json()).toMatchObject({
      code: 'NOT_FOUND',
      message: 'There is nothing at GET /nowhere.',
    });
  });
});
