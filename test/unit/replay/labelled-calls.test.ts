import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeWav } from '../../../src/dsp/wav.js';
import type { ReplayJob } from '../../../src/replay/pipeline/job.js';
import { ReplayStage } from '../../../src/replay/pipeline/stage.js';
import type { LabelledUtterance } from '../../../src/replay/recordings/labels.js';
import type { ReplayedCall } from '../../../src/replay/result.js';
import { planReplay } from '../../../src/replay/run/plan.js';
import { scoreRecording } from '../../../src/replay/score/score-recording.js';
import { totalsOf } from '../../../src/replay/score/totals.js';
import { seededRandom } from '../../../src/replay/statistics/random.js';
import { replayJob } from '../../../src/testing/replay-job.js';
import { projectRoot, spoken } from '../../support/speech.js';
import { stageSettings } from './short-calls.js';

let folder: string;
let stage: ReplayStage;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-labelled-'));
  const trained = join(projectRoot, 'node_modules/.cache/hearken-test-nlu');
  if (existsSync(trained)) cpSync(trained, join(folder, 'data/nlu'), { recursive: true });
  stage = await ReplayStage.open(stageSettings(join(folder, 'data')));
}, 120_000);
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

/** Sounds one after another with a second between them, and where each lies. */
function joined(sounds: readonly Int16Array[]): {
  readonly pcm: Int16Array;
  readonly spans: readonly LabelledUtterance[];
} {
  const pcm = new Int16Array(sounds.reduce((sum, { length }) => sum + length + 8000, 0));
  let at = 0;
  const spans = sounds.map((sound) => {
    pcm.set(sound, at);
    const startMs = at / 8;
    at += sound.length + 8000;
    return { startMs, endMs: startMs + sound.length / 8 };
  });
  return { pcm, spans };
}

async function replayed(job: ReplayJob): Promise<ReplayedCall> {
  const { result } = await stage.replay(job);
  if (result.kind !== 'call') throw new Error(`not a replayed call: ${JSON.stringify(result)}`);
  return result;
}

const CALLER = [spoken('order-status', '我要查订单'), spoken('order-status', '对'), spoken('opening-hours', '再见')];
const turnsOf = ({ turns }: ReplayedCall) => turns.map(({ input, heard, intent }) => [input, heard, intent]);

