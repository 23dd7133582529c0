import { expect, it } from 'vitest';
import { Driver } from './driver.js';

const typed = (text: string) => ({ type: 'typed', text }) as const;
const words = (text: string) => ({ type: 'text', text, confidence: 1 });

it('what is typed is the answer at once', () => {
  const call = new Driver().listening().at(1500, typed('我要退货'));
  expect(call.inputs).toEqual([words('我要退货')]);
  expect(call.timesOf('turn').at(-1)).toBe(1500);
});

it('typing stops a prompt, also one that voices may not talk over', () => {
  const call = new Driver().speaking(false).at(400, typed('转人工'));
  expect(call.timesOf('stopPlayout')).toEqual([400]);
  expect(call.inputs).toEqual([words('转人工')]);
});

it('what was being said when the answer was typed is forgotten', () => {
  const call = new Driver()
    .listening()
    .at(1200, { type: 'voice', active: true, sinceMs: 1100 })
    .at(1400, { type: 'partial', text: '我想', stableMs: 0 })
    .at(1500, typed('查订单'))
    .until(9000);
  expect(call.inputs).toEqual([words('查订单')]);
});

it('what is typed while the bot thinks comes next, the newest of it', () => {
  const call = new Driver().listening().at(1500, typed('一')).at(1600, typed('二')).at(1700, typed('三'));
  expect(call.inputs).toEqual([words('一')]);
  call.at(1900, {
    type: 'reply',
    turnId: 2,
    bargeIn: true,
    next: 'listen',
    expectation: { type: 'open' },
    noMatch: false,
  });
  expect(call.inputs).toEqual([words('一'), words('三')]);
});

it('nothing typed holds a hand-off up', () => {
  const call = new Driver()
    .listening()
    .at(1500, typed('转人工'))
    .at(1600, typed('快点'))
    .at(1700, {
      type: 'reply',
      turnId: 2,
      bargeIn: true,
      next: 'transfer',
      expectation: { type: 'open' },
      noMatch: false,
    })
    .at(3000, { type: 'promptFinished', promptId: 2 })
    .at(3100, typed('喂'));
  expect(call.state.phase).toBe('transferring');
  expect(call.inputs).toEqual([words('转人工')]);
});
