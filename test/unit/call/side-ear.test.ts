import { describe, expect, it } from 'vitest';
import { SideEar, type SideEarOptions } from '../../../src/call/side-ear.js';
import { SafeEmitter } from '../../../src/emitter.js';
import type { RecognizerStream, RecognizerStreamEvents } from '../../../src/speech/recognizer.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';

/** Ears that hear the same in everything. */
class Ears extends SafeEmitter<RecognizerStreamEvents> implements RecognizerStream {
  readonly streamId = 'side';
  samples = 0;
  closed = false;
  readonly #text: string;
  readonly #breaks: boolean;

  constructor(text: string, breaks = false) {
    super();
    this.#text = text;
    this.#breaks = breaks;
  }

  accept(pcm: Int16Array): number {
    if (this.#breaks) throw new Error('the worker is gone');
    this.samples += pcm.length;
    return 0;
  }

  flush(): number {
    queueMicrotask(() =>
      this.emit('final', { text: this.#text, confidence: 1, startMs: 0, endMs: this.samples / 8, flushId: 1 }),
    );
    return 1;
  }

  expect(): void {}

  close(): void {
    this.closed = true;
  }
}

function sideEar(options: Partial<SideEarOptions> = {}): { side: SideEar; errors: string[]; opened: Ears[] } {
  const errors: string[] = [];
  const opened: Ears[] = [];
  const side = new SideEar({
    openEars: () => {
      const ears = new Ears('english please');
      opened.push(ears);
      return ears;
    },
    sampleRate: 8000,
    language: 'en',
    ownLanguage: 'zh-CN',
    asks: (text) => text === 'english please',
    doubts: undefined,
    areOther: undefined,
    clock: new FakeClock(),
    onError: (reason) => errors.push(reason),
    ...options,
  });
  return { side, errors, opened };
}

function speak(side: SideEar, fromMs = 0): void {
  for (let index = 0; index < 25; index++) side.accept(new Int16Array(160));
  side.voice(true, fromMs + 100);
  side.voice(false, fromMs + 400);
}

describe('the ears of the other language', () => {
  it('give the words of a caller who asks for it', async () => {
    const { side, errors, opened } = sideEar();
    speak(side);
    side.consider('嗯');
    expect(await side.choose(side.flush(), '嗯')).toEqual({ text: 'english please', language: 'en' });
    expect(errors).toEqual([]);
    expect(opened.map(({ closed }) => closed)).toEqual([true]);
  });

  const broken: readonly [string, Partial<SideEarOptions>, reason: string][] = [
    ['that break', { openEars: () => new Ears('', true) }, 'the worker is gone'],
    ['whose doubts fail', { doubts: () => Promise.reject(new Error('no model')) }, 'no model'],
    [
      'whose doubts break',
      {
        doubts: () => {
          throw new Error('no doubts');
        },
      },
      'no doubts',
    ],
    [
      'whose language can not be told',
      { asks: () => false, areOther: () => Promise.reject(new Error('no first words')) },
      'no first words',
    ],
  ];
  for (const [name, options, reason] of broken)
    it(`${name} keep no turn from its last word: it is what the call's own ears heard`, async () => {
      const unhandled: unknown[] = [];
      const note = (error: unknown) => unhandled.push(error);
      process.on('unhandledRejection', note);
      const { side, errors } = sideEar(options);
      speak(side);
      side.consider('嗯');
      expect(await side.choose(side.flush(), '嗯')).toEqual({ text: '嗯' });
      expect(errors).toContain(reason);
      // Rejections that nobody took are told of after the microtasks.
      await new Promise((resolve) => setImmediate(resolve));
      process.off('unhandledRejection', note);
      expect(unhandled).toEqual([]);
    });

  it('hold up no turn while it is not known which language was spoken', async () => {
    const clock = new FakeClock();
    const { side } = sideEar({ clock, asks: () => false, areOther: () => new Promise(() => undefined) });
    speak(side);
    const chosen = side.choose(side.flush(), '嗯');
    let text: string | undefined;
    void chosen.then((known) => {
      text = known.text;
    });
    for (let passed = 0; text === undefined && passed < 1000; passed += 20) {
      await clock.advance(20);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(text).toBe('嗯');
  });

  it('listen no more after three answers, and keep no sound', async () => {
    const { side, opened } = sideEar({ asks: () => false });
    for (let answer = 0; answer < 3; answer++) {
      speak(side, answer * 500);
      await side.choose(side.flush(), '好');
    }
    expect(side.closed).toBe(true);
    const asked = opened.length;
    speak(side, 1500);
    side.consider('好');
    expect(await side.choose(side.flush(), '好')).toEqual({ text: '好' });
    expect(opened.length).toBe(asked);
  });
});
