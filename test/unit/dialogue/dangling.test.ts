import { describe, expect, it } from 'vitest';
import { isDangling } from '../../../src/dialogue/dangling.js';

describe('words that ask to be continued', () => {
  it.each([
    '我想',
    '我想问一下',
    '嗯',
    '那个',
    '我要查',
    '转人',
    '查',
    '我要退货因为',
    'I want',
    'where is my',
    'um',
    'can you',
  ])('%s …', (text) => {
    expect(isDangling(text, false)).toBe(true);
  });

  it.each([
    '转人工',
    '我要退货',
    '查订单',
    '你们几点开门',
    '再见',
    '好的',
    '对',
    'a person please',
    'where is my order',
    'opening hours',
    'yes',
  ])('%s.', (text) => {
    expect(isDangling(text, false)).toBe(false);
  });

  it('嗯 and 要 are answers to a yes or no question', () => {
    expect(isDangling('嗯', true)).toBe(false);
    expect(isDangling('要', true)).toBe(false);
    expect(isDangling('我想', true)).toBe(true);
  });
});
