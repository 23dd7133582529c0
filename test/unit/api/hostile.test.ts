import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { hostname } from 'node:os';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../../src/api/app.js';
import { SignIn } from '../../../src/api/plugins/sign-in.js';
import { configSchema, loadConfig } from '../../../src/config.js';
import type { Brain } from '../../../src/dialogue/brain.js';
import { Metrics } from '../../../src/insight/metrics.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';

const KEY = 'k-0123456789abcdef0123456789';
const sha256 = (key: string) => createHash('sha256').update(key).digest('hex');
const brain = {
  handle: async ({ conversationId, messageId }: { conversationId: string; messageId: string }) => ({
    conversationId,
    messageId,
    language: 'en',
    actions: [],
    noMatch: false,
    repeated: false,
    slots: {},
  }),
} as unknown as Brain;

const open: Api[] = [];
afterEach(async () => {
  for (const api of open.splice(0)) await api.app.close();
});
async function start(http: object = {}, metrics = new Metrics()): Promise<Api> {
  const api = await createApi({
    brain,
    metrics,
    log: new MemoryConversationLog(),
    logger: pino({ level: 'silent' }),
    config: configSchema.parse({ http }).http,
    health: () => ({}),
    ping: async () => {},
  });
  open.push(api);
  return api;
}

describe('an API key', () => {
  const http = {
    apiKeys: [
      { name: 'desk', sha256: sha256(KEY), scopes: ['history'] },
      { name: 'boss', sha256: sha256(`${KEY}-boss`), scopes: ['admin'] },
    ],
  };
  const url = '/api/history?conversationId=a';
  const elsewhere = { remoteAddress: '192.0.2.7' };

  it('opens what its scopes say from elsewhere, and nothing else', async () => {
    const { app } = await start(http);
    const status = async (headers: Record<string, string>, path = url) =>
      (await app.inject({ url: path, headers, ...elsewhere })).statusCode;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: `Bearer ${KEY}` })).toBe(200);
    expect(await status({ 'x-api-key': KEY })).toBe(200);
    expect(await status({ authorization: `Bearer ${KEY}` }, '/metrics')).toBe(403);
    expect(await status({ 'x-api-key': `${KEY}-boss` }, '/metrics')).toBe(200);
    expect(await status({ authorization: `Basic ${KEY}` })).toBe(401);
    for (const wrong of [`${KEY}x`, KEY.slice(1), 'x'.repeat(5000), sha256(KEY)])
      expect(await status({ 'x-api-key': wrong })).toBe(401);
  });

  it('is not needed on the same machine, unless a proxy passed it on, the key is wrong, or it is configured so', async () => {
    const { app } = await start(http);
    expect((await app.inject({ url })).statusCode).toBe(200);
    expect((await app.inject({ url, headers: { 'x-forwarded-for': '192.0.2.7' } })).statusCode).toBe(401);
    expect((await app.inject({ url, headers: { 'x-api-key': 'wrong' } })).statusCode).toBe(401);
    const strict = await start({ ...http, trustLoopback: false });
    expect((await strict.app.inject({ url })).statusCode).toBe(401);
    expect((await strict.app.inject({ url: '/metrics' })).statusCode).toBe(401);
    const shown = await start({ trustLoopback: false, openMetrics: true });
    expect((await shown.app.inject({ url: '/metrics', ...elsewhere })).statusCode).toBe(200);
  });

  it('is needed by a page whose name was made to point to this machine', async () => {
    const { app } = await start(http);
    const asked = async (host: string) => (await app.inject({ url, headers: { host } })).statusCode;
    expect(await asked('rebound.attacker.example:8080')).toBe(401);
    for (const own of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', '192.0.2.1', hostname()])
      expect(await asked(own), own).toBe(200);
  });

  it('comes from the environment as a sum; a short one is refused without being shown', () => {
    const { config } = loadConfig({
      root: '/nowhere',
      env: { HEARKEN_API_KEYS: `desk:history,calls:${KEY}; b:metrics:${KEY}:x` },
    });
    expect(config.http.apiKeys).toEqual([
      { name: 'desk', sha256: sha256(KEY), scopes: ['history', 'calls'] },
      { name: 'b', sha256: sha256(`${KEY}:x`), scopes: ['metrics'] },
    ]);
    expect(() => loadConfig({ root: '/nowhere', env: { HEARKEN_API_KEYS: 'a:history:hunter2' } })).toThrow(/Key 1/);
    expect(() => loadConfig({ root: '/nowhere', env: { HEARKEN_API_KEYS: 'a:history:hunter2' } })).not.toThrow(
      /hunter2/,
    );
    expect(new SignIn(config.http).principal({ headers: { 'x-api-key': KEY }, socket: {} } as never).name).toBe('desk');
  });
});

