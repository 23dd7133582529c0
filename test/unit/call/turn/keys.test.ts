import { describe, expect, it } from 'vitest';
import type { TurnEvent } from '../../../../src/call/turn/state.js';
import { Driver } from './driver.js';

type Reply = Omit<Extract<TurnEvent, { type: 'reply' }>, 'atMs'>;

const reply = (turnId: number, what: Partial<Reply> = {}): Reply => ({
  type: 'reply',
  turnId,
  bargeIn: true,
  next: 'listen',
  expectation: { type: 'open' },
  noMatch: false,
  ...what,
});

describe('keys', () => {
  it('an order number ends with #', () => {
    const driver = new Driver().listening({ type: 'digits' });
    for (const [index, digit] of [...'8765#'].entries()) driver.at(2000 + index * 300, { type: 'key', digit });
    expect(driver.inputs).toEqual([{ type: 'dtmf', digits: '8765' }]);
  });

  it('ends by itself when the slot has all its digits', () => {
    const driver = new Driver().listening({ type: 'digits', maxLength: 4 });
    for (const [index, digit] of [...'8765'].entries()) driver.at(2000 + index * 300, { type: 'key', digit });
    expect(driver.timesOf('turn').at(-1)).toBe(2900);
  });

  it('ends 3 s after the last key', () => {
    const driver = new Driver().listening({ type: 'digits' });
    for (const [index, digit] of [...'87'].entries()) driver.at(2000 + index * 300, { type: 'key', digit });
    driver.until(6000);
    expect(driver.timesOf('turn').at(-1)).toBe(5300);
  });

  it('* clears what was keyed in', () => {
    const driver = new Driver().listening({ type: 'digits' });
    for (const [index, digit] of [...'99*87#'].entries()) driver.at(2000 + index * 300, { type: 'key', digit });
    expect(driver.inputs).toEqual([{ type: 'dtmf', digits: '87' }]);
  });

  it('0 asks for a person at once unless a number is being asked for', () => {
    expect(new Driver().listening().at(2000, { type: 'key', digit: '0' }).inputs).toEqual([
      { type: 'dtmf', digits: '0' },
    ]);
    expect(new Driver().listening({ type: 'digits' }).at(2000, { type: 'key', digit: '0' }).inputs).toEqual([]);
  });

  it('keys that come while the brain thinks are the next turn', () => {
    const driver = new Driver().listening({ type: 'digits', maxLength: 2 });
    driver.at(2000, { type: 'key', digit: '1' }).at(2100, { type: 'key', digit: '2' });
    driver.at(2150, { type: 'key', digit: '3' }).at(2160, { type: 'key', digit: '4' });
    driver.at(2200, {
      type: 'reply',
      turnId: 2,
      bargeIn: true,
      next: 'listen',
      expectation: { type: 'open' },
      noMatch: false,
    });
    expect(driver.inputs).toEqual([
      { type: 'dtmf', digits: '12' },
      { type: 'dtmf', digits: '34' },
    ]);
  });

  it('a key pressed ahead, and no more of them: the question is not asked, and the key is its answer', () => {
    const driver = new Driver().listening().at(2000, { type: 'typed', text: '查订单' });
    driver.at(2100, { type: 'key', digit: '1' }).at(2500, reply(2));
    expect(driver.timesOf('play')).toEqual([10]);
    driver.until(6000);
    expect(driver.inputs.at(-1)).toEqual({ type: 'dtmf', digits: '1' });
    expect(driver.timesOf('turn').at(-1)).toBe(5100);
  });

  it('a key pressed ahead of a menu is taken as soon as the menu is open', () => {
    const driver = new Driver().listening().at(2000, { type: 'typed', text: '查订单' });
    driver.at(2100, { type: 'key', digit: '1' });
    driver.at(2500, reply(2, { expectation: { type: 'open', maxLength: 1 } }));
    expect(driver.timesOf('turn').at(-1)).toBe(2500);
  });

  it('a number whose keys are pressed ahead and behind the reply is one number', () => {
    const driver = new Driver().listening().at(2000, { type: 'typed', text: '查订单' });
    driver.at(2100, { type: 'key', digit: '1' }).at(2300, { type: 'key', digit: '2' });
    driver.at(2500, reply(2, { expectation: { type: 'digits', maxLength: 4 } }));
    driver.at(2700, { type: 'key', digit: '3' }).at(2900, { type: 'key', digit: '4' });
    expect(driver.inputs.at(-1)).toEqual({ type: 'dtmf', digits: '1234' });
  });

  it('the end key behind keys that are complete is no part of them', () => {
    const driver = new Driver().listening({ type: 'digits', maxLength: 2 }).at(2000, { type: 'typed', text: '查' });
    for (const [index, digit] of [...'34#'].entries()) driver.at(2100 + index * 10, { type: 'key', digit });
    driver.at(2200, reply(2));
    expect(driver.inputs.at(-1)).toEqual({ type: 'dtmf', digits: '34' });
  });

  it('voices between two keys end nothing, and are no part of the answer', () => {
    const driver = new Driver().listening({ type: 'digits', maxLength: 8 });
    driver.at(2000, { type: 'key', digit: '8' }).at(2300, { type: 'key', digit: '7' });
    driver.at(2450, { type: 'voice', active: true, sinceMs: 2400 });
    driver.at(2700, { type: 'partial', text: '等一下', stableMs: 0 });
    driver.at(2900, { type: 'voice', active: false, sinceMs: 2800 });
    driver.at(4900, { type: 'key', digit: '6' }).at(5100, { type: 'key', digit: '5' });
    driver.at(5200, { type: 'key', digit: '#' });
    expect(driver.inputs).toEqual([{ type: 'dtmf', digits: '8765' }]);
  });

  it('a noise that goes on while keys are pressed is no no-match', () => {
    const driver = new Driver().listening({ type: 'digits' });
    driver.at(2000, { type: 'key', digit: '8' });
    driver.at(2150, { type: 'voice', active: true, sinceMs: 2100 }).at(4500, { type: 'key', digit: '7' });
    driver.at(4900, { type: 'key', digit: '#' });
    expect(driver.inputs).toEqual([{ type: 'dtmf', digits: '87' }]);
  });

  it('what was said between the keys does not stand before the next answer', () => {
    const driver = new Driver().listening({ type: 'digits' });
    driver.at(2000, { type: 'key', digit: '8' });
    driver.at(2150, { type: 'voice', active: true, sinceMs: 2100 });
    driver.at(2600, { type: 'partial', text: '等一下', stableMs: 0 }).until(5000);
    expect(driver.inputs).toEqual([{ type: 'dtmf', digits: '8' }]);
    // The recogniser was told to forget it.
    expect(driver.effects.filter(({ type }) => type === 'flush')).toEqual([
      { type: 'flush', flushId: 1, purpose: 'discard', atMs: 5000 },
    ]);
  });

  it('who presses a key while the hand-off is announced is put through at once', () => {
    const driver = new Driver().listening().at(2000, { type: 'key', digit: '0' });
    driver.at(2100, reply(2, { next: 'transfer' })).at(2500, { type: 'key', digit: '0' });
    expect(driver.timesOf('stopPlayout')).toEqual([2500]);
    expect(driver.timesOf('transfer')).toEqual([2500]);
    expect(driver.inputs).toHaveLength(1);
  });

  it('keys from before a hand-off answer nothing when the call comes back', () => {
    const driver = new Driver().listening().at(2000, { type: 'typed', text: '转人工' });
    driver.at(2050, { type: 'key', digit: '7' }).at(2100, reply(2, { next: 'transfer' }));
    driver.at(4000, { type: 'promptFinished', promptId: 2 }).at(9000, { type: 'transferFailed' });
    driver.at(9100, reply(3)).until(12_000);
    expect(driver.inputs.at(-1)).toEqual({ type: 'event', name: 'transfer_failed', attempt: 1 });
    expect(driver.timesOf('play')).toContain(9100);
  });
});
