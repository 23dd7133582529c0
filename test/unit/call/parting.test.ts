import { expect, it } from 'vitest';
import { isParting } from '../../../src/call/parting.js';
import type { BotAction, TurnResult } from '../../../src/dialogue/brain.js';

const answer = (...actions: BotAction[]): TurnResult => ({
  ...{ conversationId: 'c', messageId: 'm', language: 'zh-CN', noMatch: false, repeated: false, slots: {} },
  actions,
});
const hangup: BotAction = { type: 'hangup', reason: 'completed' };

it('thanks may follow what ends the call, and nothing follows a goodbye', () => {
  expect(isParting('没有了', answer(hangup))).toBe(true);
  expect(isParting('no thanks', answer(hangup))).toBe(true);
  expect(isParting('没有了再见。', answer(hangup))).toBe(false);
  expect(isParting('that is all, bye', answer(hangup))).toBe(false);
  expect(isParting('没有了', answer())).toBe(false);
});
