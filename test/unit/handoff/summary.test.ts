import { expect, it } from 'vitest';
import { summarize } from '../../../src/handoff/summary.js';

it('a summary tells the wish, what is known and why, in words and without small talk', () => {
  const wishes = [
    { intent: 'greet', text: '你好' },
    { intent: 'order_status', text: '查订单' },
    { intent: 'affirm', text: '对' },
    { intent: 'human', text: '转人工' },
  ];
  const known = [
    { label: '订单号', text: '8765' },
    { label: '商品', text: '雨伞' },
  ];
  expect(summarize({ language: 'zh-CN', reason: 'requested', wishes, known })).toBe(
    '来电人说：查订单；转人工。已知：订单号 8765，商品 雨伞。转接原因：来电人要求',
  );
});

it.each([
  ['no_input', 'said nothing'],
  ['action_failed: action_look_up_order', 'a system failed'],
  ['wants a refund above 500', 'wants a refund above 500'],
  ['constructor', 'constructor'],
])('a summary of nothing says so, and why: %s', (reason, words) => {
  expect(summarize({ language: 'en', reason, wishes: [], known: [] })).toBe(
    `The caller has not said what it is about. Reason: ${words}`,
  );
});

it('a long summary is cut', () => {
  const wishes = Array.from({ length: 3 }, () => ({ intent: 'x', text: 'y'.repeat(400) }));
  expect(summarize({ language: 'en', reason: 'r', wishes, known: [] }).length).toBeLessThanOrEqual(500);
});
