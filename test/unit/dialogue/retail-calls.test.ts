import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Brain } from '../../../src/dialogue/brain.js';
import { Caller, RetailHouse } from './retail.js';

let house: RetailHouse;
let brain: Brain;
beforeAll(async () => {
  house = await RetailHouse.open();
  brain = await house.brain();
}, 180_000);
afterAll(() => house?.close());

const call = (options: ConstructorParameters<typeof Caller>[1] = {}): Caller => new Caller(brain, options);

describe('a caller of the sample shop, in Mandarin', () => {
  it('is asked for the order number, hears it read back, and learns where the order is', async () => {
    const caller = call();
    expect((await caller.event('start')).speech).toContain('您好');
    const asked = await caller.say('我想查一下订单');
    expect(asked.expects).toMatchObject({ slot: 'order_number', minLength: 4, maxLength: 8 });
    const readBack = await caller.say('二零二五零四一五');
    expect(readBack.speech).toBe('是二零二五，零四幺五，对吗？');
    expect(readBack.text).toBe('是20250415，对吗？');
    expect(readBack.expects).toEqual({ slot: 'order_number', type: 'confirm', maxLength: 1 });
    const told = await caller.say('对');
    expect(told.speech).toContain('运动鞋已经发货');
    expect(told.result.slots).toMatchObject({ order_number: '20250415', order_state: 'shipped' });
    // Counters that count nothing are no news for anybody.
    expect(Object.keys(told.result.slots).filter((name) => name.endsWith('_failures'))).toEqual([]);
    expect((await caller.say('不用了')).hangup).toBeDefined();
  });

  it('is done with it who says no thanks to a question or to a read-back', async () => {
    const asked = call();
    await asked.say('查订单');
    expect((await asked.say('不用了谢谢')).expects).toMatchObject({ slot: 'more_help' });
    expect((await asked.say('没有了')).hangup).toBeDefined();
    const readBack = call();
    await readBack.say('查订单');
    await readBack.say('二零二五零四一五');
    expect((await readBack.say('不查了，谢谢')).expects).toMatchObject({ slot: 'more_help' });
  });

  it('may give the last four digits', async () => {
    const caller = call();
    await caller.say('查订单');
    expect((await caller.say('八七六五')).speech).toBe('是八七六五，对吗？');
    expect((await caller.say('对的')).speech).toContain('雨伞');
  });

  it('says yes to the read-back with the last digits of the same number', async () => {
    for (const [words, expected] of [
      ['对，尾号八七六五', '雨伞'],
      ['八七六五那个', '雨伞'],
      ['不对，尾号一二三四', '幺二三四'],
      ['对，尾号五六七八', '五六七八'],
    ] as const) {
      const caller = call();
      await caller.say('查订单');
      await caller.say('一零零四八七六五');
      expect((await caller.say(words)).speech, words).toContain(expected);
    }
  });

  it('says no to the read-back and gives another number in the same breath', async () => {
    const caller = call();
    await caller.say('查订单');
    await caller.say('八七六五');
    expect((await caller.say('不对，是一二三四五六七八')).speech).toContain('幺二三四，五六七八');
    expect((await caller.say('是的')).speech).toContain('耳机');
  });

  it('says only no to the read-back and is asked again in other words', async () => {
    const caller = call();
    await caller.say('查订单');
    await caller.say('八七六五');
    const again = await caller.say('不对');
    expect(again.responses).toEqual(['utter_ask_order_number_retry_1']);
    await caller.say('八七六五四三二一');
    expect((await caller.say('对')).speech).toContain('手机');
  });

  it('asks something else in the middle and is brought back to the open question', async () => {
    const caller = call();
    await caller.say('查订单');
    const digression = await caller.say('你们几点下班');
    expect(digression.responses).toEqual(['utter_opening_hours', 'utter_ask_order_number']);
    await caller.say('八七六五');
    const second = await caller.say('送货要多久');
    expect(second.responses).toEqual(['utter_delivery_time', 'utter_confirm_order_number']);
    expect((await caller.say('对')).speech).toContain('雨伞');
  });

  it('begins another wish in the middle, finishes it, and is brought back', async () => {
    const caller = call();
    await caller.say('我要退货');
    const complaint = await caller.say('我要投诉');
    expect(complaint.responses).toEqual(['utter_ask_complaint_text']);
    const done = await caller.say('快递员把我的包裹扔在门口');
    expect(done.responses).toContain('utter_ticket_created');
    expect(done.responses.at(-1)).toBe('utter_ask_order_number');
  });

  it('is not asked again what is known', async () => {
    const caller = call();
    await caller.say('查订单');
    await caller.say('八七六五四三二一');
    await caller.say('对');
    const back = await caller.say('我要退货');
    expect(back.responses).toEqual(['utter_ask_return_confirmed']);
    expect((await caller.say('确定')).responses).toContain('utter_return_created');
  });

  it('corrects the order number after the answer, and what depends on it is done again', async () => {
    const caller = call();
    await caller.say('查订单');
    await caller.say('八七六五');
    await caller.say('对');
    const corrected = await caller.say('不是，订单号是二零二五零四一五');
    expect(corrected.speech).toContain('运动鞋');
  });

  it('can return what came within seven days and not what came before', async () => {
    const late = call();
    await late.say('我要退货');
    await late.key('33057781');
    expect((await late.say('谢谢')).result.slots.return_problem).toBe('too_late');
    const early = call();
    await early.say('我要退货');
    expect((await early.key('98765432')).responses).toEqual(['utter_ask_return_confirmed']);
    expect((await early.key('2')).responses).toContain('utter_return_dropped');
  });

  it('is put through to a person with what is known', async () => {
    const caller = call();
    await caller.say('查订单');
    await caller.key('20250415');
    const handOff = await caller.say('转人工');
    expect(handOff.responses).toEqual(['utter_hand_off']);
    expect(handOff.transfer).toMatchObject({ target: 'sip:agent@127.0.0.1:5062', slots: { order_number: '20250415' } });
    expect(handOff.transfer?.summary).toContain('查订单');
    expect((await caller.event('transfer_failed')).speech).toContain('抱歉');
  });

  it('hears the last words again, slower when asked for that', async () => {
    const caller = call();
    const asked = await caller.say('查订单');
    expect((await caller.say('请再说一遍')).speech).toBe(asked.speech);
    expect((await caller.key('*')).speech).toBe(asked.speech);
    const slower = await caller.say('说慢一点');
    expect(slower.result.actions[0]).toMatchObject({ type: 'say', rate: 0.75, speech: asked.speech });
  });

  it('types the keys that work everywhere, also those of a Chinese keyboard', async () => {
    const typing = call({ channel: 'text' });
    const asked = await typing.say('查订单');
    for (const key of ['*', '＊']) expect((await typing.say(key)).text).toBe(asked.text);
    expect((await typing.say('#')).expects?.slot).not.toBe('order_number');
    expect((await typing.say('０')).transfer).toBeDefined();
  });

  it('is shown choices where there is a screen, and takes one by its number or its payload', async () => {
    const typing = call({ channel: 'text' });
    const menu = (await typing.say('你能做什么')).result.actions.find((action) => action.type === 'say');
    expect(menu?.buttons?.slice(0, 2)).toEqual([
      { title: '查订单', payload: '/order_status' },
      { title: '退货', payload: '/return_request' },
    ]);
    expect((await typing.say('2')).responses).toEqual(['utter_ask_order_number']);
    expect((await typing.say('重新开始')).result.slots.language).toBe('zh-CN');
    await typing.say('你能做什么');
    expect((await typing.say(menu?.buttons?.[0]?.payload ?? '')).result.parse?.intent.name).toBe('order_status');
  });

  it('says goodbye and is hung up on', async () => {
    expect((await call().say('再见')).hangup).toBeDefined();
  });
});

