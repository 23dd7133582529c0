import { describe, expect, it } from 'vitest';
import { Driver } from './driver.js';

/** The caller speaks from 2000 to 3000 ms; `text` is there at 2600. */
function speech(
  driver: Driver,
  text: string,
  assessment?: { complete: boolean; openNumber: boolean; dangling?: boolean },
): Driver {
  driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 });
  driver.at(2600, { type: 'partial', text, stableMs: 0 });
  if (assessment) driver.at(2610, { type: 'assessed', text, ...assessment });
  return driver.at(3100, { type: 'voice', active: false, sinceMs: 3000 });
}

describe('end of turn', () => {
  it('waits 700 ms of silence after words that are no complete answer', () => {
    const driver = speech(new Driver().listening(), '我想问一下').until(10_000);
    expect(driver.timesOf('flush')).toEqual([3700]);
  });

  it('waits 250 ms after a complete and stable answer', () => {
    const driver = speech(new Driver().listening(), '转人工', { complete: true, openNumber: false }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([3250]);
  });

  it('waits 1200 ms inside a number, because people pause there', () => {
    const driver = speech(new Driver().listening({ type: 'digits' }), '八七六', {
      complete: false,
      openNumber: true,
    }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([4200]);
  });

  it('waits 1200 ms inside an e-mail address, because people spell it, and no longer than after any answer once it is whole', () => {
    const silence = (complete: boolean): number => {
      const driver = new Driver().listening({ type: 'email', slot: 'email' });
      driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 });
      driver.at(3000, { type: 'partial', text: complete ? '138@qq.com' : '幺三八二', stableMs: 0 });
      driver.at(3000, {
        ...{ type: 'assessed', text: complete ? '138@qq.com' : '幺三八二' },
        ...{ complete, openNumber: false },
      } as const);
      driver.at(3250, { type: 'voice', active: false, sinceMs: 3200 }).until(6000);
      return (driver.timesOf('flush')[0] ?? 0) - 3200;
    };
    expect([silence(false), silence(true)]).toEqual([1200, 250]);
  });

  it('does not end while the caller speaks on after a pause', () => {
    const driver = speech(new Driver().listening({ type: 'digits' }), '八七六', { complete: false, openNumber: true });
    driver.at(3600, { type: 'voice', active: true, sinceMs: 3550 });
    driver.at(4000, { type: 'partial', text: '八七六五四三', stableMs: 0 });
    driver.at(4200, { type: 'voice', active: false, sinceMs: 4100 }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([4800]);
  });

  it('waits 700 ms after a number that is an answer and the beginning of a longer one', () => {
    const driver = speech(new Driver().listening({ type: 'digits' }), '八七六五', {
      complete: true,
      openNumber: true,
    }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([3700]);
    expect(driver.effects).toContainEqual(
      expect.objectContaining({
        name: 'endOfTurn',
        detail: expect.objectContaining({ reason: 'silence after a number' }),
      }),
    );
  });

  it('waits 450 ms before a goodbye, so that nobody is hung up on in their thanks', () => {
    const driver = speech(new Driver().listening(), '没有了', { complete: true, openNumber: false });
    driver.at(3150, { type: 'parting', text: '没有了' }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([3450]);
    expect(driver.effects).toContainEqual(
      expect.objectContaining({ detail: expect.objectContaining({ reason: 'silence before the goodbye' }) }),
    );
  });

  it('takes other words than those that would end the call as any complete answer', () => {
    const driver = speech(new Driver().listening(), '转人工', { complete: true, openNumber: false });
    driver.at(3150, { type: 'parting', text: '没有了' }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([3250]);
  });

  it('waits 1500 ms after half a sentence', () => {
    const driver = speech(new Driver().listening(), '嗯我想', {
      complete: false,
      openNumber: false,
      dangling: true,
    }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([4500]);
  });

  it('does not end under a caller who is just beginning to speak on', () => {
    const driver = speech(new Driver().listening(), '没有', { complete: true, openNumber: false });
    // 250 ms of silence would be over at 3250; the sound of the next word is there, its voice is known at 3290.
    driver.at(3230, { type: 'rising' }).at(3250, { type: 'rising' });
    driver.at(3290, { type: 'voice', active: true, sinceMs: 3210 });
    driver.at(3600, { type: 'partial', text: '没有了谢谢', stableMs: 0 });
    driver.at(3610, { type: 'assessed', text: '没有了谢谢', complete: true, openNumber: false });
    driver.at(4000, { type: 'voice', active: false, sinceMs: 3900 }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([4150]);
  });

  it('waits no longer than 240 ms for a sound that does not become voice', () => {
    const driver = speech(new Driver().listening(), '没有', { complete: true, openNumber: false });
    for (let atMs = 3110; atMs < 5000; atMs += 20) driver.at(atMs, { type: 'rising' });
    driver.until(10_000);
    expect(driver.timesOf('flush')).toEqual([3490]);
  });

  it('is not held up by a click long before its time', () => {
    const driver = speech(new Driver().listening(), '没有', { complete: true, openNumber: false });
    driver.at(3120, { type: 'rising' }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([3250]);
  });

  it('takes an answer whose end the recogniser has heard as stable at once', () => {
    const driver = new Driver().listening();
    driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 });
    driver.at(3120, { type: 'voice', active: false, sinceMs: 3000 });
    driver.at(3140, { type: 'partial', text: '转人工', stableMs: 0, settled: true });
    driver.at(3150, { type: 'assessed', text: '转人工', complete: true, openNumber: false }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([3250]);
  });

  it('does not take it as settled when the caller speaks on', () => {
    const driver = new Driver().listening();
    driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 });
    driver.at(3120, { type: 'voice', active: false, sinceMs: 3000 });
    driver.at(3140, { type: 'partial', text: '转', stableMs: 0, settled: true });
    driver.at(3200, { type: 'voice', active: true, sinceMs: 3170 });
    driver.at(3700, { type: 'partial', text: '转人工', stableMs: 0 });
    driver.at(3710, { type: 'assessed', text: '转人工', complete: true, openNumber: false });
    driver.at(3750, { type: 'voice', active: false, sinceMs: 3640 }).until(10_000);
    // 250 ms of silence would be over at 3890, the words have not changed since 3700.
    expect(driver.timesOf('flush')).toEqual([3890]);
  });

  it('lets an answer that becomes complete only late be stable for 150 ms first', () => {
    const driver = new Driver().listening();
    driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 });
    driver.at(3100, { type: 'voice', active: false, sinceMs: 3000 });
    driver.at(3200, { type: 'partial', text: '转人工', stableMs: 0 });
    driver.at(3210, { type: 'assessed', text: '转人工', complete: true, openNumber: false }).until(10_000);
    expect(driver.timesOf('flush')).toEqual([3350]);
  });

  it('ends an utterance that goes on for 15 s', () => {
    const driver = new Driver().listening();
    driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 });
    for (let atMs = 2500; atMs < 18_000; atMs += 500)
      driver.at(atMs, { type: 'partial', text: `话${atMs}`, stableMs: 0 });
    expect(driver.timesOf('flush')[0]).toBe(17_000);
  });

  it('gives the final text to the brain, not the last partial', () => {
    const driver = speech(new Driver().listening(), '转人').until(3700);
    driver.at(3720, { type: 'final', flushId: driver.state.flushId, text: '转人工', confidence: 0.9 });
    expect(driver.inputs).toEqual([{ type: 'text', text: '转人工', confidence: 0.9 }]);
  });

  it('keeps the last partial when the recogniser loses it at the end', () => {
    const driver = speech(new Driver().listening(), '转人工').until(3700);
    driver.at(3720, { type: 'final', flushId: driver.state.flushId, text: '', confidence: 0 });
    expect(driver.inputs).toEqual([{ type: 'text', text: '转人工', confidence: 0 }]);
  });

  it('goes on with the last partial when the recogniser does not answer within a second', () => {
    const driver = speech(new Driver().listening(), '转人工').until(4700);
    expect(driver.inputs).toEqual([{ type: 'text', text: '转人工', confidence: 0.5 }]);
  });

  it('ignores the answer to a flush that is not the last one', () => {
    const driver = speech(new Driver().listening(), '转人工').until(3700);
    driver.at(3720, { type: 'final', flushId: driver.state.flushId - 1, text: '旧的', confidence: 1 });
    expect(driver.inputs).toEqual([]);
  });
});

