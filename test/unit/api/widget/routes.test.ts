import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Api, createApi } from '../../../../src/api/app.js';
import { UpgradeRouter } from '../../../../src/api/upgrade.js';
import { WidgetGate } from '../../../../src/api/widget/gate.js';
import { configSchema } from '../../../../src/config.js';
import { HearkenV1Server } from '../../../../src/media/hearken-v1/server.js';
import type { MediaSession } from '../../../../src/media/session.js';
import { FakeBrain } from '../../../../src/testing/fake-brain.js';

const SHOP = 'https://shop.example.com';
const logger = pino({ level: 'silent' });
const sessions: MediaSession[] = [];
let api: Api;
let media: HearkenV1Server;
let base: string;
beforeAll(async () => {
  const config = configSchema.parse({
    http: { apiKeys: [{ name: 'shop', sha256: 'c'.repeat(64), scopes: ['history'] }] },
    widget: { origins: [SHOP], tokensPerMinute: 40 },
    media: { token: 'of the bridge' },
  });
  const gate = new WidgetGate(config.widget);
  api = await createApi({
    brain: new FakeBrain(() => []),
    logger,
    config: config.http,
    widget: { gate, config: config.widget, mediaPath: '/media' },
    health: () => ({}),
    ping: async () => {},
  });
  media = new HearkenV1Server({
    config: config.media,
    logger,
    onSession: (session) => sessions.push(session),
    admitBrowser: gate.admit,
  });
  const router = new UpgradeRouter();
  router.register('/media', media.upgrade);
  api.registerUpgrades(router);
  router.attach(api.app.server);
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  base = `127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await media.close();
  await api.app.close();
});

const ask = (headers: Record<string, string>, payload: object = {}) =>
  api.app.inject({ method: 'POST', url: '/api/widget/token', headers, payload });

async function token(): Promise<{ token: string; conversationId: string }> {
  return (await ask({ origin: SHOP })).json();
}

/** Opens a socket as a page of that origin does, sends a first message, and gives what came back. */
async function page(
  path: string,
  origin: string | undefined,
  protocols: string[],
  first: object,
): Promise<{ answer?: Record<string, unknown>; code?: number; status?: number }> {
  const socket = new WebSocket(`ws://${base}${path}`, protocols, origin === undefined ? {} : { origin });
  try {
    const refused = once(socket, 'unexpected-response').then(([, response]) => ({ status: response.statusCode }));
    refused.catch(() => undefined);
    socket.on('error', () => undefined);
    const message = once(socket, 'message').then(([data]) => ({ answer: JSON.parse(String(data)) }));
    message.catch(() => undefined);
    socket.once('open', () => socket.send(JSON.stringify(first)));
    return await Promise.race([refused, message]);
  } finally {
    socket.terminate();
  }
}

const start = (withToken: string) => ({
  type: 'start',
  callId: 'x',
  direction: 'inbound',
  caller: 'web',
  callee: 'web:widget',
  media: { encoding: 'pcm16', sampleRate: 16_000 },
  token: withToken,
});

describe('POST /api/widget/token', () => {
  it('gives a page of an allowed site a token that it can read, and never keeps it in a cache', async () => {
    const response = await ask({ origin: SHOP });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': SHOP,
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'no-store',
    });
    expect(response.json()).toMatchObject({ expiresInMs: 600_000, mediaPath: '/media', textPath: '/ws' });
  });

  it('answers the preflight of an allowed site and of no other', async () => {
    const preflight = (origin: string) =>
      api.app.inject({
        method: 'OPTIONS',
        url: '/api/widget/token',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    expect((await preflight(SHOP)).headers['access-control-allow-origin']).toBe(SHOP);
    const evil = await preflight('https://evil.example');
    expect(evil.statusCode).toBe(403);
    expect(evil.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('refuses other sites, and sites that only look alike', async () => {
    for (const origin of [
      'https://evil.example',
      'https://shop.example.com.evil.example',
      'http://shop.example.com',
      'null',
    ])
      expect((await ask({ origin })).statusCode, origin).toBe(403);
  });

  it('gives this machine’s own demo page one, and no page that a name was pointed here for', async () => {
    expect((await ask({ host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' })).statusCode).toBe(200);
    expect((await ask({ host: 'rebound.example:8080', origin: 'http://rebound.example:8080' })).statusCode).toBe(403);
    const proxied = { host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080', 'x-forwarded-for': '203.0.113.9' };
    expect((await ask(proxied)).statusCode).toBe(403);
  });

  it('gives a site’s server one for its page and its user; a key without the scope does not do', async () => {
    expect((await ask({}, { origin: SHOP, sender: 'user-1042' })).statusCode).toBe(200);
    expect((await ask({})).statusCode).toBe(400);
    expect((await ask({ 'x-api-key': 'wrong' }, { origin: SHOP })).statusCode).toBe(401);
    const elsewhere = await api.app.inject({
      method: 'POST',
      url: '/api/widget/token',
      remoteAddress: '203.0.113.7',
      payload: { origin: SHOP },
    });
    expect(elsewhere.statusCode).toBe(401);
  });
});

describe('a page with a token', () => {
  it('talks: the call belongs to the conversation of the token', async () => {
    const { token: pass, conversationId } = await token();
    expect((await page('/media', SHOP, ['hearken.media.v1'], start(pass))).answer).toMatchObject({ type: 'ready' });
    expect(sessions.at(-1)?.peer).toMatchObject({ conversationId, caller: '', remoteAddress: '127.0.0.1' });
  });

  it('types: in the same conversation', async () => {
    const { token: pass, conversationId } = await token();
    const { answer } = await page('/ws?language=zh-CN', SHOP, ['hearken.text.v1', pass], { type: 'ping' });
    expect(answer).toEqual({ type: 'ready', conversationId });
  });

  it('gets nowhere from another site, with a broken token, or with none', async () => {
    const { token: pass } = await token();
    const refused = { answer: { type: 'error', fatal: true } };
    const media1 = ['hearken.media.v1'];
    expect(await page('/media', 'https://evil.example', media1, start(pass))).toMatchObject(refused);
    expect(await page('/media', SHOP, media1, start(`${pass}x`))).toMatchObject(refused);
    // The bridge's own secret is of no use in a page: what a browser opens needs a token of the widget.
    expect(await page('/media', SHOP, media1, start('of the bridge'))).toMatchObject(refused);
    expect(await page('/ws', 'https://evil.example', ['hearken.text.v1', pass], {})).toEqual({ status: 403 });
    expect(await page('/ws', SHOP, ['hearken.text.v1', `${pass}x`], {})).toEqual({ status: 401 });
  });
});

describe('the script', () => {
  it('may be loaded by any page, is asked for again after an hour, and kept for good under its version', async () => {
    const plain = await api.app.inject({ url: '/widget/hearken-call.js' });
    expect(plain.statusCode).toBe(200);
    expect(plain.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'content-type': 'text/javascript; charset=utf-8',
    });
    expect(plain.headers['cache-control']).toContain('max-age=3600');
    const etag = String(plain.headers.etag);
    const versioned = await api.app.inject({ url: `/widget/hearken-call.js?v=${etag.slice(1, -1)}` });
    expect(versioned.headers['cache-control']).toContain('immutable');
    const known = await api.app.inject({ url: '/widget/hearken-call.js', headers: { 'if-none-match': etag } });
    expect(known.statusCode).toBe(304);
  });

  it('is at most 40 kB on the wire', async () => {
    const response = await api.app.inject({ url: '/widget/hearken-call.js', headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(response.rawPayload.length).toBeLessThan(40_000);
  });

  it('comes with a page to try it, on this machine only', async () => {
    const local = await api.app.inject({ url: '/widget/', headers: { host: '127.0.0.1:8080' } });
    expect(local.statusCode).toBe(200);
    expect(local.headers['content-security-policy']).toContain("script-src 'self'");
    expect(local.headers['content-security-policy']).not.toContain('unsafe');
    const far = await api.app.inject({
      url: '/widget/',
      headers: { host: '127.0.0.1:8080' },
      remoteAddress: '203.0.113.7',
    });
    expect(far.statusCode).toBe(404);
  });
});

it('asks of one address are limited', async () => {
  const answers = [];
  for (let each = 0; each < 45; each++)
    answers.push(
      (
        await api.app.inject({
          method: 'POST',
          url: '/api/widget/token',
          remoteAddress: '203.0.113.8',
          headers: { origin: SHOP },
          payload: {},
        })
      ).statusCode,
    );
  expect(answers.filter((status) => status === 200)).toHaveLength(40);
  expect(answers.at(-1)).toBe(429);
});
