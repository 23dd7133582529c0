import { createHash } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../../src/api/app.js';
import { configSchema } from '../../../src/config.js';
import { linkedBrain } from '../../../src/dialogue/continue/linked-brain.js';
import { createBrain } from '../../../src/dialogue/create-brain.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { ShortCodes } from '../../../src/store/short-codes.js';
import { FakeIntentModel } from '../../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';

interface Operation {
  readonly summary?: string;
  readonly responses: Record<string, { readonly content?: unknown }>;
  readonly requestBody?: { readonly content: Record<string, { readonly example?: unknown }> };
}
interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}

let api: Api;
let document: OpenApi;
const routes: string[] = [];
beforeAll(async () => {
  const logger = pino({ level: 'silent' });
  const config = configSchema.parse({
    wechat: { token: 'secrettoken', appId: 'wx1' },
    http: { requestsPerMinute: 1000 },
  });
  const sessions = new MemorySessionStore({ ttlMs: 60_000 });
  const codes = new ShortCodes(sessions);
  const log = new MemoryConversationLog();
  const intentModel = new FakeIntentModel({ 查订单: 'order_status' });
  const brain = await createBrain({ appFolder: 'apps/retail', intentModel, sessions, log, logger });
  api = await createApi({
    brain: linkedBrain({ brain, sessions, codes }),
    codes,
    log,
    logger,
    intentModel,
    config: config.http,
    wechat: config.wechat,
    calls: { dataFolder: '/nowhere', idOf: () => undefined },
    health: () => ({}),
    ping: async () => {},
  });
  await api.app.ready();
  document = (await api.app.inject({ url: '/documentation' })).json();
  for (const route of api.routes) {
    const [method = '', path = ''] = route.split(' ');
    routes.push(`${method.toLowerCase()} ${path}`);
  }
});
afterAll(() => api.app.close());

describe('the document at /documentation', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toMatch(/^3\.1/);
    const result = await new Validator().validate(structuredClone(document) as never);
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
  });

  it('holds every route, each with a summary, and what it answers', () => {
    expect(routes.length).toBeGreaterThan(12);
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ');
      if (path.startsWith('/documentation')) continue;
      const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method];
      expect(operation?.summary, route).toMatch(/\w/);
      expect(Object.keys(operation?.responses ?? {}), route).toContain('200');
    }
  });

  it('holds the routes that front ends and other programs count on', () => {
    for (const route of [
      'post /chat',
      'post /api/message',
      'post /api/conversation',
      'post /api/query',
      'get /api/history',
      'post /api/history',
      'get /api/health',
      'post /webhooks/rest/webhook',
      'get /webhooks/wechat',
      'post /webhooks/wechat',
      'post /api/continue',
      'post /api/continue/code',
      'get /api/conversations',
      'post /model/parse',
      'get /metrics',
    ])
      expect(routes).toContain(route);
  });

  it('is a page for a browser, which may show its own style and nothing else, and JSON for everybody else', async () => {
    const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    const page = await api.app.inject({ url: '/documentation', headers });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ');
      if (path.startsWith('/documentation')) continue;
      expect(page.body).toContain(`${method.toUpperCase()} ${path.replace(/:(\w+)/g, '{$1}')}`);
    }
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const style = /<style>([\s\S]*?)<\/style>/.exec(page.body)?.[1] ?? '';
    expect(policy).toContain(createHash('sha256').update(style).digest('base64'));
    expect(page.body).not.toMatch(/<script|\sstyle=|\son\w+=/i);
    for (const url of ['/documentation', '/documentation/json'])
      expect((await api.app.inject({ url })).json()).toEqual(document);
  });

  it('gives an example of each JSON body that the route itself takes', async () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      const content = operations.post?.requestBody?.content['application/json'];
      if (content === undefined) continue;
      const { example } = content;
      expect(example, path).toBeDefined();
      const response = await api.app.inject({ method: 'POST', url: path, payload: example as object });
      expect([path, response.statusCode, response.body]).toEqual([path, 200, response.body]);
    }
  });
});