describe('no-input and no-match', () => {
  it('asks again after 5 s of silence, with a growing count', () => {
    const driver = new Driver().listening().until(6000);
    expect(driver.inputs).toEqual([{ type: 'event', name: 'no_input', attempt: 1 }]);
    driver.at(6010, {
      type: 'reply',
      turnId: 2,
      bargeIn: true,
      next: 'listen',
      expectation: { type: 'open' },
      noMatch: false,
    });
    driver.at(8000, { type: 'promptFinished', promptId: 2 }).until(13_000);
    expect(driver.inputs[1]).toEqual({ type: 'event', name: 'no_input', attempt: 2 });
  });

  it('hands over by itself when the application asks for ever', () => {
    const driver = new Driver().listening();
    for (let turn = 2; turn < 9 && driver.state.phase !== 'transferring'; turn++) {
      const atMs = (turn - 1) * 10_000;
      driver.until(atMs);
      driver.at(atMs, {
        type: 'reply',
        turnId: driver.state.turnId,
        bargeIn: true,
        next: 'listen',
        expectation: { type: 'open' },
        noMatch: false,
      });
      driver.at(atMs + 1, { type: 'promptFinished', promptId: driver.state.turnId });
    }
    expect(driver.effects.at(-1)).toMatchObject({ type: 'handOff', reason: 'too_many_reprompts' });
    expect(driver.inputs).toHaveLength(4);
  });

  it('counts voice without words as a no-match after 2 s, so that a noise does not hang the call', () => {
    const driver = new Driver().listening();
    driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 }).until(20_000);
    expect(driver.inputs[0]).toEqual({ type: 'event', name: 'no_match', attempt: 1 });
    expect(driver.decisions('noMatch')).toEqual([4000]);
  });

  it('counts a cough as a no-match only when nothing else is said within 2 s', () => {
    const driver = new Driver().listening();
    driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 });
    driver.at(2350, { type: 'voice', active: false, sinceMs: 2300 }).until(3000);
    driver.at(3010, { type: 'final', flushId: driver.state.flushId, text: '', confidence: 0 });
    driver.at(3300, { type: 'voice', active: true, sinceMs: 3250 });
    driver.at(3700, { type: 'partial', text: '查订单', stableMs: 0 });
    driver.at(4000, { type: 'voice', active: false, sinceMs: 3900 }).until(4600);
    driver.at(4610, { type: 'final', flushId: driver.state.flushId, text: '查订单', confidence: 1 });
    expect(driver.inputs).toEqual([{ type: 'text', text: '查订单', confidence: 1 }]);
  });

  it('makes no no-match of a noise while the socket is away', () => {
    const driver = new Driver().listening();
    driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 });
    driver.at(2350, { type: 'voice', active: false, sinceMs: 2300 }).at(2500, { type: 'detached' }).until(3000);
    driver.at(3010, { type: 'final', flushId: driver.state.flushId, text: '', confidence: 0 }).until(9000);
    expect(driver.inputs).toEqual([]);
    driver.at(9000, { type: 'resumed' }).until(14_000);
    expect(driver.inputs).toEqual([{ type: 'event', name: 'no_input', attempt: 1 }]);
  });

  it('counts voice without words from when the socket is back', () => {
    const driver = new Driver().listening();
    driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 });
    driver.at(2500, { type: 'detached' }).at(6000, { type: 'resumed' }).until(20_000);
    expect(driver.decisions('noMatch')).toEqual([8000]);
  });

  it('does not count silence while the socket is away', () => {
    const driver = new Driver().listening().at(2000, { type: 'detached' }).until(9000);
    expect(driver.inputs).toEqual([]);
    driver.at(9000, { type: 'resumed' }).until(14_000);
    expect(driver.inputs).toEqual([{ type: 'event', name: 'no_input', attempt: 1 }]);
  });
});
