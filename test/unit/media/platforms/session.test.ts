import { describe, expect, it } from 'vitest';
import { EarClock } from '../../../../src/media/platforms/ear-clock.js';
import { PlatformSession } from '../../../../src/media/platforms/platform-session.js';
import type { Wire } from '../../../../src/media/platforms/wire.js';
import { FakeClock } from '../../../../src/testing/fake-clock.js';

class FakeWire implements Wire {
  readonly marks: string[] = [];
  cleared = 0;
  full = false;
  constructor(readonly answersMarks: boolean) {}
  play(): boolean {
    return !this.full;
  }
  clear(): void {
    this.cleared += 1;
  }
  mark(id: string): void {
    this.marks.push(id);
  }
  hangup(): void {}
}

function call(answersMarks: boolean) {
  const clock = new FakeClock();
  const wire = new FakeWire(answersMarks);
  const session = new PlatformSession({
    id: 's',
    peer: {
      callId: 'c',
      direction: 'inbound',
      caller: 'a',
      callee: 'b',
      headers: {},
      protocol: 'fake',
      remoteAddress: '127.0.0.1',
    },
    sampleRate: 8000,
    wire,
    clock,
    incomingQueueMs: 1000,
    onListenerError: (error) => {
      throw error;
    },
  });
  const marks: string[] = [];
  const cleared: number[] = [];
  const keys: string[] = [];
  session.on('mark', (name) => marks.push(name));
  session.on('cleared', (_generation, playedMs) => cleared.push(playedMs));
  session.on('dtmf', (digit) => keys.push(digit));
  const play = (ms: number): boolean => {
    let taken = true;
    for (let at = 0; at < ms; at += 20)
      taken = session.play({ samples: new Int16Array(160), sampleRate: 8000, generation: session.generation }) && taken;
    return taken;
  };
  return { clock, wire, session, marks, cleared, keys, play };
}

describe('the ear on a platform that queues by itself', () => {
  it('follows real time from when sound was queued, and never runs ahead of what was sent', () => {
    const ear = new EarClock();
    ear.sent(200, 1000);
    expect(ear.heardMs(1100)).toBe(100);
    expect(ear.heardMs(5000)).toBe(200);
    // The queue ran dry: what comes at 5000 is heard from then on.
    ear.sent(200, 5000);
    expect(ear.heardMs(5050)).toBe(250);
  });

  it('believes a mark more than its own clock', () => {
    const ear = new EarClock();
    ear.sent(1000, 0);
    ear.reached(200, 600);
    expect(ear.heardMs(700)).toBe(300);
  });
});

describe('a platform that answers marks', () => {
  it('is asked for one every 200 ms besides those of the call', async () => {
    const { wire, session, play, marks, clock, cleared } = call(true);
    play(400);
    session.mark('p1');
    expect(wire.marks).toEqual(['m1', 'm2', 'm3']);
    // Slower than our clock: an interruption at 500 ms finds the ear where the platform says.
    await clock.advance(300);
    session.markPlayed('m1');
    await clock.advance(500);
    session.clear();
    await Promise.resolve();
    expect(cleared).toEqual([400]);
    expect(marks).toEqual([]);
  });

  it('marks that come back after an interruption mean nothing, nor do made-up ones', () => {
    const { session, play, marks } = call(true);
    play(100);
    session.mark('p1');
    session.clear();
    session.markPlayed('m1');
    session.markPlayed('__proto__');
    expect(marks).toEqual([]);
  });

  it('that turns out to answer none is timed by our own clock', async () => {
    const { session, play, marks, clock, wire } = call(true);
    play(100);
    session.mark('p1');
    await clock.advance(1500);
    expect(marks).toEqual([]);
    await clock.advance(200);
    expect(marks).toEqual(['p1']);
    play(100);
    const asked = wire.marks.length;
    session.mark('p2');
    await clock.advance(100);
    expect(marks).toEqual(['p1', 'p2']);
    expect(wire.marks).toHaveLength(asked);
  });

  it('never has more than 64 of them to answer', () => {
    const { session, marks } = call(true);
    for (let at = 0; at < 100; at++) session.mark(`p${at}`);
    expect(marks).toHaveLength(36);
  });
});

describe('any platform', () => {
  it('without marks, our own clock tells when the ear is there', async () => {
    const { session, play, marks, clock } = call(false);
    play(200);
    session.mark('p1');
    await clock.advance(190);
    expect(marks).toEqual([]);
    await clock.advance(20);
    expect(marks).toEqual(['p1']);
  });

  it('a frame that the wire did not take is not counted as sent', async () => {
    const { session, play, wire, cleared, clock } = call(false);
    play(100);
    wire.full = true;
    expect(play(100)).toBe(false);
    await clock.advance(1000);
    session.clear();
    await Promise.resolve();
    expect(cleared).toEqual([100]);
  });

  it('only keys are keys, and a tone detector gone wild is held back', () => {
    const { session, keys } = call(true);
    for (const digit of ['1', 'a', '', '12', 'E', '🙂', '\n']) session.pressed(digit);
    expect(keys).toEqual(['1', 'A']);
    for (let at = 0; at < 1000; at++) session.pressed('5');
    expect(keys.length).toBeLessThanOrEqual(40);
  });
});
