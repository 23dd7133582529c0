import { describe, expect, it } from 'vitest';
import { Guards, learnGuards } from '../../../../src/nlu/model/guards.js';
import { readNegation } from '../../../../src/nlu/model/negation.js';

describe('"not" in a wish', () => {
  it.each([
    ['不要转人工', '转人工', ''],
    ['嗯 我不想退货', '退货', ''],
    ['没说要退款', '退款', ''],
    ['不查订单', '查订单', ''],
    ['我不退货了', '退货了', ''],
    ['我不要退货我要改地址', '退货', '我要改地址'],
    ["I don't want to cancel my order", 'cancel my order', ''],
    ['please do not transfer me', 'transfer me', ''],
    ["i'm not calling to complain i just want my parcel", 'complain', 'i just want my parcel'],
    ['no need for an agent', 'an agent', ''],
    ['我不退货了帮我查订单', '退货了', '帮我查订单'],
    ['不要转人工帮我查订单', '转人工', '帮我查订单'],
    ['不是退货是换货', '退货', '换货'],
    ['我不是要退货我要换货', '退货', '我要换货'],
    ['不是这个订单', '这个订单', ''],
    ['我不换了还是退吧', '换了', '退吧'],
    ["i don't want to talk to a bot get me a person", 'talk to a bot', 'get me a person'],
    ["i don't want you to get me a person", 'get me a person', ''],
    ['不要了解会员', '了解会员', ''],
    ["i don't want to cancel it anymore", 'cancel it anymore', ''],
  ])('%s', (text, rest, instead) => {
    expect(readNegation(text)).toMatchObject({ rest, instead });
  });

  it.each([
    '不要',
    '不用了',
    '要不要转人工',
    '你们不退货',
    '不知道怎么退货',
    '不发货',
    '不要紧',
    '别人的订单',
    '我不是要三天就到吗',
    'no',
    "i don't know",
    "don't want it anymore",
    "i don't need the shoes any longer return them",
    "i don't want it please send it back",
    '不要了帮我取消订单',
    '不要我要退货',
    '你不是说三天到吗',
    '我不要这个了帮我退掉',
    '',
  ])('nothing is negated in "%s"', (text) => {
    expect(readNegation(text)).toBeUndefined();
  });
});

describe('odd input', () => {
  it.each(['嗯', '我想', '请问', '帮我', "i don't want to ", 'um uh ', '不要', '，', ' ', 'can you '])(
    'no repetition of %j makes it slow',
    (piece) => {
      const guards = new Guards();
      const before = process.cpuUsage();
      for (const length of [38, 199, 1000]) {
        const text = `${piece.repeat(length).slice(0, length)}x`;
        readNegation(text);
        guards.isFragment(text);
      }
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(200);
    },
  );
});

describe('beginnings that go nowhere', () => {
  const guards = new Guards(
    learnGuards([
      ...['退货', '退款', '换货'].map((wish) => ({ text: `我想申请${wish}`, intent: 'returns' })),
      ...['查订单', '查快递', '查单号'].map((wish) => ({ text: `我想申请${wish}`, intent: 'status' })),
      { text: '就是这个', intent: 'affirm' },
      { text: '我', intent: 'affirm' },
      { text: '我不要跟机器人说', intent: 'human' },
      { text: '人工', intent: 'human' },
      { text: 'agent', intent: 'human' },
      { text: "i don't want to talk to a machine", intent: 'human' },
      { text: "it is broken and i don't want it", intent: 'returns' },
    ]),
  );

  it.each(['我想', '那个', '嗯 那个 我', 'um the', 'can you', 'I would like to', '我想申请', '帮我 就是'])(
    '%s',
    (text) => {
      expect(guards.isFragment(text)).toBe(true);
    },
  );

  it.each(['就是这个', '我', '退货', '可以', '是的', '我想退货', 'yes', '', '。。。', '我想申请退', '一二三'])(
    '"%s" is more than that',
    (text) => {
      expect(guards.isFragment(text)).toBe(false);
    },
  );

  it('an intent whose own examples say "not" of something keeps it', () => {
    expect(guards.saysNotOf('human', '和机器人说')).toBe(true);
    expect(guards.saysNotOf('human', '转人工')).toBe(false);
    expect(guards.saysNotOf('returns', '和机器人说')).toBe(false);
    expect(guards.saysNotOf('human', 'talk to the machine')).toBe(true);
  });

  it('but not where the very word for it is said', () => {
    expect(guards.saysNotOf('human', '和人工说')).toBe(false);
    expect(guards.saysNotOf('human', 'talk to an agent')).toBe(false);
    expect(guards.saysNotOf('human', 'talk to a machine agentless')).toBe(true);
  });

  it('and a mere "it" says nothing of anything else', () => {
    expect(guards.saysNotOf('returns', 'it')).toBe(true);
    expect(guards.saysNotOf('returns', 'return it')).toBe(false);
  });
});
