import { describe, expect, it } from 'vitest';
import { say } from '../../../src/testing/fake-brain.js';
import { callFolder, ring } from './ring.js';

const folder = callFolder();

describe('what a call hears', () => {
  it('listens for the answer to the question that is open', async () => {
    const call = ring(folder, (input) =>
      input.type === 'text'
        ? [say('订单号是多少'), { type: 'expect', expectation: { type: 'digits', slot: 'order_number', maxLength: 8 } }]
        : [say('您好')],
    );
    const known = { words: [], numbers: ['20250415'] };
    call.brain.answers = known;
    await call.listen(1000);
    await call.speak('查订单');
    await call.listen(1500);
    expect(call.stream.expected.at(-1)).toBe('digits');
    expect(call.stream.expectedWords).toEqual(known);
    await call.over();
  });

  it('works ahead on words that are settled, and does nothing with them before the turn is over', async () => {
    const call = ring(folder, (input) => (input.type === 'text' ? [say(`您说${input.text}`)] : [say('您好')]));
    await call.listen(1000);
    call.stream.voice(true);
    await call.listen(600);
    call.stream.voice(false);
    call.stream.partial('查订单', true);
    await call.listen(100);
    expect(call.brain.rehearsed).toEqual([{ type: 'text', text: '查订单', confidence: 0.75 }]);
    expect(call.synthesizer.prepared).toEqual(['您说查订单']);
    expect(call.brain.inputs).toHaveLength(1);
    expect(call.synthesizer.spoken).toEqual(['您好']);
    await call.listen(900);
    expect(call.brain.inputs).toHaveLength(2);
    await call.over();
  });

  it('throws away what it foresaw when the caller speaks on', async () => {
    const call = ring(folder, (input) => (input.type === 'text' ? [say(`您说${input.text}`)] : [say('您好')]));
    await call.listen(1000);
    call.stream.voice(true);
    await call.listen(600);
    call.stream.voice(false);
    call.stream.partial('查订单', true);
    await call.listen(100);
    call.stream.voice(true);
    await call.listen(400);
    call.stream.voice(false);
    call.stream.partial('查订单的快递', true);
    await call.listen(1200);
    expect(call.brain.inputs).toContainEqual({ type: 'text', text: '查订单的快递', confidence: 0.9 });
    expect(call.brain.inputs).not.toContainEqual(expect.objectContaining({ text: '查订单' }));
    expect(call.synthesizer.spoken).toEqual(['您好', '您说查订单的快递']);
    await call.over();
  });
});

describe("the bot's own voice on the line", () => {
  it('does not interrupt it', async () => {
    const call = ring(folder, () => [say('一二三四五六七八九十')]);
    await call.clock.advance(40);
    // What is played comes back 60 ms later, softer.
    const voiceFrom = 400;
    for (let ms = 40; ms < 1600; ms += 20) {
      const frame = call.session.played[Math.floor((ms - 60) / 20)];
      call.session.say(frame ? frame.samples.map((sample) => sample / 4) : new Int16Array(160));
      if (ms === voiceFrom) call.stream.voice(true);
      if (ms === 900) call.stream.partial('三四五六');
      await call.clock.advance(20);
    }
    expect(call.session.generation).toBe(0);
    expect(call.brain.inputs).toHaveLength(1);
    await call.over();
  });
});
