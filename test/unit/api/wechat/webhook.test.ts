import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../../../src/api/app.js';
import { WeChatCipher } from '../../../../src/api/wechat/crypto.js';
import { readXml } from '../../../../src/api/wechat/xml.js';
import { configSchema } from '../../../../src/config.js';
import type { Brain, UserMessage } from '../../../../src/dialogue/brain.js';
import { FakeWeChat, wechatRequest } from '../../../../src/testing/fake-wechat.js';

const TOKEN = 'secrettoken';
const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
let fake: FakeWeChat;
let api: Api | undefined;
let seen: UserMessage[];
/** What the brain waits for before it answers. */
let gate: Promise<void>;

beforeEach(async () => {
  fake = await FakeWeChat.start();
  seen = [];
  gate = Promise.resolve();
});
afterEach(async () => {
  await api?.app.close();
  api = undefined;
  await fake.stop();
});

const brain: Pick<Brain, 'handle'> = {
  async handle(message) {
    seen.push(message);
    await gate;
    const text =
      message.input.type === 'text'
        ? `回答 ${message.input.text}`
        : `event ${message.input.type === 'event' ? message.input.name : ''}`;
    return {
      conversationId: message.conversationId,
      messageId: message.messageId,
      language: 'zh-CN',
      actions: [{ type: 'say', text, speech: text, bargeIn: true }],
      noMatch: false,
      repeated: false,
      slots: {},
    };
  },
};

async function open(wechat: Record<string, unknown> = {}): Promise<Api> {
  const config = configSchema.parse({
    wechat: { token: TOKEN, appId: 'wx1', appSecret: 'a-long-secret', apiBase: fake.url, ...wechat },
  });
  api = await createApi({
    brain: brain as Brain,
    logger: pino({ level: 'silent' }),
    config: config.http,
    wechat: config.wechat,
    health: () => ({}),
    ping: async () => {},
  });
  return api;
}

type Fields = Record<string, string | number>;
const text = (content: string, id = '1001'): Fields => ({
  FromUserName: 'openid_A',
  MsgType: 'text',
  Content: content,
  MsgId: id,
});
async function send(fields: Fields, options: Parameters<typeof wechatRequest>[2] & { token?: string } = {}) {
  const { url, body } = wechatRequest(options.token ?? TOKEN, fields, options);
  const response = await api?.app.inject({
    method: 'POST',
    url,
    payload: body,
    headers: { 'content-type': 'text/xml' },
  });
  if (response === undefined) throw new Error('not open');
  return response;
}
const contentOf = (body: string) => readXml(body).get('Content');

