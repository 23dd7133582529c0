import { expect, it } from 'vitest';
import { summarize } from '../../../src/handoff/summary.js';

it('a summary tells the wish, what is known and why, without small talk', () => {
  const wishes = [
    { intent: 'greet', text: '你好' },
    { intent: 'order_status', text: '查订单' },
    { intent: 'affirm', text: '对' },
    { intent: 'human', text: '转人工' },
  ];
  const text = summarize({
    language: 'zh-CN',
    reason: 'requested',
    wishes,
    slots: { order_number: '8765', gone: null, data: {} },
  });
  expect(text).toBe('来电人说：查订单；转人工。已知：order_number=8765。转接原因：requested');
});

it('a summary of nothing says so, and a long one is cut', () => {
  expect(summarize({ language: 'en', reason: 'no_input', wishes: [], slots: {} })).toBe(
    'The caller has not said what it is about. Reason: no_input',
  );
  const long = Array.from({ length: 3 }, () => ({ intent: 'x', text: 'y'.repeat(400) }));
  expect(summarize({ language: 'en', reason: 'r', wishes: long, slots: {} }).length).toBeLessThanOrEqual(500);
});