describe('a browser of another site', () => {
  it('gets no leave by default, and only listed origins get it', async () => {
    const closed = await start();
    const origin = 'https://shop.example.com';
    const answer = await closed.app.inject({ url: '/health', headers: { origin } });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    const { app } = await start({ corsOrigins: [origin] });
    expect((await app.inject({ url: '/health', headers: { origin } })).headers['access-control-allow-origin']).toBe(
      origin,
    );
    for (const other of ['https://shop.example.com.evil.test', 'null', 'http://shop.example.com'])
      expect(
        (await app.inject({ url: '/health', headers: { origin: other } })).headers['access-control-allow-origin'],
      ).toBeUndefined();
    const preflight = await app.inject({
      method: 'OPTIONS',
      url: '/chat',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect([preflight.statusCode, preflight.headers['access-control-allow-credentials']]).toEqual([204, undefined]);
  });
});

describe('a request that means no good', () => {
  it('pollutes no prototype, whatever its names', async () => {
    const { app } = await start();
    for (const payload of [
      '{"text":"x","__proto__":{"polluted":1}}',
      '{"text":"x","constructor":{"prototype":{"polluted":1}}}',
    ]) {
      const answer = await app.inject({
        method: 'POST',
        url: '/chat',
        payload,
        headers: { 'content-type': 'application/json' },
      });
      expect(answer.statusCode).toBe(400);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('is told so in JSON when its body is broken, empty, of another kind, or too large', async () => {
    const { app } = await start({ bodyLimitBytes: 2048 });
    const post = async (payload: string, type = 'application/json') =>
      app.inject({ method: 'POST', url: '/chat', payload, headers: { 'content-type': type } });
    for (const payload of ['', '{', 'null', '[]', '"x"', '{"text":{}}', '\u0000'])
      expect([payload, (await post(payload)).statusCode]).toEqual([payload, 400]);
    expect((await post('text=x', 'application/x-www-form-urlencoded')).statusCode).toBe(400);
    expect((await post(JSON.stringify({ text: 'x'.repeat(3000) }))).json()).toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
  });

  it('adds no header and no line to an answer', async () => {
    const { app } = await start();
    const answer = await app.inject({ url: '/nowhere%0d%0aset-cookie:%20a=1?x=%0d%0aset-cookie:b=1' });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  it('makes no series of its own in the numbers', async () => {
    const metrics = new Metrics();
    const { app } = await start({}, metrics);
    for (let n = 0; n < 20; n++) await app.inject({ url: `/made-up-${n}` });
    await app.inject({ url: '/health' });
    const text = await metrics.text();
    expect(text).not.toContain('made-up');
    expect(text).toContain('hearken_http_request_duration_seconds_count{method="GET",route="none",status="4xx"} 20');
    expect(text).toContain('route="/health",status="2xx"} 1');
  });

  it('that is sent a byte at a time is cut off by the limits of the server', async () => {
    const { app } = await start();
    await app.listen({ host: '127.0.0.1', port: 0 });
    expect(app.server.requestTimeout).toBe(30_000);
    expect(app.server.headersTimeout).toBe(15_000);
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /chat HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n');
    const [data] = (await once(socket, 'data')) as [Buffer];
    // Two lengths are how requests are smuggled past a proxy.
    expect(data.toString()).toMatch(/^HTTP\/1\.1 400/);
    socket.destroy();
  });
});
