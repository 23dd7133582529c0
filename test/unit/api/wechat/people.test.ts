import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../../../src/api/app.js';
import { systemClock } from '../../../../src/clock.js';
import { configSchema } from '../../../../src/config.js';
import { VisitorLines } from '../../../../src/handoff/visitor-lines.js';
import { FakeBrain, say } from '../../../../src/testing/fake-brain.js';
import { FakeWeChat, wechatRequest } from '../../../../src/testing/fake-wechat.js';
import { eventually } from '../../../support/processes.js';

const TOKEN = 'secrettoken';
let fake: FakeWeChat;
let api: Api;
let visitors: VisitorLines;
let conversationId: string;

beforeEach(async () => {
  fake = await FakeWeChat.start();
  visitors = new VisitorLines(systemClock);
  const brain = new FakeBrain(() => [say('好的')]);
  const { handle } = brain;
  brain.handle = async (message, options) => {
    conversationId = message.conversationId;
    const result = await handle.call(brain, message, options);
    const asks = message.input.type === 'text' && message.input.text === '人工';
    return asks ? { ...result, person: { state: 'queued' } } : result;
  };
  const config = configSchema.parse({
    wechat: { token: TOKEN, appId: 'wx1', appSecret: 'a-long-secret', apiBase: fake.url },
  });
  api = await createApi({
    brain,
    visitors,
    logger: pino({ level: 'silent' }),
    config: config.http,
    wechat: config.wechat,
    health: () => ({}),
    ping: async () => {},
  });
});
afterEach(async () => {
  await api.app.close();
  await fake.stop();
});

async function write(content: string, id: string): Promise<void> {
  const { url, body } = wechatRequest(TOKEN, {
    FromUserName: 'openid_A',
    MsgType: 'text',
    Content: content,
    MsgId: id,
  });
  const headers = { 'content-type': 'text/xml' };
  expect((await api.app.inject({ method: 'POST', url, headers, payload: body })).statusCode).toBe(200);
}

describe('people at the desk and somebody on WeChat', () => {
  it('what they write goes out by itself and in order, until nobody is there any more', async () => {
    await write('人工', '1');
    visitors.send(conversationId, { id: 'a', who: 'system', name: undefined, text: '客服小李已加入对话。' });
    visitors.send(conversationId, { id: 'b', who: 'agent', name: '小李', text: '您好' });
    await eventually('both lines', () => fake.sent.length === 2);
    expect(fake.sent.map(({ text }) => text)).toEqual(['客服小李已加入对话。', '小李：您好']);
    expect(fake.sent.every(({ openId }) => openId === 'openid_A')).toBe(true);
    visitors.send(conversationId, { id: 'c', who: 'system', name: undefined, text: '再见', over: true });
    await eventually('the end', () => fake.sent.length === 3);
    expect(visitors.connected(conversationId)).toBe(false);
    await write('人工', '2');
    expect(visitors.connected(conversationId)).toBe(true);
    await write('你好', '3');
    expect(visitors.connected(conversationId)).toBe(false);
  });
});
