import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Brain } from '../../../src/dialogue/brain.js';
import { createBrain } from '../../../src/dialogue/create-brain.js';
import type { Tracker } from '../../../src/dialogue/tracker/tracker.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { RedisSessionStore } from '../../../src/store/redis-session-store.js';
import { ResilientSessionStore } from '../../../src/store/resilient-session-store.js';
import { FakeIntentModel } from '../../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';
import { redisMissing, TestRedis } from '../../../src/testing/redis-server.js';
import { Caller } from './retail.js';

const logger = pino({ level: 'silent' });
const order = (number: string) => ({ intent: 'inform', entities: [{ entity: 'order_number', value: number }] });
const model = new FakeIntentModel({
  查订单: 'order_status',
  我要退货: 'return_request',
  对: 'affirm',
  不对: 'deny',
  转人工: 'human',
  '87654321': order('87654321'),
  '20250415': order('20250415'),
});

const brains: Brain[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const brain of brains.splice(0)) await brain.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function open(options: Partial<Parameters<typeof createBrain>[0]> = {}): Promise<Brain> {
  const brain = await createBrain({
    appFolder: 'test/fixtures/dialogue/shop',
    intentModel: model,
    sessions: new MemorySessionStore({ ttlMs: 60_000 }),
    log: new MemoryConversationLog(),
    logger,
    ...options,
  });
  brains.push(brain);
  return brain;
}

async function application(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hearken-app-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

const text = (conversationId: string, messageId: string, words: string) =>
  ({ conversationId, messageId, channel: 'text', input: { type: 'text', text: words, confidence: 1 } }) as const;

describe('a message', () => {
  it('that comes twice gets the first reply and is done once', async () => {
    const log = new MemoryConversationLog();
    const brain = await open({ log });
    const id = randomUUID();
    const [first, second] = await Promise.all([
      brain.handle(text(id, 'm1', '查订单')),
      brain.handle(text(id, 'm1', '查订单')),
    ]);
    expect([first.repeated, second.repeated].sort()).toEqual([false, true]);
    expect(second.actions).toEqual(first.actions);
    expect(log.events.filter((event) => event.type === 'turn')).toHaveLength(1);
  });

  it('brings no slot a value that it has already', async () => {
    const sessions = new MemorySessionStore<Tracker>({ ttlMs: 60_000 });
    const brain = await open({ sessions });
    const id = randomUUID();
    for (const [turn, words] of ['查订单', '87654321', '查订单', '87654321'].entries())
      await brain.handle(text(id, String(turn), words));
    const known = new Map<string, string>();
    const events = (await sessions.get(id))?.value.events.filter((event) => event.event === 'slot') ?? [];
    expect(events.length).toBeGreaterThan(0);
    for (const { name, value } of events) {
      expect(JSON.stringify(value), name).not.toBe(known.get(name) ?? 'null');
      known.set(name, JSON.stringify(value));
    }
  });

  it('is refused when its ids are not fit to be keys', async () => {
    const brain = await open();
    for (const id of ['', 'a b', 'x'.repeat(200), 'ä', 'a\nb']) {
      await expect(brain.handle(text(id, 'm', 'x'))).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    }
  });

  it('of any hostile kind never breaks the turn nor reaches the words of the bot unescaped', async () => {
    const brain = await open();
    const hostile = [
      '{order_number}',
      '{{',
      '<script>alert(1)</script>',
      '\u0000\u202e',
      '/order_status{"order_number":{"a":1}}',
      '/order_status{"order_number":{"toString":1}}',
      '/affirm{"order_number":[[{"valueOf":{},"toString":"x","__proto__":{"b":1}}]]}',
      '/nowhere',
      '/order_status{',
      '__proto__',
      'x'.repeat(100_000),
      '😀'.repeat(500),
      `$${'{process.env}'}`,
      '%s%n',
      "'; DROP TABLE",
    ];
    for (const words of hostile) {
      const id = randomUUID();
      const result = await brain.handle(text(id, 'm1', words));
      expect(result.actions.at(-1)?.type).toBe('expect');
      await brain.handle(text(id, 'm2', '查订单'));
      const after = await brain.handle(text(id, 'm3', words));
      expect(JSON.stringify(after.actions)).not.toMatch(/<script>|undefined|\[object/);
    }
  });

  it('in Rasa’s short form starts its intent with its entities, on the text channel only', async () => {
    const brain = await open();
    const result = await brain.handle(text(randomUUID(), 'm', '/order_status{"order_number":"20250415"}'));
    expect(JSON.stringify(result.actions)).toContain('运动鞋');
    const spoken = await brain.handle({
      conversationId: randomUUID(),
      messageId: 'm',
      channel: 'voice',
      input: { type: 'text', text: '/human', confidence: 1 },
    });
    expect(spoken.actions.some((action) => action.type === 'transfer')).toBe(false);
  });
});

describe('conversations', () => {
  it('are not mixed when a hundred run at once', async () => {
    const brain = await open();
    const numbers = ['20250415', '87654321'];
    const results = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const caller = new Caller(brain, { channel: 'text' });
        await caller.say('查订单', 1);
        const told = await caller.say(numbers[index % 2] ?? '', 1);
        return [told.result.slots.order_number, told.text] as const;
      }),
    );
    results.forEach(([number, words], index) => {
      expect(number).toBe(numbers[index % 2]);
      expect(words).toContain(index % 2 === 0 ? '运动鞋' : '手机');
    });
  });

  it('begin anew when their time is over', async () => {
    let nowMs = Date.now();
    const brain = await open({
      sessions: new MemorySessionStore({ ttlMs: 1_800_000, now: () => nowMs }),
      now: () => nowMs,
    });
    const id = randomUUID();
    await brain.handle(text(id, 'm1', '查订单'));
    nowMs += 1_800_001;
    const result = await brain.handle(text(id, 'm2', '20250415'));
    expect(result.repeated).toBe(false);
    // The question is forgotten; the number alone begins the flow that asks for it.
    expect(result.slots.order_number).toBe('20250415');
  });

  it('of an older version load with defaults, of a newer one are refused', async () => {
    const sessions = new MemorySessionStore({ ttlMs: 60_000 });
    const brain = await open({ sessions });
    await sessions.put(
      'old',
      {
        schema: 1,
        conversationId: 'old',
        createdMs: Date.now(),
        state: { language: 'en', turn: 3, slots: { order_number: '87654321' } },
      },
      0,
    );
    const result = await brain.handle(text('old', 'm1', '查订单'));
    expect(result.language).toBe('en');
    expect(JSON.stringify(result.actions)).toContain('phone');
    await sessions.put('new', { schema: 99, state: {} }, 0);
    await expect(brain.handle(text('new', 'm1', 'x'))).rejects.toMatchObject({ code: 'SESSION_SCHEMA', status: 409 });
    await sessions.put('odd', 'not a conversation', 0);
    await expect(brain.handle(text('odd', 'm1', 'x'))).rejects.toMatchObject({ code: 'SESSION_SCHEMA' });
  });

  it('go to the log with what was said, heard and handed over', async () => {
    const log = new MemoryConversationLog();
    const brain = await open({ log, handoffTarget: 'sip:agent@example.invalid' });
    const id = randomUUID();
    await brain.handle(text(id, 'm1', '转人工'));
    await brain.heard(id, '好的，正在');
    expect(log.events.map((event) => event.type)).toEqual(['turn', 'transfer', 'heard']);
    expect(log.events[1]?.data).toMatchObject({ target: 'sip:agent@example.invalid', reason: 'requested' });
  });
});

