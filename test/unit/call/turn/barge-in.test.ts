import { describe, expect, it } from 'vitest';
import { isBackchannel } from '../../../../src/call/turn/backchannel.js';
import { Driver, turnConfig } from './driver.js';

describe('barge-in', () => {
  it('pauses the prompt after 200 ms of voice', () => {
    const driver = new Driver().speaking();
    driver.at(1050, { type: 'voice', active: true, sinceMs: 1000 }).until(1500);
    expect(driver.timesOf('pausePlayout')).toEqual([1200]);
  });

  it('a cough of 150 ms does not even pause it', () => {
    const driver = new Driver().speaking();
    driver.at(1050, { type: 'voice', active: true, sinceMs: 1000 });
    driver.at(1180, { type: 'voice', active: false, sinceMs: 1150 }).until(3000);
    expect(driver.timesOf('pausePlayout')).toEqual([]);
  });

  it('a longer cough pauses the prompt and lets it go on where it stopped', () => {
    const driver = new Driver().speaking();
    driver.at(1050, { type: 'voice', active: true, sinceMs: 1000 });
    driver.at(1480, { type: 'voice', active: false, sinceMs: 1400 }).until(3000);
    expect(driver.timesOf('resumePlayout')).toEqual([1700]);
    expect(driver.timesOf('stopPlayout')).toEqual([]);
  });

  it.each(['嗯', '好的', '嗯嗯好', 'uh-huh', 'Okay, right'])('"%s" over the prompt lets it go on', (words) => {
    const driver = new Driver().speaking();
    driver.at(1050, { type: 'voice', active: true, sinceMs: 1000 });
    driver.at(1400, { type: 'partial', text: words, stableMs: 0 });
    driver.at(1500, { type: 'voice', active: false, sinceMs: 1450 }).until(3000);
    expect(driver.timesOf('stopPlayout')).toEqual([]);
    expect(driver.timesOf('resumePlayout')).toEqual([1700]);
    driver.at(5000, { type: 'promptFinished', promptId: 1 }).until(9000);
    expect(driver.inputs).toEqual([]);
  });

  it('words stop it for good and become the turn', () => {
    const driver = new Driver().speaking();
    driver.at(1050, { type: 'voice', active: true, sinceMs: 1000 });
    driver.at(1400, { type: 'partial', text: '转人工', stableMs: 0 });
    expect(driver.timesOf('stopPlayout')).toEqual([1400]);
    driver.at(1800, { type: 'voice', active: false, sinceMs: 1700 }).until(2400);
    driver.at(2410, { type: 'final', flushId: driver.state.flushId, text: '转人工', confidence: 1 });
    expect(driver.inputs).toEqual([{ type: 'text', text: '转人工', confidence: 1 }]);
  });

  it('a sign of listening that turns into a wish stops it after all', () => {
    const driver = new Driver().speaking();
    driver.at(1050, { type: 'voice', active: true, sinceMs: 1000 });
    driver.at(1400, { type: 'partial', text: '好的', stableMs: 0 }).until(1700);
    expect(driver.timesOf('resumePlayout')).toEqual([1700]);
    driver.at(2000, { type: 'partial', text: '好的我要退货', stableMs: 0 });
    expect(driver.timesOf('stopPlayout')).toEqual([2000]);
  });

  it('a prompt that must be heard is not stopped by words', () => {
    const driver = new Driver().speaking(false);
    driver.at(1050, { type: 'voice', active: true, sinceMs: 1000 });
    driver.at(1400, { type: 'partial', text: '转人工', stableMs: 0 }).until(3000);
    expect(driver.timesOf('pausePlayout')).toEqual([]);
    expect(driver.timesOf('stopPlayout')).toEqual([]);
  });

  it('a key stops even that', () => {
    const driver = new Driver().speaking(false).at(1000, { type: 'key', digit: '0' });
    expect(driver.timesOf('stopPlayout')).toEqual([1000]);
    expect(driver.inputs).toEqual([{ type: 'dtmf', digits: '0' }]);
  });

  it('after the prompt, 好的 is an answer', () => {
    const driver = new Driver().listening();
    driver.at(2050, { type: 'voice', active: true, sinceMs: 2000 });
    driver.at(2300, { type: 'partial', text: '好的', stableMs: 0 });
    driver.at(2500, { type: 'voice', active: false, sinceMs: 2400 }).until(3100);
    driver.at(3110, { type: 'final', flushId: driver.state.flushId, text: '好的', confidence: 1 });
    expect(driver.inputs).toEqual([{ type: 'text', text: '好的', confidence: 1 }]);
  });

  it('an answer that begins over the last word of the prompt is kept', () => {
    const driver = new Driver().speaking();
    driver.at(1050, { type: 'voice', active: true, sinceMs: 980 });
    driver.at(1100, { type: 'promptFinished', promptId: 1 });
    driver.at(1500, { type: 'partial', text: '好的', stableMs: 0 });
    driver.at(1700, { type: 'voice', active: false, sinceMs: 1600 }).until(2300);
    driver.at(2310, { type: 'final', flushId: driver.state.flushId, text: '好的', confidence: 1 });
    expect(driver.inputs).toEqual([{ type: 'text', text: '好的', confidence: 1 }]);
  });
});

