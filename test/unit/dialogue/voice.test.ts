import { afterEach, describe, expect, it } from 'vitest';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { AppHouse } from './app-house.js';
import { DESK_FILES, DESK_WORDS, DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());
const desk = (options: object = {}) => house.brain(DESK_FILES, DESK_WORDS, options);

describe('an answer that was heard', () => {
  it('surely is taken and repeated in passing', async () => {
    const caller = new DeskCaller(await desk());
    await caller.say('订座');
    const answer = await caller.say('20250415', 0.95);
    expect(answer.texts).toEqual(['订单20250415。', '请说手机号。']);
    expect(answer.speech).toContain('二零二五，零四幺五');
  });

  it('fairly is read back, in groups for the ears, and taken on a yes by voice or key', async () => {
    for (const yes of ['voice', 'key']) {
      const caller = new DeskCaller(await desk());
      await caller.say('订座');
      const answer = await caller.say('20250415', 0.6);
      expect(answer.texts).toEqual(['20250415？']);
      expect(answer.speech).toBe('是二零二五，零四幺五，对吗？');
      expect(answer.expects).toMatchObject({ slot: 'order_number', type: 'confirm' });
      const after = yes === 'voice' ? await caller.say('对') : await caller.key('1');
      expect(after.result.slots.order_number).toBe('20250415');
      expect(after.texts).toEqual(['请说手机号。']);
    }
  });

  it('badly is asked for again in other words, then by keypad, never twice in the same words', async () => {
    const caller = new DeskCaller(await desk());
    const first = await caller.say('订座');
    const second = await caller.say('20250415', 0.2);
    const third = await caller.say('20250415', 0.2);
    expect(first.texts).toEqual(['请说订单号。']);
    expect(second.texts).toEqual(['麻烦再说一次八位订单号。']);
    expect(third.speech).toContain('按键');
    expect(new Set([first.speech, second.speech, third.speech]).size).toBe(3);
    expect((await caller.key('20250415')).result.slots.order_number).toBe('20250415');
  });
});

describe('every kind of slot', () => {
  it('can be said', async () => {
    const caller = new DeskCaller(await desk());
    await caller.say('订座');
    const expected: unknown[] = [];
    for (const words of ['20250415', '13800138000', '上海', '明天', '下午三点', '四']) {
      const { expects } = await caller.say(words, 1);
      expected.push(expects?.type);
    }
    // What the understanding and the endpointing are told about the next answer each time.
    expect(expected).toEqual(['phone_number', 'text', 'date', 'time', 'number', 'confirm']);
    const done = await caller.say('对');
    expect(done.texts).toEqual(['订好了，上海2026-11-2215:00，4位。']);
  });

  it('can be keyed', async () => {
    const caller = new DeskCaller(await desk({ now: () => Date.parse('2026-11-21T12:00:00+08:00') }));
    await caller.say('订座');
    for (const keys of ['20250415', '13800138000', '2', '1122', '1500', '4']) await caller.key(keys);
    const done = await caller.key('1');
    expect(done.texts).toEqual(['订好了，上海2026-11-2215:00，4位。']);
    await caller.say('报修');
    const moved = await caller.key('2');
    expect(moved.result.slots.trouble).toBe('少件');
  });

  it('a menu too', async () => {
    const caller = new DeskCaller(await desk());
    await caller.say('菜单选项');
    expect((await caller.key('2')).texts).toEqual(['请说订单号。']);
  });

  it('is offered by keys in its own way when speech fails twice', async () => {
    const caller = new DeskCaller(await desk());
    await caller.say('订座');
    await caller.key('20250415');
    await caller.key('13800138000');
    await caller.say('胡言乱语');
    const city = await caller.say('胡言乱语二');
    expect(city.speech).toContain('北京请按1、上海请按2、广州请按3');
    await caller.key('1');
    await caller.say('胡言乱语');
    expect((await caller.say('胡言乱语二')).speech).toContain('井号');
  });
});

describe('commands work at every question', () => {
  it.each(['订座', '报修'])('of the flow %s', async (start) => {
    const caller = new DeskCaller(await desk());
    const asked = await caller.say(start);
    expect((await caller.say('再说一遍')).texts).toEqual(asked.texts);
    expect((await caller.key('*')).texts).toEqual(asked.texts);
    const slower = await caller.say('慢一点');
    expect(slower.texts).toEqual(asked.texts);
    expect(slower.rates).toEqual([0.75]);
    const help = await caller.say('你能做什么');
    expect(help.texts[0]).toContain('订座、报修');
    // It stays slow, and the open question comes back.
    expect(help.rates.every((rate) => rate < 1)).toBe(true);
    expect(help.texts.at(-1)).toBe('请说订单号。');
    await caller.key('20250415');
    const back = await caller.say('返回');
    expect(back.texts).toEqual(['请说订单号。']);
    expect(back.result.slots.order_number).toBeUndefined();
    await caller.key('20250415');
    expect((await caller.key('#')).texts).toEqual(['请说订单号。']);
    expect((await caller.say('从头再来')).texts[0]).toContain('重新开始');
    await caller.say(start);
    expect((await caller.say('转人工')).types).toContain('transfer');
    await caller.say(start);
    expect((await caller.key('0')).types).toContain('transfer');
  });

  it('also where any words would be an answer', async () => {
    const caller = new DeskCaller(await desk());
    await caller.say('报修');
    await caller.key('20250415');
    expect((await caller.say('没听清')).texts).toEqual(['怎么了？']);
    expect((await caller.say('转人工客服')).types).toContain('transfer');
  });

  it('in English', async () => {
    const brain = await house.brain(
      {
        'config.yml': 'language: en\n',
        'domain.yml': `intents: [a]
slots: {name: {type: text, mappings: [{type: from_text, conditions: [{active_loop: who_form, requested_slot: name}]}]}}
forms: {who_form: {required_slots: [name]}}
responses: {utter_ask_name: [{text: Your name?}]}
`,
        'rules.yml': 'rules:\n  - rule: a\n    steps: [{intent: a}, {action: who_form}, {active_loop: who_form}]\n',
      },
      { hello: 'a' },
    );
    const caller = new DeskCaller(brain);
    await caller.say('hello');
    expect((await caller.say('could you repeat that please')).texts).toEqual(['Your name?']);
    expect((await caller.say('speak more slowly')).rates).toEqual([0.75]);
    expect((await caller.say('what can you do')).texts.at(-1)).toBe('Your name?');
    expect((await caller.say('I want to talk to a real person')).types).toContain('transfer');
  });
});