describe('peek', () => {
  it('knows a whole answer, a number that may go on, and half a sentence', async () => {
    const brain = await open();
    const caller = new Caller(brain);
    expect(await brain.peek(caller.id, '查订单')).toEqual({ complete: true, openNumber: false });
    expect(await brain.peek(caller.id, '随便说说')).toEqual({ complete: false, openNumber: false });
    await caller.say('查订单');
    expect(await brain.peek(caller.id, '二零二五')).toEqual({ complete: true, openNumber: true });
    expect(await brain.peek(caller.id, '二零二五零四')).toEqual({ complete: false, openNumber: true });
    expect(await brain.peek(caller.id, '二零二五零四一五')).toEqual({ complete: true, openNumber: false });
    expect(await brain.peek(caller.id, '嗯我想')).toMatchObject({ complete: false, dangling: true });
    expect(await brain.peek(caller.id, '转人工')).toEqual({ complete: true, openNumber: false });
    await caller.say('八七六五');
    expect(await brain.peek(caller.id, '对')).toEqual({ complete: true, openNumber: false });
  });

  it('asks the understanding once for the same words', async () => {
    const own = new FakeIntentModel({ 查订单: 'order_status' });
    const brain = await open({ intentModel: own });
    for (let count = 0; count < 5; count++) await brain.peek('c', '查订单');
    expect(own.asked).toHaveLength(1);
  });
});

