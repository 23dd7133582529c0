import { describe, expect, it } from 'vitest';
import { isNothingButDigits } from '../../../src/dialogue/digits.js';
import { hasReservation, isPutAsRequest } from '../../../src/dialogue/turn/requests.js';

describe('where any words would be an answer', () => {
  it.each(
    '先帮我查一下20250415|不，先帮我改地址|我要退货|麻烦查一下快递|no wait first where is my order 10048765|can you change my address|I want my money back|where is my order first'.split(
      '|',
    ),
  )('"%s" asks for something to be done', (text) => expect(isPutAsRequest(text)).toBe(true));

  it.each(
    '我的快递到现在没到|先生您好|先前说好三天到|我想说你们的服务太差|my parcel arrived broken|first of all it was late|he said he would come'.split(
      '|',
    ),
  )('"%s" tells what happened', (text) => expect(isPutAsRequest(text)).toBe(false));

  it('digits alone are a number', () => {
    expect(['9900', '九九零零', 'nine nine zero zero', '嗯，9900'].filter(isNothingButDigits)).toHaveLength(4);
    expect(['等了9900秒', '9900 or 9901', 'broken', ''].filter(isNothingButDigits)).toEqual([]);
  });
});

describe('a yes', () => {
  it.each(
    '可以 但是号码是幺三九的那个啊|好的，不过换个时间|yes but the number is wrong|fine, except the time'.split('|'),
  )('with something to change: "%s"', (text) => expect(hasReservation(text)).toBe(true));

  it.each('可以啊|好的谢谢|对，就是这个|yes please|sure'.split('|'))('without: "%s"', (text) =>
    expect(hasReservation(text)).toBe(false),
  );

  it('is looked for in hostile texts no longer than in others', () => {
    const began = performance.now();
    for (const text of ['嗯'.repeat(5000), 'um '.repeat(5000), ', '.repeat(5000)]) {
      isPutAsRequest(text);
      hasReservation(text);
    }
    expect(performance.now() - began).toBeLessThan(100);
  });
});
