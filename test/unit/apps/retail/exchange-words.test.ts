import { describe, expect, it } from 'vitest';
import { readExchangeWish } from '../../../../apps/retail/desk/exchange-words.js';

describe('what an exchange shall be for', () => {
  it.each([
    ['跑鞋小了 想换四十四码的', { size: '44' }],
    ['想换43码', { size: '43' }],
    ['我要XL', { size: 'XL' }],
    ['白色XL的', { size: 'XL', colour: 'white' }],
    ['不要M 要红色的', { colour: 'red', not: 'size' }],
    ['不要黑的 要白的', { colour: 'white', not: 'colour' }],
    ['换大一号', { size: 'bigger' }],
    ['鞋小了', { fit: true }],
    ['actually make it 44', { size: '44' }],
    ['no not XL the red one', { colour: 'red', not: 'size' }],
    ['it is too small', { fit: true }],
    ['a size m please', { size: 'M' }],
  ])('%s', (text, wish) => {
    expect(readExchangeWish(text)).toEqual(wish);
  });

  it.each([
    '我要换货 订单号70110042',
    '订单号七零一一四十二',
    "it's mine",
    'order 61103737',
    '三十四块五',
    '我想换一件',
  ])('%s: nothing', (text) => {
    expect(readExchangeWish(text)).toEqual({});
  });
});
