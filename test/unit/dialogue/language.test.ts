import { afterEach, describe, expect, it } from 'vitest';
import type { BotAction, Brain } from '../../../src/dialogue/brain.js';
import { languageAsked, languageWritten } from '../../../src/dialogue/turn/language.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';
import { AppHouse } from './app-house.js';

const LANGUAGES = ['zh-CN', 'en'];

const FILES = {
  'config.yml': 'language: zh-CN\nadditional_languages: [en]\n',
  'domain.yml': `version: "3.1"
intents: [order_status, inform, human, password]
entities: [size, order]
slots:
  language: { type: categorical, values: [zh-CN, en], influence_conversation: false, mappings: [{ type: custom }] }
  order: { type: text, mappings: [{ type: from_entity, entity: order }] }
  size: { type: text, mappings: [{ type: from_entity, entity: size, conditions: [{ active_loop: order_status }] }] }
  secret: { type: text, mappings: [{ type: from_text, conditions: [{ active_loop: password, requested_slot: secret }] }] }
responses:
  utter_ask_order: [{ text: 订单号是多少？, translation: { en: "Which order?" } }]
  utter_ask_size: [{ text: 什么尺码？, translation: { en: "Which size?" } }]
  utter_ask_secret: [{ text: 密码是多少？, translation: { en: "Which password?" } }]
  utter_hand_off: [{ text: 转人工。, translation: { en: "A person." } }]
  utter_done: [{ text: "好，{size}。", translation: { en: "Fine, {size}." } }]
`,
  'flows.yml': `version: "3.1"
flows:
  order_status:
    description: An order.
    nlu_trigger: [{ intent: order_status }]
    steps:
      - collect: order
      - collect: size
      - action: utter_done
  password:
    description: A password.
    nlu_trigger: [{ intent: password }]
    steps:
      - collect: secret
`,
  'rules.yml': `version: "3.1"
rules:
  - rule: human
    steps: [{ intent: human }, { action: utter_hand_off }, { action: action_hand_off }]
`,
};

const KNOWN = {
  我要查订单: 'order_status',
  'where is my order': 'order_status',
  ok: 'order_status',
  'speak english please': 'human',
};

const house = new AppHouse();
afterEach(() => house.close());

async function talk(
  channel: 'text' | 'voice' = 'text',
): Promise<(text: string, language?: string) => Promise<string[]>> {
  const log = new MemoryConversationLog();
  const brain: Brain = await house.brain(FILES, KNOWN, { log });
  let turn = 0;
  return async (text, language) => {
    const result = await brain.handle({
      conversationId: 'c',
      messageId: `m${++turn}`,
      channel,
      input: { type: 'text', text, confidence: 1, ...(language === undefined ? {} : { language }) },
    });
    return [
      result.language,
      ...result.actions
        .filter((action): action is Extract<BotAction, { type: 'say' }> => action.type === 'say')
        .map((action) => action.text),
    ];
  };
}

describe('the language of a conversation', () => {
  it('changes when the caller asks for it, and the open question is put again in the new one', async () => {
    const say = await talk('voice');
    expect(await say('我要查订单')).toEqual(['zh-CN', '订单号是多少？']);
    expect(await say('speak english please')).toEqual(['en', 'Sure, in English then.', 'Which order?']);
    expect(await say('说中文吧')).toEqual(['zh-CN', '好的，我们说中文。', '订单号是多少？']);
  });

  it('follows a wish that is typed in the other language', async () => {
    const say = await talk();
    expect(await say('where is my order')).toEqual(['en', 'Which order?']);
  });

  it('stays what it is for short words and for what was not understood', async () => {
    const say = await talk();
    expect((await say('ok'))[0]).toBe('zh-CN');
    expect((await say('10 Downing Street, London'))[0]).toBe('zh-CN');
  });

  it('is not changed by a button', async () => {
    const say = await talk();
    expect(await say('/order_status')).toEqual(['zh-CN', '订单号是多少？']);
  });

  it('is not changed by what a recogniser wrote in other letters', async () => {
    const say = await talk('voice');
    expect((await say('where is my order'))[0]).toBe('zh-CN');
  });

  it('is chosen from a menu at the beginning, by key or by word, and all that follows is said in it', async () => {
    const menu = {
      ...FILES,
      'domain.yml': FILES['domain.yml'].replace(
        'responses:\n',
        'responses:\n  utter_ask_language: [{ text: 中文请按一，for English press two. }]\n',
      ),
      'flows.yml': `${FILES['flows.yml']}  welcome:
    description: Which language.
    nlu_trigger: [{ intent: inform }]
    steps:
      - collect: language
        ask_before_filling: true
      - collect: order
`,
    };
    for (const answer of [
      { type: 'dtmf', digits: '2' } as const,
      { type: 'text', text: 'English', confidence: 1 } as const,
    ]) {
      const brain = await house.brain(menu, { ...KNOWN, 你好: 'inform' });
      const message = { conversationId: 'menu', channel: 'voice' as const };
      await brain.handle({ ...message, messageId: 'a', input: { type: 'text', text: '你好', confidence: 1 } });
      const { language, actions } = await brain.handle({ ...message, messageId: 'b', input: answer });
      expect([language, ...actions.map((action) => (action.type === 'say' ? action.text : action.type))]).toEqual(
        expect.arrayContaining(['en', 'Which order?']),
      );
    }
  });

  it('is what a sentence was heard in, when the ears say so, and only a language the application has', async () => {
    const say = await talk('voice');
    expect((await say('ou est mon colis', 'fr'))[0]).toBe('zh-CN');
    expect(await say('where is my order', 'en')).toEqual(['en', 'Which order?']);
  });
});

describe('asking for a language', () => {
  it.each([
    ['english please', 'en'],
    ['Can you speak English?', 'en'],
    ['Do you speak Chinese', 'zh-CN'],
    ['能说普通话吗', 'zh-CN'],
    ['请切换到英文', 'en'],
    ['in English, please', 'en'],
    ['Actually I want to speak Chinese', 'zh-CN'],
    ['hi, do you speak English?', 'en'],
    ['你好，可以说英文吗', 'en'],
  ])('%s', (text, language) => expect(languageAsked(text, LANGUAGES)).toBe(language));

  it.each(['英语书的订单到哪了', 'I bought an English book', '我不要中文', 'no Chinese', ''])('is not "%s"', (text) =>
    expect(languageAsked(text, LANGUAGES)).toBeUndefined(),
  );

  it('for one the application has not got is not one', () => expect(languageAsked('说中文', ['en'])).toBeUndefined());
});

describe('the script of a sentence', () => {
  it.each([
    ['我的订单在哪里', 'zh-CN'],
    ['where is my order 12345678?', 'en'],
    ['ok', undefined],
    ['帮我查 iPhone 的订单', undefined],
    ['12345678', undefined],
    ['😀😀😀', undefined],
  ])('%s', (text, language) => expect(languageWritten(text, LANGUAGES)).toBe(language));

  it('tells nothing between languages that share it', () =>
    expect(languageWritten('where is my order', ['en', 'de', 'zh-CN'])).toBeUndefined());
});
