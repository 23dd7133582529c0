import { describe, expect, it } from 'vitest';
import { Playout } from '../../../src/call/playout.js';
import type { PcmFrame } from '../../../src/media/session.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { FakeMediaSession } from '../../../src/testing/fake-media-session.js';

/** `ms` of sound whose samples count up in 20 ms steps: frame n holds the value n. */
async function* counting(ms: number, from = 0): AsyncGenerator<PcmFrame> {
  for (let frame = 0; frame < ms / 20; frame++)
    yield { samples: new Int16Array(160).fill(from + frame), sampleRate: 8000 };
}

function setUp() {
  const clock = new FakeClock();
  const session = new FakeMediaSession(clock);
  const playout = new Playout({
    session,
    clock,
    leadMs: 200,
    onListenerError: (error) => {
      throw error;
    },
  });
  const finished: string[] = [];
  playout.on('finished', (_promptId, heard) => finished.push(heard));
  const values = (): number[] => session.played.map((frame) => frame.samples[0] ?? -1);
  return { clock, session, playout, finished, values };
}

describe('playout', () => {
  it('sends at most 200 ms ahead of the ear', async () => {
    const { clock, session, playout } = setUp();
    playout.play(1, [{ text: '你好', audio: counting(2000) }]);
    await clock.advance(500);
    expect(session.played.length).toBeGreaterThanOrEqual(500 / 20);
    expect(session.played.length).toBeLessThanOrEqual((500 + 200) / 20 + 1);
  });

  it('has finished when the caller has heard the last of it', async () => {
    const { clock, playout, finished } = setUp();
    playout.play(1, [
      { text: '一', audio: counting(400) },
      { text: '二', audio: counting(400) },
    ]);
    await clock.advance(790);
    expect(finished).toEqual([]);
    await clock.advance(60);
    expect(finished).toEqual(['一二']);
  });

  it('goes on after a pause where the ear was, repeating and losing nothing', async () => {
    const { clock, session, playout, finished, values } = setUp();
    playout.play(1, [{ text: '你好', audio: counting(1000) }]);
    await clock.advance(500);
    playout.pause();
    await clock.advance(300);
    const before = session.played.filter((frame) => frame.generation === 0).length;
    playout.resume();
    await clock.advance(2000);
    expect(finished).toEqual(['你好']);
    const again = values().slice(before);
    // The ear was at 500 ms = frame 25: from there on everything is sent a second time, up to the end.
    expect(again[0]).toBe(25);
    expect(again).toEqual(Array.from({ length: 25 }, (_, index) => 25 + index));
  });

  it('knows what was heard when it is stopped', async () => {
    const { clock, playout, finished } = setUp();
    playout.play(1, [
      { text: '您的订单', audio: counting(800) },
      { text: '明天送达', audio: counting(800) },
    ]);
    await clock.advance(1210);
    const heard = playout.stop();
    await clock.advance(50);
    expect(await heard).toBe('您的订单明天');
    await clock.advance(5000);
    expect(finished).toEqual([]);
  });

  it('cuts English between words', async () => {
    const { clock, playout } = setUp();
    playout.play(1, [{ text: 'Your order arrives tomorrow', audio: counting(1000) }]);
    await clock.advance(500);
    const heard = playout.stop();
    await clock.advance(50);
    expect(await heard).toBe('Your order');
  });

  it('sends nothing more after it was stopped', async () => {
    const { clock, session, playout } = setUp();
    playout.play(1, [{ text: '你好', audio: counting(5000) }]);
    await clock.advance(300);
    void playout.stop();
    const sent = session.played.length;
    await clock.advance(3000);
    expect(session.played.length).toBe(sent);
  });

  it('goes on from the ear when the socket comes back', async () => {
    const { clock, session, playout, finished } = setUp();
    playout.play(1, [{ text: '你好', audio: counting(1000) }]);
    await clock.advance(400);
    session.detach();
    await clock.advance(100);
    session.comeBack();
    await clock.advance(3000);
    expect(finished).toEqual(['你好']);
    expect(session.played.at(-1)?.samples[0]).toBe(49);
  });

  it('tells when the sound could not be made', async () => {
    const { clock, playout } = setUp();
    const failed: unknown[] = [];
    playout.on('failed', (promptId, error) => failed.push(promptId, (error as Error).message));
    playout.play(7, [
      {
        text: '坏了',
        // biome-ignore lint/correctness/useYield: it fails before it has anything to yield
        audio: (async function* (): AsyncGenerator<PcmFrame> {
          throw new Error('no voice');
        })(),
      },
    ]);
    await clock.advance(100);
    expect(failed).toEqual([7, 'no voice']);
  });

  it('does not wait for ever for a mark that never comes back', async () => {
    const { clock, session, playout, finished } = setUp();
    session.mark = () => undefined;
    playout.play(1, [{ text: '你好', audio: counting(400) }]);
    await clock.advance(400 + 2000 + 100);
    expect(finished).toEqual(['你好']);
  });

  it('plays an empty prompt at once', async () => {
    const { clock, playout, finished } = setUp();
    playout.play(1, []);
    await clock.advance(10);
    expect(finished).toEqual(['']);
  });
});
