import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApi } from '../../../../src/api/app.js';
import { configSchema } from '../../../../src/config.js';
import type { Brain, TurnResult, UserInput } from '../../../../src/dialogue/brain.js';
import { linkedBrain } from '../../../../src/dialogue/continue/linked-brain.js';
import { asksForCode, CONTINUE_MARK, codeIn, codeWords } from '../../../../src/dialogue/continue/words.js';
import { createBrain } from '../../../../src/dialogue/create-brain.js';
import { MemorySessionStore } from '../../../../src/store/memory-session-store.js';
import { ShortCodes } from '../../../../src/store/short-codes.js';
import { FakeIntentModel } from '../../../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../../../src/testing/memory-conversation-log.js';

const logger = pino({ level: 'silent' });
const sessions = new MemorySessionStore({ ttlMs: 60_000 });
const codes = new ShortCodes(sessions);
let inner: Brain;
let brain: Brain;
beforeAll(async () => {
  inner = await createBrain({
    appFolder: 'apps/retail',
    intentModel: new FakeIntentModel({ 查订单: 'order_status', 转人工: 'human' }),
    sessions,
    log: new MemoryConversationLog(),
    logger,
  });
  brain = linkedBrain({ brain: inner, sessions, codes });
});
afterAll(() => brain.close());

const person = (channel: 'voice' | 'text', id: string = randomUUID()) => {
  let count = 0;
  const send = (input: UserInput, messageId = `${++count}`): Promise<TurnResult> =>
    brain.handle({ conversationId: id, messageId, channel, input, source: id });
  return {
    id,
    send,
    say: (text: string, messageId?: string) => send({ type: 'text', text, confidence: 1 }, messageId),
    start: () => send({ type: 'event', name: 'start', attempt: 1 }),
    key: (digits: string) => send({ type: 'dtmf', digits }),
  };
};
const textOf = (result: TurnResult) =>
  result.actions.map((action) => (action.type === 'say' ? action.text : '')).join('');
const codeOf = (result: TurnResult) => (/\d{3} \d{3}/.exec(textOf(result))?.[0] ?? '').replace(' ', '');

