import { describe, expect, it } from 'vitest';
import { say } from '../../../src/testing/fake-brain.js';
import type { FakeRecognizerStream } from '../../../src/testing/fake-recognizer.js';
import { callFolder, ring } from './ring.js';

const folder = callFolder();

describe('a call in two languages', () => {
  it('goes over to another language with voice and ears when the conversation does', async () => {
    const call = ring(folder, (input) => (input.type === 'text' ? [say('Of course.')] : [say('您好')]));
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
    const call = ring(folder, (input) => (input.type === 'text' ? [say('好')] : [say('您好')]), {}, ['zh-CN', 'en']);
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
      folder,
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
      folder,
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
      folder,
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
    const call = ring(folder, (input) => (input.type === 'text' ? [say('好')] : [say('您好')]), {}, ['zh-CN', 'en']);
    call.recognizer.capacity = 1;
    await call.listen(1000);
    await call.speak('应该是');
    await call.listen(1500);
    expect(call.brain.inputs.at(-1)).toEqual({ type: 'text', text: '应该是', confidence: 0.9 });
    await call.over();
  });

  it('takes a sign of listening over the greeting for no first sentence', async () => {
    const call = ring(
      folder,
      (input) => (input.type === 'text' ? [say('好')] : [say('您好，请问有什么可以帮您')]),
      {},
      ['zh-CN', 'en'],
      async () => true,
    );
    call.recognizer.hears.en = 'where is my order';
    await call.listen(400);
    await call.speak('嗯', 300);
    await call.listen(3000);
    expect(call.brain.inputs).toHaveLength(1);
    await call.speak('喂尔意思');
    await call.listen(1500);
    expect(call.brain.inputs.at(-1)).toMatchObject({ text: 'where is my order', language: 'en' });
    await call.over();
  });

  it('does not take a voice that went on while the ears changed for one that never ends', async () => {
    const call = ring(folder, (input) => (input.type === 'text' ? [say('Of course.')] : [say('您好')]));
    await call.listen(1000);
    call.brain.language = 'en';
    let answer: () => void = () => undefined;
    call.brain.interim = { say: say('好的') as never, until: new Promise((resolve) => (answer = resolve)) };
    await call.speak('说英文');
    await call.listen(1500);
    // The caller goes on while that is worked out; the old ears will never tell how it ended.
    call.stream.voice(true);
    await call.listen(200);
    answer();
    await call.listen(4500);
    expect(call.stream.closed).toBe(true);
    expect(call.synthesizer.spoken.at(-1)).toBe('Of course.');
    expect(call.brain.inputs.map(({ type }) => type)).toEqual(['event', 'text']);
    await call.over();
  });

  it('keeps the ears it has when there are none for the new language', async () => {
    const call = ring(folder, (input) => (input.type === 'text' ? [say('Of course.')] : [say('您好')]));
    await call.listen(1000);
    call.brain.language = 'en';
    call.recognizer.capacity = 1;
    await call.speak('说英文');
    await call.listen(1500);
    expect(call.recognizer.streams).toHaveLength(1);
    expect(call.stream.closed).toBe(false);
    await call.over();
  });
});
