/** What is said when the application itself can't speak any more. Short, so that they are rendered ahead of time at every start. */
const PROMPTS = {
  'zh-CN': {
    handOff: '抱歉，系统出了点问题，正在为您转接人工客服。',
    goodbye: '非常抱歉，暂时无法为您服务，请稍后再拨。',
    wait: '请稍等。',
  },
  en: {
    handOff: 'Sorry, something went wrong. I am putting you through to a colleague.',
    goodbye: 'We are very sorry, we can not help you right now. Please call again later.',
    wait: 'One moment, please.',
  },
} as const;

export type FallbackPrompt = keyof (typeof PROMPTS)['en'];

/** In the language asked for, else in English. */
export function fallbackPrompt(name: FallbackPrompt, language: string): string {
  return (language.startsWith('zh') ? PROMPTS['zh-CN'] : PROMPTS.en)[name];
}

export function fallbackPrompts(language: string): readonly string[] {
  return Object.values(language.startsWith('zh') ? PROMPTS['zh-CN'] : PROMPTS.en);
}
