import { describe, expect, it } from 'vitest';
import { beforeNumber, withoutThanks } from '../../../../src/nlu/model/within.js';

describe('a wish among words that are no part of it', () => {
  it.each([
    ['我要退货订单号八七六五四三二一', '我要退货'],
    ['我要退货，订单号是 8765 4321。', '我要退货'],
    ['我要退货, 我的订单号码：四零零二幺九八七', '我要退货'],
    ['i want a refund, my order number is 8765 4321', 'i want a refund'],
    ['return it, no. 5555-6666', 'return it'],
    ['我的订单号是12345', undefined],
    ['我要三个', undefined],
  ])('is what stands before a number: %s', (text, wish) => {
    expect(beforeNumber(text)).toBe(wish);
  });

  it.each([
    ['我要退货，谢谢', '我要退货'],
    ['查订单 好的，谢谢啊。', '查订单'],
    ['i want my order, thank you very much!', 'i want my order'],
    ['好的谢谢你们', undefined],
    ['我要退货', undefined],
  ])('is what stands before thanks: %s', (text, wish) => {
    expect(withoutThanks(text)).toBe(wish);
  });

  it('is looked for in long runs of blanks and stops without taking long', () => {
    const blanks = '\t'.repeat(600);
    const texts = [
      `last${blanks}尾号1234`,
      `${blanks}x`,
      `,,,${blanks}no.${blanks}运`,
      '1 '.repeat(900),
      ', '.repeat(900),
    ];
    const before = process.cpuUsage();
    for (const text of texts) {
      beforeNumber(text);
      withoutThanks(text);
    }
    const { user, system } = process.cpuUsage(before);
    // Milliseconds; with one pattern for all of it a single text took two minutes.
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});
