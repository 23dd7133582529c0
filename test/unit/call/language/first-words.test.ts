import { describe, expect, it } from 'vitest';
import { FirstWords } from '../../../../src/call/language/first-words.js';
import { SentenceModel, unitsOf } from '../../../../src/call/language/sentence-model.js';
import type { ParseResult } from '../../../../src/nlu/intent-model.js';

const SENTENCES = [
  'where is my order',
  'where is my package',
  'i want to check my order',
  'i want to return this',
  'yes it is',
  '查一下订单',
  '我要查订单',
  '我要退货',
  '我的订单到哪了',
  '是的',
];

/** Understands what it is told to, of both languages. */
function judge(understood: Readonly<Record<string, readonly [string, number]>>) {
  const asked: string[] = [];
  const words = new FirstWords({
    languages: ['zh-CN', 'en'],
    sentences: SENTENCES,
    understand: {
      parse: async (text) => {
        asked.push(text);
        const [name, confidence] = understood[text] ?? ['nlu_fallback', 0.9];
        return {
          text,
          intent: { name, confidence },
          ranking: [],
          entities: [],
          sentiment: 0,
        } as unknown as ParseResult;
      },
    },
  });
  const other = (own: string, text: string) =>
    words.areOther({ language: 'zh-CN', text: own }, { language: 'en', text });
  return { words, other, asked };
}

describe('the language of a first sentence', () => {
  it('is the other one when only its ears heard something that callers say', async () => {
    const { other } = judge({ 'i want to check my order': ['order_status', 0.9] });
    expect(await other('哀完特七克买', 'i want to check my order')).toBe(true);
  });

  it('is the call’s own when that is what was understood', async () => {
    const { other } = judge({ 查一下订单: ['order_status', 0.9], 'are you today five': ['order_status', 0.9] });
    expect(await other('查一下订单', 'are you today five')).toBe(false);
  });

  it('is the call’s own when what the other ears heard means nothing', async () => {
    const { other } = judge({});
    expect(await other('哀完特七克买', 'where is my order is')).toBe(false);
  });

  it('is not told by a word or two, nor by a yes or a number', async () => {
    const { other } = judge({ 'my order': ['order_status', 0.9], 'yes it is': ['affirm', 0.99] });
    expect(await other('买哦的', 'my order')).toBe(false);
    expect(await other('也是一', 'yes it is')).toBe(false);
  });

  it('is the other one when its words are just what callers say, whatever the own ears took it for', async () => {
    const { other } = judge({ 'where is my order': ['order_status', 0.99], 喂的: ['greet', 0.9] });
    expect(await other('喂的', 'where is my order')).toBe(true);
  });

  it('works the other way round', async () => {
    const { words } = judge({ 我要查订单: ['order_status', 0.95] });
    expect(
      await words.areOther({ language: 'en', text: 'will your chat and' }, { language: 'zh-CN', text: '我要查订单' }),
    ).toBe(true);
  });

  it('stays when the understanding fails', async () => {
    const words = new FirstWords({
      languages: ['zh-CN', 'en'],
      sentences: SENTENCES,
      understand: { parse: async () => Promise.reject(new Error('broken')) },
    });
    expect(await words.areOther({ language: 'zh-CN', text: '哀' }, { language: 'en', text: 'where is my order' })).toBe(
      false,
    );
  });

  it('is not guessed where the application has no sentences of a language', async () => {
    const { words, asked } = judge({});
    expect(await words.areOther({ language: 'zh-CN', text: '哀' }, { language: 'fr', text: 'ou est mon colis' })).toBe(
      false,
    );
    expect(asked).toEqual([]);
  });
});

describe('doubts about what was heard', () => {
  const doubts = async (
    own: string,
    first: boolean,
    understood: Readonly<Record<string, readonly [string, number]>>,
  ) => {
    const { words, asked } = judge(understood);
    return { doubted: await words.doubts({ language: 'zh-CN', text: own }, first), asked: asked.length };
  };

  it('has nobody about what callers say, and the understanding is not even asked', async () => {
    expect(await doubts('我要查订单', true, {})).toEqual({ doubted: false, asked: 0 });
  });

  it('are settled by the understanding when the words are only somewhat unusual', async () => {
    const sure = { 包裹到哪了: ['order_status', 0.99] } as const;
    const fairlySure = { 包裹到哪了: ['order_status', 0.9] } as const;
    const answer = { 包裹到哪了: ['inform', 0.99] } as const;
    expect(await doubts('包裹到哪了', true, sure)).toEqual({ doubted: false, asked: 1 });
    expect(await doubts('包裹到哪了', true, fairlySure)).toEqual({ doubted: true, asked: 1 });
    expect(await doubts('包裹到哪了', true, answer)).toEqual({ doubted: true, asked: 1 });
    expect(await doubts('包裹到哪了', true, {})).toEqual({ doubted: true, asked: 1 });
    // Later nobody is taken for a speaker of the other language any more who does not ask for it.
    expect(await doubts('包裹到哪了', false, fairlySure)).toEqual({ doubted: false, asked: 1 });
    expect(await doubts('包裹到哪了', false, answer)).toEqual({ doubted: false, asked: 1 });
  });

  it('stay about what nobody says, whatever it was taken for', async () => {
    expect(await doubts('哀完特七克买', true, { 哀完特七克买: ['greet', 0.99] })).toEqual({ doubted: true, asked: 0 });
    expect(await doubts('', false, {})).toEqual({ doubted: true, asked: 0 });
  });
});

describe('a model of sentences', () => {
  it('knows sentences from words in any order', () => {
    const model = new SentenceModel(SENTENCES);
    expect(model.familiarity('where is my order')).toBeGreaterThan(model.familiarity('order my is where') + 1);
    expect(model.familiarity('where is my order')).toBeGreaterThan(model.familiarity('made o on my to') + 2);
  });

  it('takes any text', () => {
    const model = new SentenceModel([]);
    expect(model.empty).toBe(true);
    for (const text of ['', '!!!', 'constructor __proto__', '😀', 'a'.repeat(100_000)])
      expect(Number.isFinite(model.familiarity(text))).toBe(true);
  });

  it('counts characters of Han script and words of others', () => {
    expect(unitsOf('查订单 Track my 订单!')).toEqual(['查', '订', '单', 'track', 'my', '订', '单']);
  });
});