describe('a caller who is not heard or not understood', () => {
  it('hears three different prompts for silence and then a person', async () => {
    const caller = call();
    await caller.say('查订单');
    const first = await caller.event('no_input', 1);
    const second = await caller.event('no_input', 2);
    expect(first.speech).not.toBe(second.speech);
    expect(first.responses).toEqual(['utter_no_input_1', 'utter_ask_order_number_retry_1']);
    expect(second.responses).toEqual(['utter_no_input_2', 'utter_ask_order_number_retry_2']);
    const third = await caller.event('no_input', 3);
    expect(third.transfer?.reason).toBe('no_input');
  });

  it('is hung up on when nobody takes the call and they stay silent, and is asked on when they speak', async () => {
    const caller = call();
    const silence = async () => {
      await caller.event('no_input', 1);
      await caller.event('no_input', 2);
      return caller.event('no_input', 3);
    };
    expect((await silence()).transfer?.reason).toBe('no_input');
    await caller.event('transfer_failed');
    await caller.say('查订单');
    expect((await silence()).transfer?.reason).toBe('no_input');
    await caller.event('transfer_failed');
    const last = await silence();
    expect(last.transfer).toBeUndefined();
    expect(last.hangup).toBeDefined();
    expect(last.responses).toEqual(['utter_no_input_goodbye']);
  });

  it('is asked in other words twice and then gets a person', async () => {
    const caller = call();
    await caller.say('查订单');
    const said = [await caller.say('今天天气真好啊'), await caller.say('唱首歌给我听')];
    expect(said.map((turn) => turn.result.noMatch)).toEqual([true, true]);
    expect(said.map((turn) => turn.responses)).toEqual([
      ['utter_ask_order_number_retry_1'],
      ['utter_ask_order_number_retry_2'],
    ]);
    expect((await caller.say('股票涨了没有')).transfer?.reason).toBe('no_match');
  });

  it('starts from zero after something was understood', async () => {
    const caller = call();
    await caller.say('查订单');
    await caller.say('今天天气真好啊');
    await caller.say('八七六五');
    await caller.say('不对');
    expect((await caller.say('唱首歌给我听')).transfer).toBeUndefined();
  });

  it('is hung up on, not handed to a person, when silent after being served', async () => {
    const caller = call();
    await caller.say('你们几点下班');
    await caller.event('no_input', 1);
    await caller.event('no_input', 2);
    const last = await caller.event('no_input', 3);
    expect(last.transfer).toBeUndefined();
    expect(last.hangup).toBeDefined();
  });

  it('gets a person after three numbers that do not exist', async () => {
    const caller = call();
    await caller.say('查订单');
    expect((await caller.key('11111111')).responses).toContain('utter_order_not_found');
    await caller.key('22222222');
    expect((await caller.key('33333333')).transfer).toBeDefined();
  });
});

