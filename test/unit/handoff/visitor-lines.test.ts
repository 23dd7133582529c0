import { describe, expect, it } from 'vitest';
import { VisitorLines } from '../../../src/handoff/visitor-lines.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';

describe('what a person has written', () => {
  it('waits for its visitor, however many strangers ask for conversations of their own making', async () => {
    const clock = new FakeClock();
    const lines = new VisitorLines(clock);
    lines.send('visitor', { id: '1', who: 'agent', name: 'Anna', text: 'Are you there?' });
    const { signal } = new AbortController();
    for (let count = 0; count < 6000; count++) {
      const asked = lines.poll(`stranger-${count}`, 0, 1, signal);
      await clock.advance(1);
      expect(await asked).toEqual([]);
    }
    expect((await lines.poll('visitor', 0, 0, signal)).map(({ text }) => text)).toEqual(['Are you there?']);
  });
});
