import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Api, createApi } from '../../../src/api/app.js';
import { TextSocketEndpoint } from '../../../src/api/socket.js';
import { UpgradeRouter } from '../../../src/api/upgrade.js';
import { configSchema } from '../../../src/config.js';
import type { Brain } from '../../../src/dialogue/brain.js';
import { createBrain } from '../../../src/dialogue/create-brain.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { FakeIntentModel } from '../../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';
import { eventually } from '../../support/processes.js';

const logger = pino({ level: 'silent' });
let api: Api;
let brain: Brain;
let base: string;
beforeAll(async () => {
  brain = await createBrain({
    appFolder: 'apps/retail',
    intentModel: new FakeIntentModel({ 查订单: 'order_status' }),
    sessions: new MemorySessionStore({ ttlMs: 60_000 }),
    log: new MemoryConversationLog(),
    logger,
  });
  api = await createApi({
    brain,
    logger,
    config: configSchema.parse({}).http,
    health: () => ({}),
    ping: async () => {},
  });
  const router = new UpgradeRouter();
  api.registerUpgrades(router);
  router.attach(api.app.server);
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  base = `127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await api.app.close();
  await brain.close();
});

const open: Peer[] = [];
afterEach(() => {
  for (const peer of open.splice(0)) peer.socket.terminate();
});

class Peer {
  readonly socket: WebSocket;
  readonly #messages: Record<string, unknown>[] = [];
  #wake: () => void = () => {};

  constructor(path: string, host = base) {
    this.socket = new WebSocket(`ws://${host}${path}`);
    this.socket.on('error', () => {});
    this.socket.on('message', (data) => {
      this.#messages.push(JSON.parse(String(data)));
      this.#wake();
    });
    open.push(this);
  }

  async next(): Promise<Record<string, unknown>> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.shift() ?? {};
  }

  send(value: unknown): void {
    this.socket.send(typeof value === 'string' ? value : JSON.stringify(value));
  }
}

