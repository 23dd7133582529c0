import type { ResponseDefinition } from '../app/types.js';

/** Words for what every application needs and few write down. An application's own response of the same name is used instead. */
const WORDS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  utter_please_wait: {
    'zh-CN': ['请稍等，我正在为您查。', '还在处理，请您稍等。', '马上就好，请别挂断。'],
    en: [
      'One moment, please.',
      "I'm still working on it, thank you for waiting.",
      "Nearly there, please don't hang up.",
    ],
  },
  utter_take_your_time: {
    'zh-CN': ['好的，不着急。', '好，您慢慢来。'],
    en: ['Sure, take your time.', "No hurry, I'm here."],
  },
  utter_language_changed: { 'zh-CN': ['好的，我们说中文。'], en: ['Sure, in English then.'] },
  utter_next_wish: {
    'zh-CN': ['接下来是您说的另一件事。', '好，再看您提到的另一件事。'],
    en: ['Now for the other thing you mentioned.', 'And on to your other request.'],
  },
  utter_ask_wish: {
    'zh-CN': ['请问您要办什么？'],
    en: ['What would you like to do?'],
  },
  utter_what_can_you_do: {
    'zh-CN': ['您可以直接说要办的事。说"再说一遍"可以重听，说"返回"回到上一步，说"人工"转接客服。'],
    en: [
      'Just say what you need. "Repeat" says it again, "go back" goes one step back, and "a person" puts you through.',
    ],
  },
  utter_what_can_you_do_list: {
    'zh-CN': ['我可以帮您：{choices}。您也可以说"人工"转接客服。'],
    en: ['I can help with: {choices}. Or say "a person" to be put through.'],
  },
  utter_ask_profile_consent: {
    'zh-CN': ['要我记住这些信息，方便您下次来电吗？您随时可以让我删除。'],
    en: ['Shall I remember this for your next call? You can have it deleted at any time.'],
  },
  utter_ask_profile_consent_retry_1: {
    'zh-CN': ['同意记住请说"是"或按一，不同意请说"不用"或按二。'],
    en: ["Say yes or press one and I remember it; say no or press two and I don't."],
  },
  utter_forgotten: {
    'zh-CN': ['好的，我已经删除了您的信息。'],
    en: ['Done, I have deleted what I knew about you.'],
  },
  utter_use_keypad: {
    'zh-CN': ['也可以用电话按键输入，输完请按井号。'],
    en: ['You can also key it in on your phone and press the hash key.'],
  },
  utter_use_keypad_confirm: {
    'zh-CN': ['是请按一，不是请按二。'],
    en: ['Press one for yes, two for no.'],
  },
  utter_use_keypad_choice: {
    'zh-CN': ['{choices}。'],
    en: ['{choices}.'],
  },
  utter_cancelled: { 'zh-CN': ['好的，先不办了。'], en: ['All right, we leave it at that.'] },
  utter_restart: {
    'zh-CN': ['好的，我们重新开始。请问有什么可以帮您？'],
    en: ["All right, let's start over. How can I help?"],
  },
  utter_nothing_to_go_back_to: {
    'zh-CN': ['已经是开头了，请问有什么可以帮您？'],
    en: ['This is the beginning. How can I help?'],
  },
  utter_hand_off: {
    'zh-CN': ['好的，正在为您转接人工客服，请稍等。'],
    en: ['Sure, I am putting you through to a colleague.'],
  },
  utter_transfer_failed: {
    'zh-CN': ['抱歉，人工客服现在都在忙。您可以稍后再打，或者告诉我要办什么。'],
    en: ['I am sorry, all my colleagues are busy. Please call again later, or tell me what you need.'],
  },
  utter_action_failed: {
    'zh-CN': ['抱歉，系统出了点问题，我请同事来帮您。'],
    en: ['I am sorry, something went wrong on our side. A colleague will help you.'],
  },
  utter_no_input: {
    'zh-CN': ['您好，您还在吗？', '我没有听到您说话。'],
    en: ['Hello, are you still there?', "I can't hear you."],
  },
  utter_no_input_goodbye: {
    'zh-CN': ['一直没有听到您的声音，我先挂断了，欢迎您再打来。'],
    en: ["I can't hear you, so I am going to hang up. Please call again."],
  },
  utter_default: {
    'zh-CN': ['不好意思，我没听懂，请换个说法。'],
    en: ['Sorry, I did not get that. Could you say it differently?'],
  },
};

export const DEFAULT_RESPONSES: ReadonlyMap<string, ResponseDefinition> = new Map(
  Object.entries(WORDS).map(([name, languages]) => [
    name,
    {
      name,
      file: '',
      line: 0,
      variations: Object.entries(languages).flatMap(([language, texts]) =>
        texts.map((text) => ({
          text,
          speech: undefined,
          language,
          channel: undefined,
          conditions: [],
          buttons: [],
          bargeIn: true,
          custom: undefined,
        })),
      ),
    },
  ]),
);
