import { describe, expect, it } from 'vitest';
import { CallStory } from '../../../src/insight/call-story.js';

const START_MS = 1_700_000_000_000;
const say = (turnId: number, text: string, input: object) => ({
  ...{ atMs: turnId * 1000, type: 'turn', turnId, input },
  actions: [{ type: 'say', text }],
});

describe('the story of a call', () => {
  it('keeps what was said over the bot apart from the answer that followed', () => {
    const story = new CallStory(START_MS);
    story.apply({ atMs: 100, type: 'partial', text: '嗯' });
    story.apply({ atMs: 200, type: 'final', text: '嗯' });
    story.apply({ atMs: 500, type: 'partial', text: '退' });
    story.apply({ atMs: 700, type: 'final', text: '退货' });
    story.apply(say(1, '好的', { type: 'text', text: '退货' }));
    expect(story.lines.map(({ who, text, final }) => [who, text, final])).toEqual([
      ['caller', '嗯', true],
      ['caller', '退货', true],
      ['bot', '好的', false],
    ]);
  });

  it('shows keys and typed answers as what the caller said, and events not at all', () => {
    const story = new CallStory(START_MS);
    story.apply(say(1, '您好', { type: 'event', name: 'start' }));
    story.apply({ atMs: 1500, type: 'typed', text: '你好' });
    story.apply(say(2, '请按键', { type: 'text', text: '你好' }));
    story.apply(say(3, '谢谢', { type: 'dtmf', digits: '1234' }));
    expect(story.lines.filter(({ who }) => who === 'caller').map(({ text, turnId }) => [text, turnId])).toEqual([
      ['你好', 2],
      ['1234', 3],
    ]);
    expect(story.turns.map(({ inputType, input }) => [inputType, input])).toEqual([
      ['event', 'start'],
      ['text', '你好'],
      ['dtmf', '1234'],
    ]);
  });

  it('a prompt of which nothing was heard is cut; one heard twice stays whole', () => {
    const story = new CallStory(START_MS);
    story.apply(say(1, '一 二', { type: 'event', name: 'start' }));
    story.apply({ atMs: 1200, type: 'heard', promptId: 1, text: '一二' });
    story.apply({ atMs: 1900, type: 'heard', promptId: 1, text: '' });
    story.apply(say(2, '三', { type: 'event', name: 'no_input' }));
    story.apply({ atMs: 2100, type: 'heard', promptId: 2, text: '' });
    expect(story.lines.map(({ text, cut }) => [text, cut ?? false])).toEqual([
      ['一二', false],
      ['', true],
    ]);
  });

  it('makes nothing of events that are broken or from another version', () => {
    const story = new CallStory(START_MS);
    for (const event of [
      { atMs: 0, type: 'turn' },
      { atMs: 0, type: 'turn', turnId: 'x', input: null, actions: 'none' },
      { atMs: 0, type: 'timing' },
      { atMs: 0, type: 'heard', promptId: {}, text: 7 },
      { atMs: 0, type: 'voice' },
      { atMs: 0, type: 'something new' },
    ])
      story.apply(event);
    expect([story.lines, story.turns]).toEqual([[], []]);
  });

  it('does not grow without end', () => {
    const story = new CallStory(START_MS);
    for (let turnId = 1; turnId < 5000; turnId++) story.apply(say(turnId, '好', { type: 'dtmf', digits: '1' }));
    expect([story.lines.length, story.turns.length]).toEqual([2000, 500]);
  });
});
