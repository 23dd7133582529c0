import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Shop, startShop } from '../../../apps/retail/shop/server.js';
import type { Brain } from '../../../src/dialogue/brain.js';
import { createBrain } from '../../../src/dialogue/create-brain.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';
import { Caller, RetailHouse } from './retail.js';

/** The sample application against a shop that the test holds in its hand. */
let house: RetailHouse;
let shop: Shop;
let brain: Brain;
let folder: string;
beforeAll(async () => {
  house = await RetailHouse.open();
  shop = await startShop();
  folder = await mkdtemp(join(tmpdir(), 'hearken-retail-shop-'));
  await cp('apps/retail', join(folder, 'apps/retail'), { recursive: true });
  await writeFile(join(folder, 'apps/retail/endpoints.yml'), `shop: { url: "${shop.url}", timeout_ms: 1500 }\n`);
  brain = await createBrain({
    appFolder: join(folder, 'apps/retail'),
    cacheFolder: join(folder, 'cache'),
    intentModel: house.model,
    sessions: new MemorySessionStore({ ttlMs: 600_000 }),
    log: new MemoryConversationLog(),
    logger: pino({ level: 'silent' }),
    desk: house.desk,
    handoffTarget: 'sip:agent@127.0.0.1:5062',
  });
}, 180_000);
afterEach(() => shop.behave({}));
afterAll(async () => {
  await brain?.close();
  await shop?.stop();
  await house?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('what was agreed on the phone is what the shop has', () => {
  it('a return, once', async () => {
    const caller = new Caller(brain);
    await caller.say('我要退货');
    await caller.key('98765432');
    const done = await caller.say('确定');
    const [written] = shop.written('return');
    expect(written?.data).toMatchObject({ order: '98765432', faulty: false });
    expect(done.result.slots.return_number).toBe(written?.number);
    // Read out in two groups.
    expect(done.speech).toMatch(/[零幺二三四五六七八九]{4}，[零幺二三四五六七八九]{4}/);
    expect(shop.written('return')).toHaveLength(1);
  });

  it('a cancelled order, once, and the person who takes over is told of it', async () => {
    const caller = new Caller(brain);
    await caller.say('我要取消订单');
    await caller.key('61100404');
    expect((await caller.key('1357')).responses.at(-1)).toBe('utter_ask_cancel_confirmed');
    expect(shop.written('cancellation')).toHaveLength(0);
    const done = await caller.say('对');
    expect(done.responses[0]).toBe('utter_order_cancelled');
    expect(done.text).toContain('329元');
    expect(shop.written('cancellation').map(({ data }) => data)).toEqual([{ order: '61100404', refundYuan: 329 }]);
    const handed = await caller.say('转人工');
    expect(handed.transfer?.summary).toContain('订单已取消');
    expect(handed.transfer?.summary).toContain('订单状态 已取消');
    // Another caller, another call: it stays cancelled.
    const later = new Caller(brain, { channel: 'text' });
    expect((await later.say('查一下订单61100404')).text).toContain('这个订单已经取消了');
  });

  it.each([
    ['取消', true],
    ['取消吧', true],
    ['那还是取消吧', true],
    ['好的，取消', true],
    ['对，帮我取消掉', true],
    ['没错 取消订单', true],
    ['我要取消订单', true],
    ['算了', false],
    ['算了，取消吧', false],
    ['别取消', false],
    ['不要取消了', false],
    ['先不取消', false],
    ['我不想取消订单了', false],
    ['不取消，谢谢', false],
    ['yes, cancel it', true],
    ['cancel the order please', true],
    ['I want to cancel my order', true],
    ['yes, cancel that', true],
    ['yes please cancel', true],
    ['cancel that', false],
    ['yes, keep it', false],
    ['对，不取消', false],
    ['不要了，取消', true],
    ['never mind', false],
    ["don't cancel it", false],
    ['no, do not cancel my order', false],
    ['keep the order', false],
  ])('"%s", said to "shall I cancel it?", cancels: %s', async (words, cancels) => {
    const before = shop.written('cancellation').length;
    const english = /[a-z]/.test(words);
    const caller = new Caller(brain, { channel: 'text', language: english ? 'en' : 'zh-CN' });
    await caller.say(english ? 'cancel order 61100505' : '取消订单61100505');
    expect((await caller.say('4455')).responses.at(-1)).toBe('utter_ask_cancel_confirmed');
    shop.behave({ status: 503 });
    const answer = await caller.say(words);
    shop.behave({});
    // The shop does not answer who wants it cancelled; who does not, needs it no more.
    expect(answer.responses.includes('utter_ask_callback_wanted'), answer.responses.join()).toBe(cancels);
    expect(answer.responses).not.toContain('utter_order_cancelled');
    expect(shop.written('cancellation')).toHaveLength(before);
  });

  it('the button of the menu is no yes', async () => {
    const caller = new Caller(brain, { channel: 'text' });
    await caller.say('取消订单61100505');
    await caller.say('4455');
    expect((await caller.say('/cancel_order')).responses).toEqual(['utter_ask_cancel_confirmed']);
    expect((await caller.say('/cancel_order')).responses.at(-1)).toBe('utter_ask_cancel_confirmed');
    expect((await caller.say('/deny')).responses[0]).toBe('utter_order_kept');
  });

  it('an order that leaves while its owner is asked is not said to be cancelled', async () => {
    const caller = new Caller(brain, { channel: 'text' });
    await caller.say('取消订单61100303');
    await caller.say('8484');
    // Meanwhile somebody else has dropped it.
    const other = { order: '61100303', phoneTail: '8484', key: 'somebody-else' };
    await fetch(`${shop.url}/cancellations`, { method: 'POST', body: JSON.stringify(other) });
    const told = await caller.say('确定');
    expect(told.responses).toEqual(['utter_cancel_problem', 'utter_ask_more_help']);
    expect(told.result.slots.order_cancelled).toBe(false);
  });

  it('an exchange in the size that was meant', async () => {
    const caller = new Caller(brain);
    await caller.say('鞋小了，换大一号的');
    await caller.key('70110042');
    await caller.key('1');
    expect(shop.written('exchange').at(-1)?.data).toMatchObject({ order: '70110042', size: '43' });
  });

  it('an invoice with the tax number, and a form by text message where it could not be said', async () => {
    const typed = new Caller(brain, { channel: 'text' });
    for (const words of ['开公司发票', '55018866', '8866', '云帆贸易有限公司', '91330100ma27x1234d', 'a@b.example'])
      await typed.say(words);
    expect(shop.written('invoice').at(-1)?.data).toMatchObject({
      kind: 'company',
      title: '云帆贸易有限公司',
      taxNumber: '91330100MA27X1234D',
      email: 'a@b.example',
    });
    const spoken = new Caller(brain);
    await spoken.say('开公司发票');
    await spoken.key('61102828');
    await spoken.key('7788');
    for (const words of ['云帆贸易有限公司', '对', '九一三三零', '九一三三一', 'a 艾特 qq 点 com', '对'])
      await spoken.say(words);
    expect(shop.written('message').map(({ data }) => data.kind)).toContain('tax_form');
  });

  it('a complaint and a call-back lie on the agents’ desk', async () => {
    const caller = new Caller(brain);
    await caller.say('我要投诉');
    const noted = await caller.say('快递员把包裹扔在门口');
    const ticket = await house.desk.get(String(noted.result.slots.ticket_number));
    expect(ticket).toMatchObject({ kind: 'ticket', text: '快递员把包裹扔在门口', priority: 'high' });
    await caller.say('请给我回个电话');
    await caller.key('13000012468');
    expect((await caller.key('3')).speech).toContain('明天上午');
    const booked = await caller.say('好的');
    const callBack = await house.desk.get(String(booked.result.slots.callback_number));
    expect(callBack).toMatchObject({ kind: 'call_back', phone: '13000012468' });
  });

  it('a caller whose number is known need not say it', async () => {
    const id = 'known-number';
    const send = (messageId: string, text: string) =>
      brain.handle({
        conversationId: id,
        messageId,
        channel: 'voice',
        sender: 'sip:13100011357@pbx.example',
        input: { type: 'text', text, confidence: 0.9 },
      });
    const asked = await send('1', '给我回个电话');
    expect(JSON.stringify(asked.actions)).toContain('1357');
    expect(JSON.stringify((await send('2', '可以')).actions)).toContain('utter_ask_callback_time');
    expect((await send('3', '尽快')).slots.callback_phone).toBe('13100011357');
  });

  it('who says another number instead is called on that one', async () => {
    const send = (messageId: string, text: string) =>
      brain.handle({
        conversationId: 'other-number',
        messageId,
        channel: 'voice',
        sender: 'sip:13100011357@pbx.example',
        input: { type: 'text', text, confidence: 0.9 },
      });
    await send('1', '给我回个电话');
    const other = await send('2', '一三九一一一一二二二二');
    expect(JSON.stringify(other.actions)).toContain('utter_ask_callback_time');
    expect(other.slots.callback_phone).toBe('13911112222');
  });
});

describe('a shop that is slow or out of order', () => {
  it('is waited for with a word', async () => {
    shop.behave({ delayMs: 1200 });
    const said: string[] = [];
    await brain.handle({
      conversationId: 'slow',
      messageId: '1',
      channel: 'voice',
      language: 'zh-CN',
      input: { type: 'text', text: '查订单', confidence: 0.9 },
    });
    const told = await brain.handle(
      { conversationId: 'slow', messageId: '2', channel: 'voice', input: { type: 'dtmf', digits: '20250415' } },
      { onInterim: (say) => said.push(say.speech) },
    );
    expect(said).toEqual([expect.stringMatching(/请稍等|还在查/)]);
    expect(JSON.stringify(told.actions)).toContain('运动鞋');
  });

  it('is given up on, and the caller is offered a call back or a person', async () => {
    for (const behaviour of [{ delayMs: 5000 }, { status: 500 }]) {
      shop.behave(behaviour);
      const caller = new Caller(brain);
      await caller.say('查订单');
      expect((await caller.key('20250415')).responses).toEqual(['utter_ask_callback_wanted']);
      shop.behave({});
      expect((await caller.key('2')).transfer).toBeDefined();
    }
  });

  it('costs nothing that was said: after the trouble the same order is known', async () => {
    shop.behave({ status: 503 });
    const caller = new Caller(brain, { language: 'en' });
    await caller.say('I want to return something');
    expect((await caller.key('98765432')).responses).toEqual(['utter_ask_callback_wanted']);
    shop.behave({});
    const handed = await caller.say('no thanks');
    expect(handed.transfer?.slots).toMatchObject({ order_number: '98765432' });
  });
});

describe('what is personal', () => {
  it('is told to nobody who does not know the phone number of the order', async () => {
    for (const wish of ['退款到哪了', '我要开发票', '我要改收货地址', '扣了两次钱', '我要取消订单']) {
      const caller = new Caller(brain);
      await caller.say(wish);
      const asked = await caller.key('12345678');
      expect(asked.responses.at(-1), wish).toBe('utter_ask_phone_tail');
      const refused = await caller.key('0000');
      expect(refused.responses, wish).toContain('utter_identity_wrong');
      expect(refused.text, wish).not.toMatch(/\d元|抬头/);
    }
  });

  it('the password is never asked for', async () => {
    const texts = [...brain.prompts('zh-CN'), ...brain.prompts('en')];
    for (const text of texts)
      expect(text).not.toMatch(/(?:请说|请输入|念).{0,4}密码|(?<!never )(?:say|type|tell me) your password/i);
    expect(texts.some((text) => text.includes('Never tell me your password'))).toBe(true);
  });
});
