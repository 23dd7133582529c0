import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Pace } from '../../../src/replay/pipeline/pace.js';
import { ReplaySession } from '../../../src/replay/pipeline/replay-session.js';
import { withoutChance } from '../../../src/replay/pipeline/steady-voice.js';
import { VirtualClock } from '../../../src/replay/pipeline/virtual-clock.js';
import { projectRoot } from '../../support/speech.js';

describe('virtual time', () => {
  it('runs what is due one by one, in order of time and then of setting', () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.after(20, () => seen.push('late'));
    clock.after(10, () => seen.push('first'));
    clock.after(10, () => seen.push('second'));
    clock.after(5, () => seen.push('cancelled'))();
    expect(clock.nextDueMs).toBe(10);
    clock.runNext();
    clock.runNext();
    expect(seen).toEqual(['first', 'second']);
    expect(clock.nowMs()).toBe(10);
    clock.runNext();
    clock.runNext();
    expect(seen).toEqual(['first', 'second', 'late']);
    expect(clock.nextDueMs).toBeUndefined();
  });

  it('stands still while work is under way, and tells results in the order in which they were asked for', async () => {
    const clock = new VirtualClock();
    const pace = new Pace(clock);
    const told: string[] = [];
    let finishSlow: (value: string) => void = () => undefined;
    const slow = new Promise<string>((resolve) => {
      finishSlow = resolve;
    });
    const first = pace.after(10, () => slow).then((value) => told.push(value));
    const second = pace.after(10, async () => 'second').then((value) => told.push(value));
    await new Promise(setImmediate);
    // The second is long done: it waits for its time all the same.
    expect(pace.free).toBe(false);
    expect(told).toEqual([]);
    finishSlow('first');
    await new Promise(setImmediate);
    expect(pace.free).toBe(true);
    clock.runNext();
    clock.runNext();
    await Promise.all([first, second]);
    expect(told).toEqual(['first', 'second']);
    expect(clock.nowMs()).toBe(10);
  });

  it('hands on what failed', async () => {
    const clock = new VirtualClock();
    const pace = new Pace(clock);
    const failing = pace.after(5, () => Promise.reject(new Error('broken')));
    await new Promise(setImmediate);
    clock.runNext();
    await expect(failing).rejects.toThrow('broken');
  });
});

describe("the caller's end of a replayed call", () => {
  const peer = {
    callId: 'x',
    direction: 'inbound',
    caller: '',
    callee: '',
    headers: {},
    protocol: 'replay',
    remoteAddress: '',
  } as const;
  const frame = (session: ReplaySession) => ({
    samples: new Int16Array(160),
    sampleRate: 8000,
    generation: session.generation,
  });

  it('hears frames one after another and answers a mark when its ear is there', () => {
    const clock = new VirtualClock();
    const session = new ReplaySession(clock, peer, 'a', 8000);
    const marks: number[] = [];
    session.on('mark', () => marks.push(clock.nowMs()));
    for (let index = 0; index < 5; index++) session.play(frame(session));
    session.mark('end');
    expect(session.hearing).toBe(true);
    clock.runNext();
    // 20 ms of line, 100 ms of sound.
    expect(marks).toEqual([120]);
    expect(session.quietSinceMs).toBe(120);
  });

  it('tells after a clear how much was heard, and takes nothing of what was before', () => {
    const clock = new VirtualClock();
    const session = new ReplaySession(clock, peer, 'a', 8000);
    const old = frame(session);
    const cleared: number[] = [];
    session.on('cleared', (_generation, playedMs) => cleared.push(playedMs));
    for (let index = 0; index < 10; index++) session.play(frame(session));
    session.mark('end');
    clock.moveTo(80);
    session.clear();
    expect(session.play(old)).toBe(false);
    while (clock.nextDueMs !== undefined) clock.runNext();
    expect(cleared).toEqual([60]);
    expect(session.quietSinceMs).toBe(80);
  });
});

describe('a voice without chance', () => {
  const model = readFileSync(join(projectRoot, 'models/tts-zh-yue/model.onnx'));

  it('is the same model but for the scale of its random numbers', () => {
    const steady = withoutChance(model);
    expect(steady).toBeDefined();
    // A few bytes for each of the nodes that draw, and the lengths that hold them.
    expect((steady?.length ?? 0) - model.length).toBeGreaterThan(0);
    expect((steady?.length ?? 0) - model.length).toBeLessThan(200);
    expect(withoutChance(steady ?? model)?.equals(steady ?? model)).toBe(true);
  });

  it('is not made of a model that draws none', () => {
    expect(withoutChance(readFileSync(join(projectRoot, 'models/asr-zh-phone/model.onnx')))).toBeUndefined();
    expect(() => withoutChance(Buffer.from([0x3a, 0xff, 0x01, 0x00]))).toThrow(RangeError);
  });
});