describe('an action that fails or hangs', () => {
  const files = (run: string) => ({
    'domain.yml': `intents: [go]\nactions: [action_x]\nresponses:\n  utter_action_failed:\n  - text: Something went wrong.\n`,
    'rules.yml': `rules:\n- rule: r\n  steps:\n  - intent: go\n  - action: action_x\n`,
    'actions/x.ts': `export default { name: 'action_x', timeoutMs: 50, run: async (context: { signal: AbortSignal }) => { ${run} } };`,
  });

  it('costs the caller an apology and a person, never silence', async () => {
    for (const run of [
      `throw new Error('down');`,
      `await new Promise(() => {});`,
      `await new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(new Error('stopped'))));`,
    ]) {
      const brain = await open({
        appFolder: await application(files(run)),
        intentModel: new FakeIntentModel({ go: 'go' }),
      });
      const result = await brain.handle(text(randomUUID(), 'm', 'go'));
      expect(result.actions.map((action) => action.type)).toEqual(['say', 'transfer']);
    }
  });

  it('is told at the start when it can’t be built or is missing', async () => {
    await expect(open({ appFolder: await application(files('this is not code')) })).rejects.toMatchObject({
      code: 'APP_INVALID',
      message: expect.stringContaining('x.ts'),
    });
    const missing = { ...files(''), 'actions/x.ts': 'export default { name: "action_other", run() {} };' };
    await expect(open({ appFolder: await application(missing) })).rejects.toMatchObject({
      code: 'APP_INVALID',
      message: expect.stringContaining('action_x'),
    });
  });
});

describe('prompts', () => {
  it('are the fixed sentences of one language, for the ears', async () => {
    const brain = await open();
    const chinese = brain.prompts('zh-CN');
    const english = brain.prompts('en');
    expect(chinese).toContain('还有别的需要吗？');
    expect(english).toContain('Is there anything else?');
    expect(chinese.some((prompt) => /[a-z]{4}/.test(prompt))).toBe(false);
    expect([...chinese, ...english].some((prompt) => prompt.includes('{'))).toBe(false);
  });
});

const missing = redisMissing();
describe.skipIf(missing !== undefined)(`on Redis${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(() => redis?.stop());

  it('two instances hold one conversation together, one turn at a time', async () => {
    const stores = await Promise.all([1, 2].map(() => RedisSessionStore.connect({ url: redis.url, ttlMs: 60_000 })));
    const [a, b] = await Promise.all(stores.map((sessions) => open({ sessions })));
    if (a === undefined || b === undefined) throw new Error('two brains');
    const id = randomUUID();
    await a.handle(text(id, 'm1', '查订单'));
    expect(JSON.stringify((await b.handle(text(id, 'm2', '20250415'))).actions)).toContain('运动鞋');
    const many = await Promise.all(
      Array.from({ length: 12 }, (_, index) => (index % 2 ? a : b).handle(text(id, `n${index % 6}`, '查订单'))),
    );
    // Six message ids, each sent twice: six turns.
    expect(many.filter((result) => !result.repeated)).toHaveLength(6);
    await Promise.all(stores.map((sessions) => sessions.close()));
  });

  it('goes away and comes back while people are on the phone: nobody notices', async () => {
    const own = await TestRedis.start();
    const sessions = new ResilientSessionStore(await RedisSessionStore.connect({ url: own.url, ttlMs: 60_000 }), {
      ttlMs: 60_000,
      retryMs: 20,
    });
    const brain = await open({ sessions });
    const live = new Caller(brain);
    await live.say('查订单');
    await own.stop();
    expect((await live.key('20250415')).speech).toContain('运动鞋');
    const late = new Caller(brain);
    expect((await late.event('start')).speech).toContain('您好');
    expect((await late.say('查订单')).expects?.slot).toBe('order_number');
    await own.resume();
    await expect.poll(() => sessions.unsaved, { timeout: 30_000 }).toBe(0);
    expect((await live.say('转人工')).transfer?.slots).toMatchObject({ order_number: '20250415' });
    await sessions.close();
    await own.stop();
  });

  it('a store that is away is told clearly, and the conversation goes on when it is back', async () => {
    const own = await TestRedis.start();
    const sessions = await RedisSessionStore.connect({ url: own.url, ttlMs: 60_000 });
    const brain = await open({ sessions });
    await own.stop();
    await expect(brain.handle(text('c', 'm1', '查订单'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      status: 503,
    });
    await own.resume();
    await expect
      .poll(
        () =>
          sessions.ping().then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true);
    expect((await brain.handle(text('c', 'm1', '查订单'))).repeated).toBe(false);
    await sessions.close();
    await own.stop();
  });
});
