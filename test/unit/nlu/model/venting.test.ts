import { expect, it } from 'vitest';
import { wishAfterAnger } from '../../../../src/nlu/model/venting.js';
import { cpuMs } from '../../../support/time.js';

it.each([
  ['你们怎么回事，我要退货', '我要退货'],
  ['你们怎么回事我要退货', '我要退货'],
  ['气死我了！我要退款', '我要退款'],
  ['什么破服务，太过分了，给我转人工', '给我转人工'],
  ['你们搞什么名堂啊 快递怎么还没到', '快递怎么还没到'],
  ['真是服了你们', undefined],
  ['真是太慢了，我要查订单', '我要查订单'],
  ['This is ridiculous, I want a refund', 'I want a refund'],
  ["I'm so angry! cancel my order", 'cancel my order'],
])('finds the wish after the anger in “%s”', (text, wish) => {
  const start = wishAfterAnger(text);
  expect(start === undefined ? undefined : text.slice(start)).toBe(wish);
});

it.each([
  '我要退货',
  '你们怎么回事',
  '退款是怎么回事',
  '我不太满意，怎么退货',
  '你们怎么收费',
  '什么公司发货',
  'this is my order number 8765',
  'what is going on',
])('finds no anger before a wish in “%s”', (text) => {
  expect(wishAfterAnger(text)).toBeUndefined();
});

it('is decided fast for any text', () => {
  const look = (): void => {
    for (const text of ['太慢了'.repeat(5000), '你们你们怎么回事，'.repeat(3000), 'this is '.repeat(5000)])
      wishAfterAnger(text);
  };
  expect(cpuMs(look)).toBeLessThan(500);
});