describe('keys', () => {
  it('fill the slot, answer the read-back and reach a person', async () => {
    const caller = call();
    await caller.say('查订单');
    expect((await caller.key('20250415')).speech).toContain('运动鞋');
    const other = call();
    await other.say('查订单');
    await other.say('八七六五');
    expect((await other.key('1')).speech).toContain('雨伞');
    expect((await call().key('0')).transfer).toBeDefined();
  });

  it('choose from the menu that was just offered', async () => {
    const caller = call();
    await caller.say('你能做什么');
    expect((await caller.key('2')).responses).toEqual(['utter_ask_order_number']);
    expect((await caller.key('7')).result.noMatch).toBe(true);
  });

  it('go one step back with the hash key', async () => {
    const caller = call();
    await caller.say('我要退货');
    await caller.key('98765432');
    expect((await caller.key('#')).responses).toEqual(['utter_ask_order_number']);
  });
});

describe('a caller of the sample shop, in English', () => {
  it('gets the same service', async () => {
    const caller = call({ language: 'en' });
    expect((await caller.event('start')).speech).toContain('Hello');
    expect((await caller.say('where is my order')).speech).toContain('order number');
    expect((await caller.say('one two three four five six seven eight')).speech).toBe(
      'That is one two three four, five six seven eight, right?',
    );
    expect((await caller.say('yes')).speech).toContain('headphones');
    expect((await caller.say('I want to return it')).responses).toContain('utter_return_problem');
    expect((await caller.say('no thanks')).hangup).toBeDefined();
  });

  it('reaches a person', async () => {
    const caller = call({ language: 'en' });
    const handOff = await caller.say('I want to talk to a person');
    expect(handOff.transfer?.summary).toContain('The caller said');
  });
});
