import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reduce } from '../../../../src/call/turn/reduce.js';
import { initialTurnState, nextDeadlineMs, type TurnEvent, type TurnState } from '../../../../src/call/turn/state.js';
import { Driver, turnConfig } from './driver.js';

describe('the end of a conversation', () => {
  it('the hand-off is announced to its end before the call is transferred', () => {
    const driver = new Driver().listening();
    driver.at(2000, { type: 'key', digit: '0' });
    driver.at(2100, {
      type: 'reply',
      turnId: 2,
      bargeIn: true,
      next: 'transfer',
      expectation: { type: 'open' },
      noMatch: false,
    });
    driver.at(2500, { type: 'voice', active: true, sinceMs: 2400 });
    driver.at(2900, { type: 'partial', text: '喂喂', stableMs: 0 });
    expect(driver.timesOf('transfer')).toEqual([]);
    driver.at(4000, { type: 'promptFinished', promptId: 2 });
    expect(driver.timesOf('transfer')).toEqual([4000]);
  });

  it('a transfer that fails goes back to the dialogue', () => {
    const driver = new Driver().listening().at(2000, { type: 'key', digit: '0' });
    driver.at(2100, {
      type: 'reply',
      turnId: 2,
      bargeIn: undefined,
      next: 'transfer',
      expectation: { type: 'open' },
      noMatch: false,
    });
    driver.at(3000, { type: 'transferFailed' });
    expect(driver.inputs.at(-1)).toEqual({ type: 'event', name: 'transfer_failed', attempt: 1 });
  });

  it('after a transfer that failed, silence is counted from the beginning', () => {
    const reply = { type: 'reply', bargeIn: undefined, expectation: { type: 'open' }, noMatch: false } as const;
    const driver = new Driver().listening().until(40_000);
    const noInputs = (): unknown[] => driver.inputs.filter((input) => JSON.stringify(input).includes('no_input'));
    const first = { type: 'event', name: 'no_input', attempt: 1 };
    expect(noInputs()).toEqual([first]);
    driver.at(41_000, { ...reply, turnId: driver.state.turnId, next: 'transfer' });
    driver.at(42_000, { type: 'transferFailed' });
    driver.at(43_000, { ...reply, turnId: driver.state.turnId, next: 'listen' }).until(80_000);
    expect(noInputs()).toEqual([first, first]);
  });

  it('a brain that does not answer leads to a person, and after that to a goodbye', () => {
    const driver = new Driver().at(0, { type: 'started' }).until(8000);
    expect(driver.effects.at(-1)).toMatchObject({ type: 'handOff', reason: 'thinking_limit', atMs: 8000 });
    driver.at(20_000, { type: 'transferFailed' }).until(28_000);
    expect(driver.effects.at(-1)).toMatchObject({ type: 'hangup', cause: 'error' });
    expect(driver.state.phase).toBe('ended');
  });

  it('a reply that comes too late is not played', () => {
    const driver = new Driver().at(0, { type: 'started' }).until(8000);
    driver.at(8001, {
      type: 'reply',
      turnId: 1,
      bargeIn: true,
      next: 'listen',
      expectation: { type: 'open' },
      noMatch: false,
    });
    expect(driver.timesOf('play')).toEqual([]);
  });
});

/** Any event, at any time, in any phase. */
const anyEvent = fc.oneof(
  fc.record({ type: fc.constant('voice' as const), active: fc.boolean(), sinceMs: fc.constant(0) }),
  fc.record({
    type: fc.constant('partial' as const),
    text: fc.constantFrom('', '嗯', '转人工', '八七'),
    stableMs: fc.constant(0),
  }),
  fc.record({
    type: fc.constant('assessed' as const),
    text: fc.constantFrom('转人工', '八七'),
    complete: fc.boolean(),
    openNumber: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('final' as const),
    flushId: fc.nat(6),
    text: fc.constantFrom('', '转人工'),
    confidence: fc.constant(1),
  }),
  fc.record({ type: fc.constant('key' as const), digit: fc.constantFrom('0', '5', '*', '#') }),
  fc.record({
    type: fc.constant('reply' as const),
    turnId: fc.nat(6),
    bargeIn: fc.constantFrom(true, false, undefined),
    next: fc.constantFrom('listen' as const, 'transfer' as const, 'hangup' as const),
    expectation: fc.constantFrom({ type: 'open' }, { type: 'digits', maxLength: 3 }),
    noMatch: fc.boolean(),
  }),
  fc.record({ type: fc.constant('promptFinished' as const), promptId: fc.nat(6) }),
  fc.record({ type: fc.constant('promptFailed' as const), promptId: fc.nat(6) }),
  fc.constantFrom(
    { type: 'transferFailed' as const },
    { type: 'detached' as const },
    { type: 'resumed' as const },
    { type: 'recognizerFailed' as const },
  ),
);

describe('any order of events', () => {
  it('never leaves the call waiting for nothing, and the same events give the same decisions', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 3000 }), anyEvent), { maxLength: 60 }), (steps) => {
        const play = (): { state: TurnState; log: string } => {
          const driver = new Driver().at(0, { type: 'started' });
          let atMs = 0;
          for (const [gap, event] of steps) {
            atMs += gap;
            driver.at(atMs, event as never);
            const { phase, detached, prompt } = driver.state;
            // In these phases somebody else owes an event with a limit of its own: the playout, the transfer, the lost socket.
            const waitsForOthers =
              phase === 'ended' || phase === 'transferring' || (phase === 'speaking' && !prompt?.paused) || detached;
            // Voice that goes on has a limit; silence has one; thinking has one.
            if (!waitsForOthers) expect(nextDeadlineMs(driver.state), `${phase} at ${atMs}`).toBeDefined();
          }
          return { state: driver.state, log: JSON.stringify(driver.effects) };
        };
        expect(play()).toEqual(play());
      }),
      { numRuns: 500, seed: 20250415 },
    );
  });

  it('does not change the state it was given', () => {
    const frozen = Object.freeze({ ...initialTurnState, deadlines: Object.freeze({ ...initialTurnState.deadlines }) });
    const [next] = reduce(frozen, { type: 'started', atMs: 0 } satisfies TurnEvent, turnConfig);
    expect(next.phase).toBe('thinking');
    expect(frozen).toEqual(initialTurnState);
  });
});
