import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Music } from '../../../src/call/hold-music.js';
import type { FirstWords } from '../../../src/call/language/first-words.js';
import { CallManager, languageOf, maskNumber } from '../../../src/call/manager.js';
import { readRecord, removeOldRecords } from '../../../src/call/record.js';
import { configSchema } from '../../../src/config.js';
import type { UserInput } from '../../../src/dialogue/brain.js';
import { decodeWav } from '../../../src/dsp/wav.js';
import type { TransferOutcome } from '../../../src/media/session.js';
import { FakeBrain, type FakeReply, say } from '../../../src/testing/fake-brain.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { FakeMediaSession } from '../../../src/testing/fake-media-session.js';
import { FakeRecognizer, type FakeRecognizerStream } from '../../../src/testing/fake-recognizer.js';
import { FakeSynthesizer } from '../../../src/testing/fake-synthesizer.js';

const ID = '00000000-0000-4000-8000-000000000001';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-call-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function ring(
  reply: (input: UserInput) => FakeReply,
  settings: object = {},
  heard: readonly string[] = [],
  areOther?: FirstWords['areOther'],
  music?: Music,
  doubts?: FirstWords['doubts'],
) {
  const clock = new FakeClock();
  const session = new FakeMediaSession(clock, {}, ID);
  const recognizer = new FakeRecognizer();
  const synthesizer = new FakeSynthesizer();
  const brain = new FakeBrain(reply);
  const config = configSchema.parse({ handoff: { target: 'sip:agent@127.0.0.1:5062' }, ...settings });
  const apology = new Int16Array(8000).fill(1234);
  const manager = new CallManager({
    config,
    dataFolder: folder,
    recognizer,
    synthesizer,
    brain,
    clock,
    logger: pino({ level: 'silent' }),
    apology: () => apology,
    heard,
    ...(areOther ? { areOther } : {}),
    ...(doubts ? { doubts } : {}),
    music,
  });
  manager.accept(session);
  const stream = recognizer.streams[0] as FakeRecognizerStream;
  /** The caller's line: 20 ms of audio each 20 ms, for `ms`. */
  const listen = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 20) {
      session.say(new Int16Array(160).fill(passed % 40 === 0 ? 500 : -500));
      await clock.advance(20);
    }
  };
  const speak = async (text: string, ms = 1000): Promise<void> => {
    stream.voice(true);
    await listen(ms);
    stream.partial(text);
    stream.voice(false);
  };
  const over = async (): Promise<void> => {
    await clock.advance(100);
    session.leave();
    for (let round = 0; round < 50 && manager.live > 0; round++) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { clock, session, recognizer, synthesizer, brain, manager, stream, listen, speak, over };
}

const greet = (input: UserInput): FakeReply =>
  input.type === 'event' && input.name === 'start' ? [say('您好')] : [say('好')];