describe('the WeChat webhook', () => {
  it('answers the check of its address only with the right signature', async () => {
    const { app } = await open();
    const good = wechatRequest(TOKEN, {}).url;
    const answer = await app.inject({ url: `${good}&echostr=12345` });
    expect([answer.statusCode, answer.body]).toEqual([200, '12345']);
    const bad = wechatRequest('another', {}).url;
    expect((await app.inject({ url: `${bad}&echostr=1` })).json()).toMatchObject({ code: 'FORBIDDEN' });
    expect((await app.inject({ url: '/webhooks/wechat' })).statusCode).toBe(403);
  });

  it('answers a text in the reply, addressed back, in a conversation of that person', async () => {
    await open();
    const response = await send(text('查订单 ]]> <b>'));
    const fields = readXml(response.body);
    expect(Object.fromEntries(fields)).toMatchObject({
      ToUserName: 'openid_A',
      FromUserName: 'gh_account',
      MsgType: 'text',
      Content: '回答 查订单 ]]> <b>',
    });
    expect(response.headers['content-type']).toContain('text/xml');
    await send(text('还有', '1002'));
    await send({ ...text('我是别人', '1003'), FromUserName: 'openid_B' });
    expect(seen[0]?.conversationId).toMatch(/^wechat-[0-9a-f]{40}$/);
    expect(seen[1]?.conversationId).toBe(seen[0]?.conversationId);
    expect(seen[2]?.conversationId).not.toBe(seen[0]?.conversationId);
    expect(seen[0]?.channel).toBe('text');
  });

  it('takes the words of a voice message, greets who subscribes, and says so when it gets a picture', async () => {
    await open();
    const from = { FromUserName: 'openid_A' };
    expect(contentOf((await send({ ...from, MsgType: 'voice', Recognition: '我要退货', MsgId: '1' })).body)).toBe(
      '回答 我要退货',
    );
    expect(contentOf((await send({ ...from, MsgType: 'event', Event: 'subscribe' })).body)).toBe('event start');
    expect(contentOf((await send({ ...from, MsgType: 'image', PicUrl: 'http://x', MsgId: '2' })).body)).toBe(
      'event no_match',
    );
    expect(contentOf((await send({ ...from, MsgType: 'event', Event: 'CLICK', EventKey: '/order_status' })).body)).toBe(
      '回答 /order_status',
    );
    expect((await send({ ...from, MsgType: 'event', Event: 'unsubscribe' })).body).toBe('success');
    expect((await send({ ...from, MsgType: 'event', Event: 'LOCATION' })).body).toBe('success');
  });

  it('does a message that comes again once, and gives the same answer', async () => {
    await open();
    const [first, second] = await Promise.all([send(text('你好')), send(text('你好'))]);
    const third = await send(text('你好'));
    expect(seen).toHaveLength(1);
    expect(contentOf(second.body)).toBe(contentOf(first.body));
    expect(contentOf(third.body)).toBe('回答 你好');
  });

  it('says "success" in time when the answer takes longer, and sends it once as a customer-service message', async () => {
    await open({ passiveReplyMs: 100 });
    let finish: () => void = () => {};
    gate = new Promise((resolve) => {
      finish = resolve;
    });
    const began = performance.now();
    const answers = await Promise.all([send(text('慢')), send(text('慢'))]);
    expect(answers.map(({ body }) => body)).toEqual(['success', 'success']);
    expect(performance.now() - began).toBeLessThan(4500);
    expect(fake.sent).toEqual([]);
    finish();
    await expect.poll(() => fake.sent).toEqual([{ openId: 'openid_A', text: '回答 慢' }]);
    expect((await send(text('慢'))).body).toBe('success');
    // The next one goes with the token that is there; one that has ended is asked for anew.
    gate = new Promise((resolve) => {
      finish = resolve;
    });
    fake.expireToken();
    fake.failures.push(-1);
    await send(text('又慢', '1002'));
    finish();
    await expect.poll(() => fake.sent.at(-1)?.text, { timeout: 20_000 }).toBe('回答 又慢');
    expect(fake.sent).toHaveLength(2);
    expect(fake.tokenRequests).toEqual(
      Array(2).fill({ grant_type: 'client_credential', appid: 'wx1', secret: 'a-long-secret' }),
    );
  });

  it('speaks the encrypted form, and refuses plain messages and other keys then', async () => {
    await open({ aesKey: AES_KEY });
    const cipher = new WeChatCipher(AES_KEY, 'wx1');
    const response = await send(text('加密'), { cipher });
    const sealed = readXml(response.body);
    expect(sealed.get('MsgSignature')).toMatch(/^[0-9a-f]{40}$/);
    expect(contentOf(cipher.decrypt(sealed.get('Encrypt') ?? ''))).toBe('回答 加密');
    expect((await send(text('plain', '5'))).statusCode).toBe(403);
    const other = new WeChatCipher(AES_KEY, 'wx-other');
    expect((await send(text('x', '6'), { cipher: other })).statusCode).toBe(403);
    expect(seen).toHaveLength(1);
  });

  it('refuses wrong signatures, old messages, other kinds of bodies and broken XML before anything is done', async () => {
    const { app } = await open();
    expect((await send(text('x'), { token: 'wrong' })).statusCode).toBe(403);
    expect((await send(text('x'), { atMs: Date.now() - 3_600_000 })).statusCode).toBe(403);
    const { url } = wechatRequest(TOKEN, {});
    const post = (payload: string, type = 'text/xml') =>
      app.inject({ method: 'POST', url, payload, headers: { 'content-type': type } });
    expect((await post('<!DOCTYPE x><xml></xml>')).statusCode).toBe(400);
    expect((await post('{"a":1}', 'application/json')).statusCode).toBe(400);
    expect((await post(`<xml>${'x'.repeat(100_000)}`)).statusCode).toBe(413);
    expect((await post('<xml><MsgType>text</MsgType></xml>')).body).toBe('success');
    expect(seen).toEqual([]);
  });

  it('is not there without a token', async () => {
    const { app } = await open({ token: undefined });
    expect((await app.inject({ url: '/webhooks/wechat' })).statusCode).toBe(404);
  });
});