describe('two wishes in one utterance', () => {
  it('are answered one after the other', async () => {
    const caller = new DeskCaller(await desk());
    expect((await caller.say('报修，顺便订座')).texts).toEqual(['请说订单号。']);
    await caller.key('20250415');
    const next = await caller.key('1');
    expect(next.texts[0]).toBe('记下了。');
    expect(next.texts[1]).toMatch(/另一件事/);
    // The order number is known already.
    expect(next.texts.at(-1)).toBe('请说手机号。');
  });

  it('one of them the answer to the open question', async () => {
    const caller = new DeskCaller(await desk());
    await caller.say('报修');
    expect((await caller.say('20250415，顺便几点关门')).texts).toEqual(['订单20250415。', '怎么了？']);
    const last = await caller.key('1');
    expect(last.texts[0]).toBe('记下了。');
    expect(last.texts.at(-1)).toBe('九点到六点。');
  });
});

describe('a correction', () => {
  it('asks again only for what depends on it', async () => {
    const caller = new DeskCaller(await desk());
    await caller.say('订座');
    for (const keys of ['20250415', '13800138000', '2', '1122']) await caller.key(keys);
    const corrected = await caller.say('不对是87654321');
    expect(corrected.result.slots).toMatchObject({ order_number: '87654321', city: '上海' });
    expect(corrected.result.slots.phone).toBeUndefined();
    expect(corrected.texts.at(-1)).toBe('请说手机号。');
    expect((await caller.key('13800138000')).texts).toEqual(['几点？']);
  });
});

describe('a digression', () => {
  it('is answered and brings back the question that was open', async () => {
    const caller = new DeskCaller(await desk());
    await caller.say('订座');
    await caller.key('20250415');
    expect((await caller.say('几点关门')).texts).toEqual(['九点到六点。', '请说手机号。']);
    const other = await caller.say('报修');
    expect(other.texts).toEqual(['怎么了？']);
    expect((await caller.key('1')).texts).toEqual(['记下了。', '请说手机号。']);
  });
});

describe('a message that comes again', () => {
  it('after many others still gets its first reply', async () => {
    const brain = await desk();
    const send = (count: number) =>
      brain.handle({
        conversationId: 'c',
        messageId: `n${count}`,
        channel: 'text',
        input: { type: 'text', text: '几点关门', confidence: 1 },
      });
    const first = await send(0);
    for (let count = 1; count <= 40; count++) await send(count);
    const again = await send(0);
    expect(again.repeated).toBe(true);
    expect(again.actions).toEqual(first.actions);
  });

  it('costs a bounded amount of memory', async () => {
    const sessions = new MemorySessionStore({ ttlMs: 60_000 });
    const brain = await desk({ sessions });
    for (let count = 0; count < 200; count++)
      await brain.handle({
        conversationId: 'c',
        messageId: `n${count}`,
        channel: 'text',
        input: { type: 'text', text: 'x'.repeat(1000), confidence: 1 },
      });
    expect(JSON.stringify((await sessions.get('c'))?.value).length).toBeLessThan(120_000);
  });
});

describe('session_config', () => {
  it.each([
    ['true', '20250415'],
    ['false', undefined],
  ])('begins anew after silence, with slots carried over: %s', async (carry, number) => {
    let nowMs = 1_000_000;
    const files = {
      ...DESK_FILES,
      'session.yml': `session_config: {session_expiration_time: 5, carry_over_slots_to_new_session: ${carry}}\n`,
    };
    const brain = await house.brain(files, DESK_WORDS, { now: () => nowMs });
    const caller = new DeskCaller(brain);
    await caller.say('订座');
    await caller.key('20250415');
    nowMs += 4 * 60_000;
    expect((await caller.say('几点关门')).texts).toEqual(['九点到六点。', '请说手机号。']);
    nowMs += 5 * 60_000 + 1;
    const later = await caller.say('几点关门');
    expect(later.texts).toEqual(['九点到六点。']);
    expect(later.result.slots.order_number).toBe(number);
  });
});