describe('a call', () => {
  it('greets, listens, and answers what was said', async () => {
    const call = ring((input) => (input.type === 'text' ? [say(`您说${input.text}`)] : [say('您好')]));
    await call.listen(1000);
    await call.speak('查订单');
    await call.listen(1500);
    expect(call.brain.inputs).toEqual([
      { type: 'event', name: 'start', attempt: 1 },
      { type: 'text', text: '查订单', confidence: 0.9 },
    ]);
    expect(call.synthesizer.spoken).toEqual(['您好', '您说查订单']);
    await call.listen(1200);
    expect(call.brain.heardTexts).toEqual(['您好', '您说查订单']);
    expect(call.session.notices).toContainEqual({ type: 'transcript', who: 'caller', text: '查订单', final: true });
    await call.over();
    expect(call.manager.live).toBe(0);
    expect(call.stream.closed).toBe(true);
  });

  it('goes over to another language with voice and ears when the conversation does', async () => {
    const call = ring((input) => (input.type === 'text' ? [say('Of course.')] : [say('您好')]));
    await call.listen(1000);
    call.brain.language = 'en';
    await call.speak('说英文');
    await call.listen(1500);
    expect(call.recognizer.streams.map(({ language, closed }) => [language, closed])).toEqual([
      ['zh-CN', true],
      ['en', false],
    ]);
    expect(call.synthesizer.languages).toEqual(['zh-CN', 'en']);
    await call.listen(1500);
    const english = call.recognizer.streams[1] as FakeRecognizerStream;
    english.voice(true);
    await call.listen(500);
    english.partial('where is my order', true);
    english.voice(false);
    await call.listen(1500);
    expect(call.brain.inputs.at(-1)).toMatchObject({ type: 'text', text: 'where is my order' });
    await call.over();
  });

  it('hears a caller who asks for English in English, and nothing else from the side', async () => {
    const call = ring((input) => (input.type === 'text' ? [say('好')] : [say('您好')]), {}, ['zh-CN', 'en']);
    await call.listen(1000);
    call.recognizer.hears.en = 'where he show';
    await call.speak('查订单');
    await call.listen(1500);
    call.recognizer.hears.en = 'english please';
    await call.listen(800);
    await call.speak('应该是');
    await call.listen(1500);
    expect(call.brain.inputs.slice(1)).toEqual([
      { type: 'text', text: '查订单', confidence: 0.9 },
      { type: 'text', text: 'english please', confidence: 0.9, language: 'en' },
    ]);
    await call.speak('再见');
    await call.listen(1500);
    await call.speak('english please');
    await call.listen(1500);
    expect(call.recognizer.streams.map(({ language, closed }) => [language, closed])).toEqual([
      ['zh-CN', false],
      ['en', true],
      ['en', true],
      ['en', true],
    ]);
    await call.over();
  });

  it('gives the other ears the words alone, when they are doubted, and not those that it understands', async () => {
    const doubted: string[] = [];
    const call = ring(
      (input) => (input.type === 'text' ? [say('好')] : [say('您好')]),
      {},
      ['zh-CN', 'en'],
      async () => true,
      undefined,
      async ({ text }) => {
        doubted.push(text);
        return text !== '查订单';
      },
    );
    call.recognizer.hears.en = 'where is my order';
    await call.listen(3000);
    await call.speak('查订单');
    await call.listen(1500);
    expect(call.recognizer.streams).toHaveLength(1);
    await call.listen(1500);
    await call.speak('喂尔意思', 1200);
    await call.listen(1500);
    expect(doubted).toEqual(['查订单', '喂尔意思']);
    const [, side] = call.recognizer.streams;
    // What was said, half a second before it, and the silence that ended it.
    expect(side?.audioMs).toBeGreaterThan(1700);
    expect(side?.audioMs).toBeLessThan(2700);
    // It was the second answer: the language is followed for who asks, no more.
    expect(call.brain.inputs.at(-1)).toEqual({ type: 'text', text: '喂尔意思', confidence: 0.9 });
    await call.over();
  });

  it('has looked into a doubtful sentence before the turn is over, once, and again when the caller speaks on', async () => {
    const call = ring(
      (input) => (input.type === 'text' ? [say('好')] : [say('您好')]),
      {},
      ['zh-CN', 'en'],
      async () => true,
    );
    await call.listen(2000);
    call.recognizer.hears.en = 'where is';
    call.stream.voice(true);
    await call.listen(600);
    call.stream.voice(false);
    call.stream.partial('喂尔', true);
    await call.listen(100);
    expect(call.recognizer.streams.map(({ language }) => language)).toEqual(['zh-CN', 'en']);
    call.recognizer.hears.en = 'where is my order';
    call.stream.voice(true);
    await call.listen(600);
    call.stream.voice(false);
    call.stream.partial('喂尔意思', true);
    call.stream.partial('喂尔意思', true);
    await call.listen(100);
    expect(call.brain.inputs).toHaveLength(1);
    await call.listen(1500);
    expect(call.recognizer.streams.map(({ language }) => language)).toEqual(['zh-CN', 'en', 'en']);
    expect(call.brain.inputs.at(-1)).toMatchObject({ text: 'where is my order', language: 'en' });
    await call.over();
  });

  it('is answered in English when the first sentence is English, and only the first', async () => {
    const judged: unknown[] = [];
    const call = ring(
      (input) => (input.type === 'text' ? [say('好')] : [say('您好')]),
      {},
      ['zh-CN', 'en'],
      async (...both) => {
        judged.push(both);
        return both[1].text === 'where is my order';
      },
    );
    await call.listen(1000);
    call.recognizer.hears.en = 'where is my order';
    await call.speak('喂尔意思');
    await call.listen(1500);
    expect(judged).toEqual([
      [
        { language: 'zh-CN', text: '喂尔意思' },
        { language: 'en', text: 'where is my order' },
      ],
    ]);
    expect(call.brain.inputs.at(-1)).toEqual({
      type: 'text',
      text: 'where is my order',
      confidence: 0.9,
      language: 'en',
    });
    await call.listen(1500);
    await call.speak('查订单');
    await call.listen(1500);
    expect(judged).toHaveLength(1);
    expect(call.brain.inputs.at(-1)).toEqual({ type: 'text', text: '查订单', confidence: 0.9 });
    await call.over();
  });

  it('goes on with what it heard when nobody has time to listen for another language', async () => {
    const call = ring((input) => (input.type === 'text' ? [say('好')] : [say('您好')]), {}, ['zh-CN', 'en']);
    call.recognizer.capacity = 1;
    await call.listen(1000);
    await call.speak('应该是');
    await call.listen(1500);
    expect(call.brain.inputs.at(-1)).toEqual({ type: 'text', text: '应该是', confidence: 0.9 });
    await call.over();
  });

  it('keeps the ears it has when there are none for the new language', async () => {
    const call = ring((input) => (input.type === 'text' ? [say('Of course.')] : [say('您好')]));
    await call.listen(1000);
    call.brain.language = 'en';
    call.recognizer.capacity = 1;
    await call.speak('说英文');
    await call.listen(1500);
    expect(call.recognizer.streams).toHaveLength(1);
    expect(call.stream.closed).toBe(false);
    await call.over();
  });

  it('listens for the answer to the question that is open', async () => {
    const call = ring((input) =>
      input.type === 'text'
        ? [say('订单号是多少'), { type: 'expect', expectation: { type: 'digits', slot: 'order_number', maxLength: 8 } }]
        : [say('您好')],
    );
    const known = { words: [], numbers: ['20250415'] };
    call.brain.answers = known;
    await call.listen(1000);
    await call.speak('查订单');
    await call.listen(1500);
    expect(call.stream.expected.at(-1)).toBe('digits');
    expect(call.stream.expectedWords).toEqual(known);
    await call.over();
  });

  it('says at once what bridges a slow action, and the answer after it', async () => {
    const call = ring((input) => (input.type === 'text' ? [say('到了')] : [say('您好')]));
    await call.listen(1000);
    let done: () => void = () => undefined;
    call.brain.interim = { say: say('正在查') as never, until: new Promise((resolve) => (done = resolve)) };
    await call.speak('查订单');
    await call.listen(900);
    expect(call.synthesizer.spoken).toEqual(['您好', '正在查']);
    done();
    await call.listen(200);
    // It is still being said; the answer waits for it.
    expect(call.synthesizer.spoken).toEqual(['您好', '正在查']);
    await call.listen(1500);
    expect(call.synthesizer.spoken).toEqual(['您好', '正在查', '到了']);
    expect(call.brain.heardTexts).toEqual(['您好', '正在查', '到了']);
    await call.over();
  });

  it('works ahead on words that are settled, and does nothing with them before the turn is over', async () => {
    const call = ring((input) => (input.type === 'text' ? [say(`您说${input.text}`)] : [say('您好')]));
    await call.listen(1000);
    call.stream.voice(true);
    await call.listen(600);
    call.stream.voice(false);
    call.stream.partial('查订单', true);
    await call.listen(100);
    expect(call.brain.rehearsed).toEqual([{ type: 'text', text: '查订单', confidence: 0.75 }]);
    expect(call.synthesizer.prepared).toEqual(['您说查订单']);
    expect(call.brain.inputs).toHaveLength(1);
    expect(call.synthesizer.spoken).toEqual(['您好']);
    await call.listen(900);
    expect(call.brain.inputs).toHaveLength(2);
    await call.over();
  });

  it('throws away what it foresaw when the caller speaks on', async () => {
    const call = ring((input) => (input.type === 'text' ? [say(`您说${input.text}`)] : [say('您好')]));
    await call.listen(1000);
    call.stream.voice(true);
    await call.listen(600);
    call.stream.voice(false);
    call.stream.partial('查订单', true);
    await call.listen(100);
    call.stream.voice(true);
    await call.listen(400);
    call.stream.voice(false);
    call.stream.partial('查订单的快递', true);
    await call.listen(1200);
    expect(call.brain.inputs).toContainEqual({ type: 'text', text: '查订单的快递', confidence: 0.9 });
    expect(call.brain.inputs).not.toContainEqual(expect.objectContaining({ text: '查订单' }));
    expect(call.synthesizer.spoken).toEqual(['您好', '您说查订单的快递']);
    await call.over();
  });

  it('ends an answer that is complete sooner than one that is not', async () => {
    const answerAfter = async (complete: boolean): Promise<number> => {
      const call = ring(greet);
      call.brain.assess = () => ({ complete, openNumber: false });
      await call.listen(1000);
      await call.speak('转人工');
      const before = call.clock.nowMs();
      while (call.brain.inputs.length < 2) await call.listen(20);
      const waited = call.clock.nowMs() - before;
      await call.over();
      rmSync(join(folder, 'calls'), { recursive: true });
      return waited;
    };
    expect(await answerAfter(true)).toBeLessThanOrEqual(280);
    expect(await answerAfter(false)).toBeGreaterThanOrEqual(680);
  });

  it('is interrupted, and remembers only what was heard', async () => {
    const call = ring(() => [say('一二三四五六七八九十')]);
    await call.listen(1000);
    await call.speak('转人工', 300);
    await call.listen(100);
    expect(call.session.generation).toBeGreaterThan(0);
    expect(call.brain.heardTexts).toHaveLength(1);
    const heard = call.brain.heardTexts[0] ?? '';
    // 200 ms a character, voice began at 1000 ms and the prompt paused 200 ms later.
    expect('一二三四五六七八九十'.startsWith(heard)).toBe(true);
    expect(heard.length).toBeGreaterThanOrEqual(5);
    expect(heard.length).toBeLessThanOrEqual(7);
    await call.over();
  });

  it('is handed over with its context when the announcement has been heard', async () => {
    const call = ring((input) =>
      input.type === 'dtmf'
        ? [
            say('请稍候'),
            { type: 'transfer', reason: '人工', summary: '要退货，订单"8765"', slots: { order_number: '8765' } },
          ]
        : [say('您好')],
    );
    await call.listen(1000);
    call.session.press('0');
    await call.listen(400);
    expect(call.session.transfers).toEqual([]);
    await call.listen(600);
    expect(call.session.transfers).toHaveLength(1);
    const [request] = call.session.transfers;
    expect(request?.target).toBe('sip:agent@127.0.0.1:5062');
    expect(decodeURIComponent(request?.headers?.['X-Hearken-Summary'] ?? '')).toBe('要退货，订单"8765"');
    expect(JSON.parse(decodeURIComponent(request?.headers?.['X-Hearken-Slots'] ?? ''))).toEqual({
      order_number: '8765',
    });
    expect(Object.values(request?.headers ?? {}).every((value) => /^[\x21-\x7e]*$/.test(value))).toBe(true);
    expect(call.session.ended?.cause).toBe('transferred');
    await call.over();
  });

  it('stays with the caller when the agent does not answer', async () => {
    const call = ring((input) => {
      if (input.type === 'event' && input.name === 'transfer_failed') return [say('坐席忙')];
      return input.type === 'dtmf' ? [{ type: 'transfer', reason: '人工', summary: '', slots: {} }] : [say('您好')];
    });
    call.session.outcomes = [{ outcome: 'failed', status: 486 }];
    await call.listen(1000);
    call.session.press('0');
    await call.listen(500);
    expect(call.synthesizer.spoken.at(-1)).toBe('坐席忙');
    expect(call.session.ended).toBeUndefined();
    await call.over();
  });

  it('is kept company while the agent does not answer', async () => {
    const call = ring((input) =>
      input.type === 'dtmf' ? [{ type: 'transfer', reason: '人工', summary: '', slots: {} }] : [say('您好')],
    );
    let settle: (outcome: TransferOutcome) => void = () => undefined;
    call.session.transfer = (request) => {
      call.session.transfers.push(request);
      return new Promise((resolve) => {
        settle = resolve;
      });
    };
    await call.listen(1000);
    call.session.press('0');
    await call.listen(15_000);
    expect(call.synthesizer.spoken.filter((text) => text === '请稍等。')).toHaveLength(2);
    settle({
      transferId: call.session.transfers[0]?.transferId ?? '',
      outcome: 'completed',
      status: 200,
      reason: 'OK',
    });
    await call.listen(40);
    expect(call.session.ended?.cause).toBe('transferred');
    await call.over();
  });

  it('hears music between the words while the agent does not answer, and none once they talk to us again', async () => {
    const TONE = 4321;
    const call = ring(
      (input) => {
        if (input.type === 'event' && input.name === 'transfer_failed') return [say('坐席忙')];
        return input.type === 'dtmf' ? [{ type: 'transfer', reason: '人工', summary: '', slots: {} }] : [say('您好')];
      },
      {},
      [],
      undefined,
      (sampleRate) => new Int16Array(sampleRate * 2).fill(TONE),
    );
    let settle: (outcome: TransferOutcome) => void = () => undefined;
    call.session.transfer = (request) => {
      call.session.transfers.push(request);
      return new Promise((resolve) => {
        settle = resolve;
      });
    };
    const heard = (): number => call.session.played.filter(({ samples }) => samples[0] === TONE).length;
    await call.listen(1000);
    call.session.press('0');
    await call.listen(1000);
    expect(heard()).toBe(0);
    await call.listen(3500);
    // Two seconds of it, and again.
    expect(heard()).toBeGreaterThan(120);
    await call.listen(2000);
    expect(call.synthesizer.spoken).toContain('请稍等。');
    const before = heard();
    await call.listen(3000);
    expect(heard()).toBeGreaterThan(before + 50);
    const transferId = call.session.transfers[0]?.transferId ?? '';
    settle({ transferId, outcome: 'failed', status: 486, reason: 'busy' });
    await call.listen(500);
    const after = heard();
    await call.listen(3000);
    expect(heard()).toBe(after);
    expect(call.synthesizer.spoken).toContain('坐席忙');
    // What was not said is not in the conversation.
    expect(call.brain.heardTexts).not.toContain('');
    await call.over();
  });

  it('hangs up after the goodbye', async () => {
    const call = ring((input) =>
      input.type === 'dtmf' ? [say('再见'), { type: 'hangup', reason: 'done' }] : [say('您好')],
    );
    await call.listen(1000);
    call.session.press('0');
    await call.listen(300);
    expect(call.session.ended).toBeUndefined();
    await call.listen(400);
    expect(call.session.ended?.cause).toBe('normal');
    await call.over();
  });
});

