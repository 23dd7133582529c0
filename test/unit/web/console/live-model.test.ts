import { describe, expect, it } from 'vitest';
import type { Chat, Line, LiveCall, LiveEvent, Turn } from '../../../../web/console/src/api/contract.js';
import { LiveModel } from '../../../../web/console/src/core/live-model.js';

const line = (id: string, text: string, more: Partial<Line> = {}): Line => ({
  id,
  who: 'caller',
  text,
  final: true,
  atMs: 0,
  fromMs: null,
  toMs: null,
  ...more,
});
const turn = (turnId: number, responseMs: number | null): Turn => ({
  turnId,
  atMs: 0,
  inputType: 'text',
  input: 'hello',
  reply: null,
  intent: 'greet',
  confidence: 0.9,
  ranking: [],
  entities: [],
  slots: {},
  path: [],
  noMatch: false,
  endReason: null,
  foreseen: false,
  responseMs,
  stages: [],
});
const call = (id: string): LiveCall => ({
  id,
  kind: 'phone',
  state: 'listening',
  startedAtMs: 1000,
  caller: '',
  callee: '',
  language: 'zh-CN',
  intent: null,
  confidence: null,
  slots: {},
  lines: [],
  turns: [],
  agent: null,
  listenable: true,
});
const snapshot = (calls: LiveCall[], atMs = 5000): LiveEvent => ({
  type: 'snapshot',
  atMs,
  calls,
  agents: [],
  queue: [],
  phoneCalls: [],
  offers: [],
  chats: [],
});

describe('what the pages know of this moment', () => {
  it('a partial grows in its place and is replaced by what was said in the end', () => {
    const model = new LiveModel();
    model.apply(snapshot([call('a')]));
    model.apply({ type: 'line', callId: 'a', line: line('1', '我想', { final: false }) });
    model.apply({ type: 'line', callId: 'a', line: line('2', '好的', { who: 'bot' }) });
    model.apply({ type: 'line', callId: 'a', line: line('1', '我想退货') });
    expect(model.calls.get('a')?.lines.map(({ text, final }) => [text, final])).toEqual([
      ['我想退货', true],
      ['好的', true],
    ]);
  });

  it('the times of a turn that come later replace it', () => {
    const model = new LiveModel();
    model.apply(snapshot([call('a')]));
    model.apply({ type: 'turn', callId: 'a', turn: turn(1, null) });
    model.apply({ type: 'turn', callId: 'a', turn: turn(2, null) });
    model.apply({ type: 'turn', callId: 'a', turn: turn(1, 640) });
    expect(model.calls.get('a')?.turns.map(({ turnId, responseMs }) => [turnId, responseMs])).toEqual([
      [1, 640],
      [2, null],
    ]);
  });

  it('a call that ended stays in the list a while, as ended, and few of them do', () => {
    const model = new LiveModel();
    model.apply(snapshot(Array.from({ length: 12 }, (_, index) => call(`c${index}`))));
    for (let index = 0; index < 12; index++)
      model.apply({ type: 'callEnded', callId: `c${index}`, atMs: 2000 + index, cause: 'normal' });
    expect(model.liveCount).toBe(0);
    expect([...model.calls.keys()]).toEqual(['c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10', 'c11']);
    expect(model.calls.get('c11')).toMatchObject({ state: 'ended', listenable: false, endedAtMs: 2011 });
  });

  it('after a break the snapshot counts: what it does not name is over', () => {
    const model = new LiveModel();
    model.apply(snapshot([call('a'), call('b')]));
    model.apply(snapshot([call('b')], 9000));
    expect(model.calls.get('a')).toMatchObject({ state: 'ended', endedAtMs: 9000 });
    expect(model.calls.get('b')?.endedAtMs).toBeNull();
    expect(model.liveCount).toBe(1);
  });

  it('keeps no more lines than a snapshot holds, and forgets nothing of calls it does not know', () => {
    const model = new LiveModel();
    model.apply(snapshot([call('a')]));
    for (let index = 0; index < 230; index++)
      model.apply({ type: 'line', callId: 'a', line: line(String(index), `${index}`) });
    model.apply({ type: 'line', callId: 'unknown', line: line('x', 'x') });
    const lines = model.calls.get('a')?.lines ?? [];
    expect(lines.length).toBe(200);
    expect(lines[0]?.text).toBe('30');
    expect(model.calls.size).toBe(1);
  });

  it('a chat that is closed leaves the desk; a line that comes by answer and by event stands once', () => {
    const model = new LiveModel();
    const chat = { id: 'x', state: 'open', lines: [] } as unknown as Chat;
    model.apply({ type: 'chat', chat });
    model.addChatLine('x', line('m1', 'hello'));
    model.apply({ type: 'chatLine', chatId: 'x', line: line('m1', 'hello') });
    expect(model.chats.get('x')?.lines.length).toBe(1);
    model.apply({ type: 'chat', chat: { ...chat, state: 'closed' } });
    expect(model.chats.size).toBe(0);
  });
});
