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

it('words that only resemble a command are the answer where any words may be', async () => {
  const known = {
    ...DESK_WORDS,
    送货太慢了: { intent: 'slow', confidence: 0.61 },
    能不能慢着点讲: { intent: 'slow', confidence: 0.95 },
  };
  const files = {
    ...DESK_FILES,
    'domain.yml': DESK_FILES['domain.yml'].replace('intents: [', 'intents: [slow, '),
    'rules.yml': `${DESK_FILES['rules.yml']}  - rule: slow\n    steps: [{intent: slow}, {action: action_slower}]\n`,
  };
  const caller = new DeskCaller(await house.brain(files, known));
  await caller.say('报修');
  await caller.say('20250415');
  expect((await caller.say('能不能慢着点讲')).texts.at(-1)).toBe('怎么了？');
  expect((await caller.say('送货太慢了')).result.slots.trouble).toBe('送货太慢了');
});