describe('a socket that was away for a while', () => {
  it('does not turn the next word into a no-match', async () => {
    const call = ring((input) => (input.type === 'text' ? [say('好')] : [say('您好')]));
    await call.listen(1000);
    call.session.detach();
    await call.clock.advance(6000);
    call.session.comeBack();
    await call.listen(400);
    await call.speak('查订单');
    await call.listen(1500);
    expect(call.brain.inputs.slice(1)).toEqual([{ type: 'text', text: '查订单', confidence: 0.9 }]);
    await call.over();
  });

  it('lets a prompt go on that a noise had paused', async () => {
    const call = ring(() => [say('一二三四五六七八九十')]);
    await call.listen(500);
    call.stream.voice(true);
    await call.listen(300);
    call.session.detach();
    await call.clock.advance(1000);
    call.session.comeBack();
    await call.listen(3000);
    expect(call.brain.heardTexts).toEqual(['一二三四五六七八九十']);
    await call.over();
  });
});

describe('when a part fails, the caller never hears silence', () => {
  it('a dialogue that throws: a person takes over', async () => {
    const call = ring(() => new Error('database away'));
    await call.listen(6000);
    expect(call.synthesizer.spoken.some((text) => text.includes('转接人工'))).toBe(true);
    expect(call.session.transfers).toHaveLength(1);
    await call.over();
  });

  it('and when nobody is there: a goodbye', async () => {
    const call = ring(() => new Error('database away'));
    call.session.outcomes = [{ outcome: 'failed', status: 480 }];
    await call.listen(12_000);
    expect(call.synthesizer.spoken.at(-1)).toContain('请稍后再拨');
    expect(call.session.ended?.cause).toBe('error');
    await call.over();
  });

  it('a voice that is broken: the recorded apology, then a person', async () => {
    const call = ring(() => [say('您好')]);
    call.synthesizer.broken = () => true;
    await call.listen(1500);
    expect(call.session.played.some((frame) => frame.samples[0] === 1234)).toBe(true);
    expect(call.session.transfers).toHaveLength(1);
    await call.over();
  });

  it('a recogniser that is gone for good: a person takes over', async () => {
    const call = ring(() => [say('您好')]);
    await call.listen(1000);
    call.stream.fail('no worker is left');
    await call.listen(6000);
    expect(call.session.transfers).toHaveLength(1);
    await call.over();
  });

  it('no line is free: the call is refused before it begins', () => {
    const call = ring(greet);
    call.recognizer.capacity = 1;
    const second = new FakeMediaSession(call.clock, {}, '00000000-0000-4000-8000-000000000002');
    expect(() => call.manager.accept(second)).toThrow(/taken/);
    expect(call.manager.live).toBe(1);
    call.session.leave();
  });
});

