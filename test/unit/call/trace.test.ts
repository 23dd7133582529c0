import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findRecord, type RecordedEvent } from '../../../src/call/record.js';
import { type TurnTiming, TurnTimings } from '../../../src/call/timings.js';
import { formatTrace, stagesOf, traceOf } from '../../../src/call/trace.js';
import { measuredTurns } from '../../../src/call/turn-metrics.js';
import { Metrics } from '../../../src/insight/metrics.js';

const TIMING: TurnTiming = {
  turnId: 2,
  endOfSpeechMs: 3000,
  settledMs: 3130,
  endOfTurnMs: 3250,
  finalTextMs: 3252,
  understoodMs: 3255,
  replyMs: 3260,
  soundMs: 3261,
  packetMs: 3262,
  audibleMs: 3300,
};
const EVENTS: readonly RecordedEvent[] = [
  { atMs: 0, type: 'call', callId: 'sip-1@phone' },
  {
    atMs: 5,
    type: 'turn',
    turnId: 1,
    input: { type: 'event', name: 'start' },
    actions: [{ type: 'say', text: '您好' }],
  },
  { atMs: 3250, type: 'decision', name: 'endOfTurn', detail: { reason: 'complete answer', text: '查订单' } },
  { atMs: 3252, type: 'foreseen', turnId: 2 },
  {
    atMs: 3260,
    type: 'turn',
    turnId: 2,
    input: { type: 'text', text: '查订单' },
    intent: { name: 'track_order', confidence: 0.9 },
    actions: [{ type: 'say', text: '订单号是多少？' }],
  },
  { atMs: 3300, type: 'timing', ...TIMING },
];

describe('the times of a turn', () => {
  it('are told once, when its first sound was heard', () => {
    const told: TurnTiming[] = [];
    const timings = new TurnTimings((timing) => told.push(timing));
    timings.endOfSpeech(1000);
    timings.settled(1130);
    timings.endOfTurn(1250);
    timings.reached('finalTextMs', 1252);
    timings.begin(2);
    timings.reached('replyMs', 1260);
    timings.played('packetMs', 1, 1261);
    timings.played('packetMs', 2, 1262);
    expect(told).toEqual([]);
    timings.played('audibleMs', 2, 1300);
    timings.played('audibleMs', 2, 1400);
    timings.close();
    expect(told).toEqual([
      {
        turnId: 2,
        endOfSpeechMs: 1000,
        settledMs: 1130,
        endOfTurnMs: 1250,
        finalTextMs: 1252,
        replyMs: 1260,
        packetMs: 1262,
        audibleMs: 1300,
      },
    ]);
  });

  it('start anew when the caller speaks on after a pause', () => {
    const told: TurnTiming[] = [];
    const timings = new TurnTimings((timing) => told.push(timing));
    timings.endOfSpeech(1000);
    timings.settled(1130);
    timings.endOfSpeech(2000);
    timings.endOfTurn(2250);
    timings.begin(2);
    timings.reached('replyMs', 2260);
    timings.close();
    expect(told).toEqual([{ turnId: 2, endOfSpeechMs: 2000, endOfTurnMs: 2250, replyMs: 2260 }]);
  });
});

describe('a trace', () => {
  it('tells of each turn what was said, why it ended, and where its time went', () => {
    const [greeting, turn] = traceOf(EVENTS);
    expect(greeting).toMatchObject({
      turnId: 1,
      input: 'start',
      reply: '您好',
      endReason: null,
      responseMs: null,
      stages: [],
    });
    expect(turn).toMatchObject({
      input: '查订单',
      intent: 'track_order',
      endReason: 'complete answer',
      foreseen: true,
      responseMs: 300,
    });
    expect(turn?.stages).toEqual([
      { stage: 'last word', fromMs: 3000, ms: 130 },
      { stage: 'end of turn', fromMs: 3130, ms: 120 },
      { stage: 'final text', fromMs: 3250, ms: 2 },
      { stage: 'understanding', fromMs: 3252, ms: 3 },
      { stage: 'dialogue', fromMs: 3255, ms: 5 },
      { stage: 'synthesis', fromMs: 3260, ms: 1 },
      { stage: 'sending', fromMs: 3261, ms: 1 },
      { stage: 'line', fromMs: 3262, ms: 38 },
    ]);
    const text = formatTrace(traceOf(EVENTS));
    expect(text).toContain('turn 2  caller 查订单  [track_order]');
    expect(text).toContain('300 ms to the first sound, complete answer, foreseen');
    expect(text).toMatch(/last word\s+█+\s+130 ms/);
  });

  it('survives a record that is not whole', () => {
    const broken = [
      { atMs: 1, type: 'turn' },
      { atMs: 2, type: 'timing' },
      { atMs: 3, type: 'decision', name: 'endOfTurn' },
    ];
    expect(traceOf([...broken, ...EVENTS.slice(-2, -1)])).toHaveLength(1);
    expect(stagesOf(undefined)).toEqual({ stages: [], responseMs: null });
  });

  it('is found by our id, by the Call-ID, and as the last one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-trace-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const day = join(folder, 'calls', '2026-01-02');
    mkdirSync(day, { recursive: true });
    const ids = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
    ids.forEach((id, index) => {
      const lines = [{ atMs: 0, type: 'call', callId: `sip-${index}@phone` }, ...EVENTS.slice(1)];
      writeFileSync(join(day, `${id}.jsonl`), lines.map((line) => JSON.stringify(line)).join('\n'));
      utimesSync(join(day, `${id}.jsonl`), 1000 + index, 1000 + index);
    });
    expect((await findRecord(folder, ids[0] as string))?.id).toBe(ids[0]);
    expect((await findRecord(folder, 'sip-0@phone'))?.id).toBe(ids[0]);
    expect((await findRecord(folder, 'last'))?.id).toBe(ids[1]);
    expect(await findRecord(folder, '../../etc/passwd')).toBeUndefined();
  });

  it('is counted for Prometheus', async () => {
    const metrics = new Metrics();
    const count = measuredTurns(metrics);
    count(TIMING);
    count({ turnId: 1, replyMs: 5, audibleMs: 90 });
    const text = await metrics.text();
    expect(text).toContain('hearken_turn_response_seconds_bucket{le="0.3"} 1');
    expect(text).toContain('hearken_turn_response_seconds_count 1');
    expect(text).toMatch(/hearken_turn_stage_seconds_sum\{stage="end_of_turn"\} 0\.12/);
  });
});