describe('a conversation goes on in another channel', () => {
  it('from the phone to text: with its question, its slots and its history, also for later messages', async () => {
    const caller = person('voice');
    await caller.start();
    await caller.say('查订单');
    const given = await caller.say('换文字');
    expect(codeOf(given)).toMatch(/^\d{6}$/);
    expect(given.actions.at(-1)).toMatchObject({ type: 'expect', expectation: { slot: 'order_number' } });
    const typing = person('text');
    const joined = await typing.say(codeOf(given));
    expect(joined.conversationId).toBe(caller.id);
    expect(textOf(joined)).toContain('已经接上');
    expect(textOf(joined)).toContain('订单号');
    const told = await typing.say('20250415');
    expect(textOf(told)).toContain('运动鞋');
    expect([told.conversationId, told.messageId]).toEqual([caller.id, '2']);
    // Both are now the same conversation.
    expect((await caller.say('查订单')).slots).toMatchObject({ order_lookup: 'found' });
  });

  it.each([
    ['keys', 'dtmf', (code: string) => code],
    [
      'digits said alone',
      'text',
      (code: string) => [...code].map((digit) => '零一二三四五六七八九'[Number(digit)]).join(''),
    ],
    ['words', 'text', (code: string) => `我的续接码是${code}`],
  ] as const)('from text to the phone: by %s', async (_how, type, form) => {
    const typing = person('text');
    await typing.say('查订单');
    const code = codeOf(await typing.say('换电话'));
    const caller = person('voice');
    await caller.start();
    const joined = type === 'dtmf' ? await caller.key(form(code)) : await caller.say(form(code));
    expect(textOf(joined)).toContain('已经接上');
    expect(textOf(await caller.key('20250415'))).toContain('运动鞋');
    expect(await brain.peek(caller.id, '转人工')).toMatchObject({ complete: true });
  });

  it('and a repeated message with the code is no second use of it', async () => {
    const caller = person('voice');
    await caller.say('查订单');
    const code = codeOf(await caller.say('换文字'));
    const typing = person('text');
    const first = await typing.say(code, 'm1');
    const again = await typing.say(code, 'm1');
    expect(again.actions).toEqual(first.actions);
    expect(again.conversationId).toBe(caller.id);
    expect(textOf(await person('text').say(`code ${code}`))).toContain('不对');
  });

  it('also when another instance holds it', async () => {
    const caller = person('voice');
    await caller.say('查订单');
    const code = codeOf(await caller.say('换文字'));
    const typing = person('text');
    await typing.say(code);
    const other = linkedBrain({ brain: inner, sessions, codes: new ShortCodes(sessions) });
    const input = { type: 'text', text: '20250415', confidence: 1 } as const;
    const told = await other.handle({ conversationId: typing.id, messageId: 'x', channel: 'text', input });
    expect(textOf(told)).toContain('运动鞋');
  });

  it('while digits that were asked for, or that are no code, stay what they are', async () => {
    const caller = person('voice');
    await caller.say('查订单');
    const code = codeOf(await caller.say('换文字'));
    const asked = person('text');
    await asked.say('查订单');
    expect((await asked.say(code)).conversationId).toBe(asked.id);
    const open = person('text');
    expect((await open.say('000000')).conversationId).toBe(open.id);
    // It has not been used up by either.
    expect((await person('text').say(code)).conversationId).toBe(caller.id);
  });

  it('but not for somebody who guesses', async () => {
    const guesser = person('text');
    for (let n = 0; n < 5; n++) expect(textOf(await guesser.say('code 000000'))).toContain('不对');
    expect(textOf(await guesser.say('code 000000'))).toContain('十分钟');
  });

  it('and stands in the log, without the code', async () => {
    const log = new MemoryConversationLog();
    const own = linkedBrain({ brain: inner, sessions, codes, log });
    const input = { type: 'text', text: '换文字', confidence: 1 } as const;
    const code = codeOf(await own.handle({ conversationId: 'logged', messageId: 'm', channel: 'text', input }));
    const wrong = { type: 'text', text: 'my code is 987654', confidence: 1 } as const;
    await own.handle({ conversationId: 'logged-too', messageId: 'm', channel: 'text', input: wrong });
    expect(log.events.map(({ conversationId }) => conversationId)).toEqual(['logged', 'logged-too']);
    const written = JSON.stringify(log.events).replace(/"atMs":\d+/g, '');
    expect(written).not.toMatch(new RegExp(`${code.slice(0, 3)}|${code.slice(3)}|987654`));
  });

  it('is not rehearsed: a code is given and used only for real', async () => {
    const id = randomUUID();
    const rehearse = (text: string) =>
      brain.rehearse({
        conversationId: id,
        messageId: 'r',
        channel: 'voice',
        input: { type: 'text', text, confidence: 1 },
      });
    expect(await rehearse('换文字')).toBeUndefined();
    expect(await rehearse('123456')).toBeUndefined();
    expect(await rehearse('查订单')).toBeDefined();
  });

  it('by buttons of a front end', async () => {
    const { app } = await createApi({
      brain,
      codes,
      logger,
      config: configSchema.parse({}).http,
      health: () => ({}),
      ping: async () => {},
    });
    const post = async (url: string, payload: object) => (await app.inject({ method: 'POST', url, payload })).json();
    const { conversationId } = await post('/chat', { text: '查订单' });
    const given = await post('/api/continue/code', { conversationId, language: 'en' });
    expect(given).toMatchObject({ code: expect.stringMatching(/^\d{6}$/), expiresInMs: 600_000 });
    expect(given.spoken).toMatch(/^[a-z ,]+$/);
    expect(await post('/api/continue', { code: given.code })).toMatchObject({ conversationId });
    expect((await post('/api/continue', { code: given.code })).replies[0].text).toContain('不对');
    // What lies beside the conversations in the store is no conversation to anybody.
    expect((await post('/chat', { text: 'x', conversationId: `code ${given.code}` })).code).toBe('REQUEST_INVALID');
    await app.close();
  });
});

describe('the words', () => {
  it('of a request are known in both languages, and nothing else is', () => {
    for (const text of ['换文字', '请换文字吧', '我想用电话继续', 'Continue by text.', 'please switch to phone'])
      expect(asksForCode(text)).toBe(true);
    for (const text of ['我要换货', '换个文字大小', '文字', 'continue', '']) expect(asksForCode(text)).toBe(false);
  });

  it('hold a code only when it is alone or announced', () => {
    expect(codeIn('123 456', 6)).toEqual({ code: '123456', announced: false });
    expect(codeIn('嗯，幺二三四五六', 6)).toEqual({ code: '123456', announced: false });
    expect(codeIn('one two three four five six', 6)).toEqual({ code: '123456', announced: false });
    expect(codeIn('my code is 123456', 6)).toEqual({ code: '123456', announced: true });
    for (const text of ['我买了123456件', '12345', '1234567', 'x'.repeat(10_000), ''])
      expect(codeIn(text, 6)).toBeUndefined();
  });

  it('that a rule of an application puts into a reply become a code', async () => {
    const fake = {
      ...inner,
      languages: ['en'],
      handle: async () => ({
        conversationId: 'c',
        messageId: 'm',
        language: 'en',
        noMatch: false,
        repeated: false,
        slots: {},
        actions: [{ type: 'say', text: CONTINUE_MARK, speech: CONTINUE_MARK, bargeIn: true }],
      }),
    } as unknown as Brain;
    const result = await linkedBrain({ brain: fake, sessions, codes }).handle({
      conversationId: 'c',
      messageId: 'm',
      channel: 'text',
      input: { type: 'text', text: 'hi', confidence: 1 },
    });
    expect(textOf(result)).toMatch(/Your code is \d{3} \d{3}\./);
    expect(codeWords('123456', 600_000, 'en').speech).toContain('one two three four');
  });
});