describe('the call record', () => {
  it('holds every event with its time, and both sides of the sound', async () => {
    const call = ring(greet);
    await call.listen(1000);
    await call.speak('查订单');
    await call.listen(2000);
    await call.over();
    const events = (await readRecord(folder, ID))?.events ?? [];
    expect(events.map((event) => event.type)).toEqual(
      expect.arrayContaining([
        'call',
        'started',
        'reply',
        'voice',
        'partial',
        'final',
        'turn',
        'timing',
        'heard',
        'ended',
      ]),
    );
    expect(events[0]).toMatchObject({ type: 'call', callId: `call-of-${ID}`, language: 'zh-CN' });
    const times = events.map((event) => event.atMs);
    expect(times.every((time) => Number.isFinite(time) && time >= 0)).toBe(true);
    const day = new Date().toISOString().slice(0, 10);
    const wav = decodeWav(readFileSync(join(folder, 'calls', day, `${ID}.wav`)));
    expect(wav.channels).toHaveLength(2);
    const [left, right] = wav.channels as [Int16Array, Int16Array];
    expect(left.length / 8000).toBeGreaterThan(3.9);
    expect(left.slice(0, 8000).some((sample) => sample === 500)).toBe(true);
    // The greeting is two characters, 400 ms, from the very beginning.
    expect(right.slice(800, 2400).some((sample) => sample > 3000)).toBe(true);
    expect(right.slice(4800, 12_000).every((sample) => sample === 0)).toBe(true);
  });

  it('does not hold what the caller never heard of an interrupted prompt', async () => {
    const call = ring(() => [say('一二三四五六七八九十')]);
    await call.listen(400);
    call.session.press('1');
    await call.listen(3500);
    await call.over();
    const day = new Date().toISOString().slice(0, 10);
    const [, right] = decodeWav(readFileSync(join(folder, 'calls', day, `${ID}.wav`))).channels as [
      Int16Array,
      Int16Array,
    ];
    expect(right.slice(0, 3000).some((sample) => sample > 3000)).toBe(true);
    expect(right.slice(3600, 24_000).every((sample) => sample === 0)).toBe(true);
  });

  it('never stands in the way of the call when the disk fails', async () => {
    const call = ring(greet, { store: { folder: 'x' } });
    rmSync(folder, { recursive: true });
    await call.listen(1500);
    expect(call.synthesizer.spoken).toEqual(['您好']);
    await call.over();
    folder = mkdtempSync(join(tmpdir(), 'hearken-call-'));
  });
});