describe('backchannels', () => {
  it.each(['好的我要退货', '不好', '人工', ''])('%j: only a whole sign of listening is one', (text) => {
    expect(isBackchannel(text, turnConfig.backchannels)).toBe(text === '');
  });

  it("the bot's own echo does not pause its prompt, and its words are forgotten", () => {
    const driver = new Driver().speaking();
    driver.at(560, { type: 'voice', active: true, sinceMs: 500 });
    driver.at(680, { type: 'echo', active: true });
    driver.at(1200, { type: 'partial', text: '请问有什么可以帮您', stableMs: 0 });
    driver.at(2000, { type: 'voice', active: false, sinceMs: 1900 }).until(4000);
    expect(driver.timesOf('pausePlayout')).toEqual([]);
    expect(driver.timesOf('stopPlayout')).toEqual([]);
    expect(driver.effects).toContainEqual(expect.objectContaining({ type: 'flush', purpose: 'discard', atMs: 2000 }));
  });

  it('an echo that is noticed late lets the prompt go on', () => {
    const driver = new Driver().speaking();
    driver.at(560, { type: 'voice', active: true, sinceMs: 500 });
    driver.at(760, { type: 'echo', active: true }).until(2000);
    expect(driver.timesOf('pausePlayout')).toEqual([700]);
    expect(driver.timesOf('resumePlayout')).toEqual([760]);
  });

  it('a caller who speaks over the echo is heard', () => {
    const driver = new Driver().speaking();
    driver.at(560, { type: 'voice', active: true, sinceMs: 500 });
    driver.at(680, { type: 'echo', active: true });
    driver.at(1500, { type: 'echo', active: false });
    driver.at(1900, { type: 'partial', text: '转人工', stableMs: 0 }).until(4000);
    expect(driver.timesOf('pausePlayout')).toEqual([1540]);
    expect(driver.timesOf('stopPlayout')).toEqual([1900]);
  });

  it('words said into the thinking take the turn back before the prompt is heard', () => {
    const driver = new Driver();
    driver.at(0, { type: 'started' });
    driver.at(100, { type: 'voice', active: true, sinceMs: 50 });
    driver.at(600, { type: 'partial', text: '转人工', stableMs: 0 });
    driver.at(750, { type: 'voice', active: false, sinceMs: 650 });
    driver.at(800, {
      type: 'reply',
      turnId: 1,
      bargeIn: true,
      next: 'listen',
      expectation: { type: 'open' },
      noMatch: false,
    });
    driver.until(5000);
    expect(driver.timesOf('stopPlayout')).toEqual([800]);
    driver.at(5010, { type: 'final', flushId: driver.state.flushId, text: '转人工', confidence: 0.7 });
    expect(driver.timesOf('turn')).toHaveLength(2);
  });

  it('a breath into the thinking does not', () => {
    const driver = new Driver();
    driver.at(0, { type: 'started' });
    driver.at(100, { type: 'voice', active: true, sinceMs: 50 });
    driver.at(350, { type: 'voice', active: false, sinceMs: 250 });
    driver.at(400, { type: 'partial', text: '人', stableMs: 0 });
    driver.at(800, {
      type: 'reply',
      turnId: 1,
      bargeIn: true,
      next: 'listen',
      expectation: { type: 'open' },
      noMatch: false,
    });
    expect(driver.timesOf('stopPlayout')).toEqual([]);
  });

  it('words of an echo that come after its end stop nothing, and new voice is the caller again', () => {
    const driver = new Driver().speaking();
    driver.at(560, { type: 'voice', active: true, sinceMs: 500 });
    driver.at(680, { type: 'echo', active: true });
    driver.at(2000, { type: 'voice', active: false, sinceMs: 1900 });
    driver.at(2010, { type: 'partial', text: '请问有什么可以帮您', stableMs: 0, settled: true }).until(3000);
    expect(driver.timesOf('stopPlayout')).toEqual([]);
    driver.at(3100, { type: 'voice', active: true, sinceMs: 3050 });
    driver.at(3500, { type: 'partial', text: '转人工', stableMs: 0 });
    expect(driver.timesOf('stopPlayout')).toEqual([3500]);
  });

  it('an echo that outlasts its prompt is no answer', () => {
    const driver = new Driver().speaking();
    driver.at(560, { type: 'voice', active: true, sinceMs: 500 });
    driver.at(680, { type: 'echo', active: true });
    driver.at(2000, { type: 'promptFinished', promptId: 1 });
    driver.at(2300, { type: 'partial', text: '可以帮您', stableMs: 0 });
    driver.at(2400, { type: 'voice', active: false, sinceMs: 2300 }).until(7000);
    expect(driver.inputs).toEqual([]);
    expect(driver.decisions('noInput')).toEqual([]);
    driver.until(7400);
    expect(driver.decisions('noInput')).toEqual([7400]);
  });

  it('a single character pauses a prompt and does not end it, unless answers are that short', () => {
    const say = (driver: Driver) => {
      driver.at(560, { type: 'voice', active: true, sinceMs: 500 });
      driver.at(800, { type: 'partial', text: '北', stableMs: 0 });
      driver.at(900, { type: 'voice', active: false, sinceMs: 780 });
      return driver.until(3000);
    };
    const open = say(new Driver().speaking());
    expect(open.timesOf('stopPlayout')).toEqual([]);
    expect(open.timesOf('resumePlayout')).toHaveLength(1);
    const menu = new Driver();
    menu.at(0, { type: 'started' });
    const expectation = { type: 'open', minLength: 1, maxLength: 1 };
    menu.at(10, { type: 'reply', turnId: 1, bargeIn: true, next: 'listen', expectation, noMatch: false });
    expect(say(menu).timesOf('stopPlayout')).toEqual([800]);
  });
});
