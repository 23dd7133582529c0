import { describe, expect, it } from 'vitest';
import { saysCall, saysExchange, saysReturn } from '../../../../apps/retail/desk/consent.js';
import { faultSaid } from '../../../../apps/retail/desk/fault.js';

describe('a fault, as callers tell it', () => {
  it.each([
    ...['对啊开不了机', '不能用', '不新鲜', '不新鲜了', '屏幕碎了', '死了', '死的啊都臭了', '拉链是坏的', '台灯不亮'],
    ...['按键有两个不灵了', '没摔过 就是开不了机', '这不是坏了吗', '充不进电', '少了个配件', '有质量问题'],
    ...[
      'they were dead',
      "it won't turn on",
      'it doesn’t work',
      'rotten',
      'something is wrong with it',
      'the zip is broken',
    ],
  ])('%s: faulty', (text) => {
    expect(faultSaid(text)).toBe(true);
  });

  it.each([
    ...['没坏', '不是坏 就是不喜欢', '没有质量问题', '没什么毛病', '不是质量问题 买错了'],
    ...[
      'nothing wrong with it',
      "it's not broken",
      'no there is nothing wrong with it',
      "it isn't faulty I just don't like it",
    ],
  ])('%s: not faulty', (text) => {
    expect(faultSaid(text)).toBe(false);
  });

  it.each([
    ...[
      '不喜欢',
      '急死了',
      '我要退货',
      '太贵了',
      '有没有质量问题都能退吗',
      '要是坏了呢',
      '对',
      '没有',
      '我有个问题想问',
    ],
    ...['I just do not like it', 'yes', 'no', 'what if it is broken', 'my wife hates it'],
  ])('%s: nothing is said of it', (text) => {
    expect(faultSaid(text)).toBeUndefined();
  });
});

describe('the verb of a question is its yes', () => {
  it.each([
    '退',
    '退吧',
    '好退吧',
    '行 退',
    '嗯那就退了吧',
    '我要退',
    '是的退了',
    '那就退吧',
    'return it',
    'yes please send it back',
  ])('%s: it goes back', (text) => {
    expect(saysReturn(text)).toBe(true);
  });

  it.each([
    '不退',
    '先不退了',
    '退款呢',
    '退吗',
    '能退吗',
    '退另外一个',
    '换吧',
    "don't return it",
    'return another one',
    'can I return it?',
  ])('%s: no yes', (text) => {
    expect(saysReturn(text)).toBe(false);
  });

  it('knows an exchange and a call from one another', () => {
    expect([
      saysExchange('那就换吧'),
      saysExchange('换一个'),
      saysExchange('换个新的吧'),
      saysExchange('退吧'),
    ]).toEqual([true, false, true, false]);
    expect([
      saysCall('那就打吧'),
      saysCall('打给我吧'),
      saysCall('call me then'),
      saysCall('call me tomorrow'),
    ]).toEqual([true, true, true, false]);
  });
});