describe('a call with labels', () => {
  let call: ReplayedCall;
  const { pcm, spans } = joined(CALLER);
  beforeAll(async () => {
    const [wish, yes, bye] = spans as [LabelledUtterance, LabelledUtterance, LabelledUtterance];
    const number = { startMs: wish.endMs + 100, endMs: wish.endMs + 900, keys: '87654321' };
    const utterances = [
      { ...wish, text: '我要查订单', intent: 'order_status' },
      { ...number, slots: { order_number: '87654321' } },
      { ...yes, text: '对', intent: 'cancel_order' },
      { ...bye, text: '再见' },
    ];
    const file = join(folder, 'labelled.wav');
    writeFileSync(file, encodeWav([pcm], 8000));
    call = await replayed(replayJob(file, { timing: 'answer', labels: { language: 'zh-CN', utterances } }));
  }, 120_000);

  it('has its number keyed in, and what is right and wrong in it is counted', () => {
    expect(call.turns.map(({ input }) => input)).toEqual(['start', 'text', 'dtmf', 'text', 'text']);
    expect(call.turns[2]).toMatchObject({
      heard: '87654321',
      expectedSlots: [{ slot: 'order_number', found: '87654321', right: true }],
    });
    expect(call.said[1]).toMatchObject({ keys: '87654321', understoodInTurn: call.turns[2]?.turnId });
    const score = scoreRecording(call);
    // The third label is wrong on purpose.
    expect(score).toMatchObject({
      intents: { part: 1, of: 2 },
      slots: { part: 1, of: 1 },
      unheard: { part: 0, of: 4 },
    });
    expect(score?.recognition?.characters.substitutions).toBe(0);
    expect(call.outcome).toBe('contained');
  });

  it('comes to the same once more from our own record of it, keys and all', async () => {
    const calls = join(folder, 'calls/2026-01-05');
    mkdirSync(calls, { recursive: true });
    const id = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
    // A replay lets a recording's caller stay 2.5 s longer than the recording.
    const lastMs = Math.max(...call.said.map(({ toMs }) => toMs));
    const left = new Int16Array(Math.max(call.durationMs - 2500, lastMs + 1000) * 8);
    const keys: { atMs: number; type: string; digit: string }[] = [];
    let sound = 0;
    for (const { fromMs, keys: digits } of call.said) {
      if (digits === null) left.set(CALLER[sound++] ?? [], fromMs * 8);
      else keys.push(...Array.from(digits, (digit, index) => ({ atMs: fromMs + index * 114, type: 'key', digit })));
    }
    const right = Int16Array.from(left, () => 9);
    writeFileSync(join(calls, `${id}.wav`), encodeWav([left, right], 8000));
    const facts = { atMs: 0, type: 'call', caller: 'sip:13800000000@a', callee: 'sip:95000@b', language: 'zh-CN' };
    const events = [{ ...facts, startedAt: '2026-01-05T03:00:00.000Z' }, ...keys];
    writeFileSync(join(calls, `${id}.jsonl`), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const plan = await planReplay([join(folder, 'calls')], {
      ...{ mode: 'auto', timing: 'auto', band: 'auto', graph: 'general', nowMs: 0, trainedOn: [] },
    });
    const [job] = plan.jobs;
    expect(job).toMatchObject({ timing: 'recorded', language: 'zh-CN', startedAtMs: Date.UTC(2026, 0, 5, 3) });
    const again = await replayed(job as ReplayJob);
    expect(again.channel).toEqual({ index: 0, of: 2, because: 'our own record: the caller is left' });
    expect(turnsOf(again)).toEqual(turnsOf(call));
    expect(again.outcome).toBe('contained');
  }, 120_000);
});

describe('what is labelled as said over the bot', () => {
  it('is said over it, and the bot stops for a wish and goes on after a cough', async () => {
    const random = seededRandom(7);
    const cough = Int16Array.from({ length: 1600 }, (_, at) => (random() - 0.5) * 9000 * Math.exp(-at / 500));
    const { pcm, spans } = joined([cough, spoken('human', '转人工')]);
    const [noise, wish] = spans as [LabelledUtterance, LabelledUtterance];
    const file = join(folder, 'over.wav');
    writeFileSync(file, encodeWav([pcm], 8000));
    const calls = await Promise.all(
      [
        [{ ...noise, bargeIn: false }],
        [{ ...wish, text: '转人工', bargeIn: true }],
        // Wrong on purpose: nobody stops for a cough.
        [{ ...noise, bargeIn: true }],
      ].map((utterances) => replayed(replayJob(file, { timing: 'answer', labels: { language: 'zh-CN', utterances } }))),
    );
    const [ignored, stopped, wrong] = calls;
    expect(ignored?.said[0]?.overBot).toEqual({ shouldStop: false, stopped: false, afterMs: null });
    expect(stopped?.said[0]?.overBot).toMatchObject({ shouldStop: true, stopped: true });
    expect(stopped?.said[0]?.overBot?.afterMs).toBeGreaterThan(100);
    expect(wrong?.said[0]?.overBot).toMatchObject({ shouldStop: true, stopped: false });
    const totals = totalsOf(calls.map((result) => ({ result, score: scoreRecording(result) })));
    expect(totals.bargeInAccuracy).toMatchObject({ value: 2 / 3, n: 3 });
    // A cough that the bot ignores is not missed.
    expect(ignored && scoreRecording(ignored)?.unheard).toEqual({ part: 0, of: 0 });
  }, 120_000);
});
