import { afterEach, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';
import { DESK_FILES, DESK_WORDS, DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

it('a caller who asks for a moment gets it: the question stays open, and can be heard again', async () => {
  const caller = new DeskCaller(
    // What a small model may make of it.
    await house.brain(DESK_FILES, { ...DESK_WORDS, 等一下: { intent: 'correct', confidence: 0.43 } }),
  );
  await caller.say('报修');
  await caller.say('20250415');
  for (const words of ['等一下', '等一下，我找找']) {
    const waits = await caller.say(words);
    expect(waits.texts).toEqual([expect.stringMatching(/不着急|慢慢来/)]);
    expect(waits.expects?.slot).toBe('trouble');
    expect(waits.result.noMatch).toBe(false);
  }
  expect((await caller.say('再说一遍')).texts).toEqual(['订单20250415。', '怎么了？']);
  // Any words answer it, and none of those before were taken for the answer.
  expect((await caller.say('灯不亮')).result.slots.trouble).toBe('灯不亮');
});