describe('old call records', () => {
  it('are removed after their days, and nothing else is', async () => {
    for (const name of ['2026-01-01', '2026-02-25', '2026-03-01', 'notes'])
      mkdirSync(join(folder, 'calls', name), { recursive: true });
    expect(await removeOldRecords(folder, 10, new Date('2026-03-02T12:00:00Z'))).toEqual(['2026-01-01']);
    expect(readdirSync(join(folder, 'calls')).sort()).toEqual(['2026-02-25', '2026-03-01', 'notes']);
    expect(await removeOldRecords(folder, 0, new Date('2027-03-02T12:00:00Z'))).toEqual([]);
  });
});

describe('who calls', () => {
  it('the number dialled chooses the language', () => {
    const peer = new FakeMediaSession(new FakeClock(), { callee: 'sip:8001@pbx:5060;user=phone' }).peer;
    const { app } = configSchema.parse({ app: { languageByCallee: { '8001': 'en' } } });
    expect(languageOf(peer, app)).toBe('en');
    expect(languageOf({ ...peer, callee: 'sip:100@pbx' }, app)).toBe('zh-CN');
  });

  it('logs show the last digits only', () => {
    expect(maskNumber('sip:13800138000@pbx')).toBe('***000');
    expect(maskNumber('<sip:ab@pbx>')).toBe('***');
    expect(maskNumber('tel:+8613800138000')).toBe('***000');
  });
});

describe("the bot's own voice on the line", () => {
  it('does not interrupt it', async () => {
    const call = ring(() => [say('一二三四五六七八九十')]);
    await call.clock.advance(40);
    // What is played comes back 60 ms later, softer.
    const voiceFrom = 400;
    for (let ms = 40; ms < 1600; ms += 20) {
      const frame = call.session.played[Math.floor((ms - 60) / 20)];
      call.session.say(frame ? frame.samples.map((sample) => sample / 4) : new Int16Array(160));
      if (ms === voiceFrom) call.stream.voice(true);
      if (ms === 900) call.stream.partial('三四五六');
      await call.clock.advance(20);
    }
    expect(call.session.generation).toBe(0);
    expect(call.brain.inputs).toHaveLength(1);
    await call.over();
  });
});
