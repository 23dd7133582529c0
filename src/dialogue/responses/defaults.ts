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