describe('the text socket', () => {
  it('greets, answers and keeps the conversation over a reload of the page and over /chat', async () => {
    const first = new Peer('/ws?language=zh-CN');
    const { conversationId } = await first.next();
    first.send({ type: 'start' });
    expect(await first.next()).toMatchObject({ type: 'reply', replies: [{ response: 'utter_greet' }] });
    first.send({ type: 'message', text: '查订单' });
    expect(await first.next()).toMatchObject({ type: 'reply', intent: 'order_status' });
    first.socket.close();
    const second = new Peer(`/ws?conversationId=${conversationId}`);
    expect(await second.next()).toEqual({ type: 'ready', conversationId });
    second.send({ type: 'message', text: '八七六五' });
    expect(JSON.stringify(await second.next())).toContain('雨伞');
    const chat = await api.app.inject({ method: 'POST', url: '/chat', payload: { text: '#', conversationId } });
    expect(chat.json().slots).toMatchObject({ order_number: '8765' });
  });

  it('tells what is wrong with a message and stays open', async () => {
    const peer = new Peer('/ws');
    await peer.next();
    for (const bad of [
      '{',
      '[]',
      '"x"',
      '{"type":"message"}',
      '{"type":"dance"}',
      JSON.stringify({ type: 'message', text: 'x'.repeat(3000) }),
    ]) {
      peer.send(bad);
      expect(await peer.next()).toMatchObject({ type: 'error', code: 'REQUEST_INVALID' });
    }
    peer.socket.send(Buffer.from([1, 2, 3]));
    expect(await peer.next()).toMatchObject({ type: 'error' });
    peer.send({ type: 'ping' });
    expect(await peer.next()).toEqual({ type: 'pong' });
  });

  it('answers in the order of the questions', async () => {
    const peer = new Peer('/ws');
    await peer.next();
    for (const id of ['a', 'b', 'c']) peer.send({ type: 'message', text: '查订单', messageId: id });
    expect([(await peer.next()).messageId, (await peer.next()).messageId, (await peer.next()).messageId]).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('closes a socket whose message is too large, and only that one', async () => {
    const [large, other] = [new Peer('/ws'), new Peer('/ws')];
    await Promise.all([large.next(), other.next()]);
    large.send('x'.repeat(40_000));
    const [code] = await once(large.socket, 'close');
    expect(code).toBe(1009);
    other.send({ type: 'ping' });
    expect(await other.next()).toEqual({ type: 'pong' });
  });

  it('refuses a conversation id that is none', async () => {
    const peer = new Peer(`/ws?conversationId=${encodeURIComponent('a b')}`);
    const [error] = await once(peer.socket, 'error');
    expect(String(error)).toContain('400');
  });

  it('takes no page of another site without a token, and says so; our own pages, listed ones and programs come in', async () => {
    const endpoint = new TextSocketEndpoint({ brain, logger, origins: ['https://partner.example'] });
    const http = createServer();
    const router = new UpgradeRouter();
    router.register('/ws', endpoint.upgrade);
    router.attach(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(http.address() as AddressInfo).port}`;
    const asked = async (headers: Record<string, string>): Promise<number> => {
      const socket = new WebSocket(`ws://${host}/ws`, { headers });
      return new Promise((resolve) => {
        socket.once('open', () => resolve(101));
        socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0));
        socket.on('error', () => {});
      });
    };
    try {
      expect(await asked({ origin: 'https://evil.example' })).toBe(403);
      expect(await asked({ origin: 'null' })).toBe(403);
      expect(await asked({ origin: `http://${host}` })).toBe(101);
      // Behind a proxy that passes another name on.
      expect(await asked({ origin: 'https://bot.example', 'sec-fetch-site': 'same-origin' })).toBe(101);
      expect(await asked({ origin: 'https://partner.example' })).toBe(101);
      expect(await asked({})).toBe(101);
    } finally {
      await endpoint.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    }
  });

  it('takes so many messages a minute of one address, over however many sockets, and others theirs', async () => {
    const endpoint = new TextSocketEndpoint({
      ...{ brain, logger, messagesPerMinute: 3 },
      addressOf: (request) => new URL(request.url ?? '', 'http://x').searchParams.get('conversationId') ?? '',
    });
    const http = createServer();
    const router = new UpgradeRouter();
    router.register('/ws', endpoint.upgrade);
    router.attach(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    const say = async (address: string): Promise<unknown> => {
      const peer = new Peer(`/ws?conversationId=${address}`, `127.0.0.1:${port}`);
      await peer.next();
      peer.send({ type: 'message', text: '查订单', messageId: 'm' });
      const { type, code, messageId } = await peer.next();
      peer.socket.close();
      await once(peer.socket, 'close');
      return type === 'reply' ? type : { code, messageId };
    };
    try {
      const limited = { code: 'RATE_LIMITED', messageId: 'm' };
      const answers = [];
      for (let time = 0; time < 4; time++) answers.push(await say('203.0.113.7'));
      expect(answers).toEqual(['reply', 'reply', 'reply', limited]);
      expect(await say('203.0.113.8')).toBe('reply');
    } finally {
      await endpoint.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    }
  });

  it('cuts off who floods it, and only that one', async () => {
    const [flood, other] = [new Peer('/ws'), new Peer('/ws')];
    await Promise.all([flood.next(), other.next()]);
    for (let count = 0; count < 3000; count++) flood.send('{');
    const [code] = await once(flood.socket, 'close');
    expect(code).toBe(1006);
    other.send({ type: 'ping' });
    expect(await other.next()).toEqual({ type: 'pong' });
  });

  it('lets one address have so many sockets and no more, and others theirs', async () => {
    const endpoint = new TextSocketEndpoint({
      ...{ brain, logger, maxSocketsPerAddress: 2 },
      addressOf: (request) => String(request.headers['x-test-address']),
    });
    const http = createServer();
    const router = new UpgradeRouter();
    router.register('/ws', endpoint.upgrade);
    router.attach(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const from = async (address: string): Promise<WebSocket | number> => {
      const socket = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`, {
        headers: { 'x-test-address': address },
      });
      return new Promise((resolve) => {
        socket.once('open', () => resolve(socket));
        socket.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0));
        socket.on('error', () => {});
      });
    };
    try {
      const first = await from('203.0.113.7');
      await from('203.0.113.7');
      expect(await from('203.0.113.7')).toBe(429);
      expect(await from('203.0.113.8')).toBeInstanceOf(WebSocket);
      (first as WebSocket).close();
      await eventually('its place to be free', async () => (await from('203.0.113.7')) instanceof WebSocket);
    } finally {
      await endpoint.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    }
  });

  it('lets go of a peer that no longer answers', async () => {
    const endpoint = new TextSocketEndpoint({ brain, logger, heartbeatMs: 30 });
    const router = new UpgradeRouter();
    router.register('/quick', endpoint.upgrade);
    const { createServer } = await import('node:http');
    const server = createServer();
    router.attach(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const deaf = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/quick`, { autoPong: false });
    await once(deaf, 'open');
    const [code] = await once(deaf, 'close');
    expect(code).toBe(1006);
    await endpoint.close();
    server.close();
  });
});
