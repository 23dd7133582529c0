import type { TurnContext } from './context.js';

/** Which language a conversation goes on in: the one asked for in so many words, or the one a typed message is written in. */

/** Names of languages as callers say them, by the primary subtag. */
const NAMES: Readonly<Record<string, string>> = {
  zh: '(?:中文|汉语|国语|普通话|mandarin|chinese)',
  en: '(?:英文|英语|english)',
};
const ZH_BEFORE =
  '(?:(?:嗯|你好|您好|不好意思|其实|请|麻烦|我想|我要|能不能|可不可以|可以|能|你|您|你们|会|帮我|还是|那|用|说|讲|换|换成|换到|切换|切换到|切到|改|改成|转|转成|来|服务)\\s*)*';
const ZH_AFTER = '(?:\\s*(?:说|讲|服务|交流|沟通|吗|吧|啊|可以吗|好吗|行吗|谢谢))*';
const EN_BEFORE =
  "(?:(?:actually|well|okay|ok|hi|hello|hey|sorry|excuse me|please|can|could|would|do|may|you|we|i|i'd|like|to|want|let's|speak|talk|use|switch|change|go|on|say it|in|into) )*";
const EN_AFTER = '(?: (?:please|thanks|thank you|instead|now|language))*';

const ASKED: readonly { readonly base: string; readonly patterns: readonly RegExp[] }[] = Object.entries(NAMES).map(
  ([base, names]) => ({
    base,
    patterns: [
      new RegExp(`^${ZH_BEFORE}${names}${ZH_AFTER}$`, 'u'),
      new RegExp(`^${EN_BEFORE}${names}${EN_AFTER}$`, 'u'),
    ],
  }),
);
const ANY_NAME = new RegExp(Object.values(NAMES).join('|'), 'iu');
const MAX_CHARS = 60;

/** The language of the application that a whole utterance asks for ("说中文", "can we speak English"); undefined when it does not. */
export function languageAsked(text: string, languages: readonly string[]): string | undefined {
  if (text.length > MAX_CHARS || !ANY_NAME.test(text)) return undefined;
  const plain = text
    .toLowerCase()
    .replace(/[’]/gu, "'")
    .replace(/[，。！？、,.!?]+/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
  const base = ASKED.find(({ patterns }) => patterns.some((pattern) => pattern.test(plain)))?.base;
  return base === undefined ? undefined : languages.find((tag) => baseOf(tag) === base);
}

/** Scripts that tell languages apart, by ISO 15924 code, and how many letters or words make a sentence in each. */
const SCRIPTS: readonly {
  readonly codes: readonly string[];
  readonly letters: RegExp;
  readonly enough: (text: string) => boolean;
}[] = [
  { codes: ['Hans', 'Hant'], letters: /^[\p{Script=Han}]+$/u, enough: (text) => text.length >= 4 },
  { codes: ['Latn'], letters: /^[\p{Script=Latin}]+$/u, enough: (text) => text.length >= 8 },
];

/**
 * The application's language in whose script, and no other, a sentence is written; undefined when it is too short to tell or when several
 * languages of the application share the script.
 */
export function languageWritten(text: string, languages: readonly string[]): string | undefined {
  const letters = text.replace(/[^\p{L}]/gu, '');
  const script = SCRIPTS.find((each) => each.letters.test(letters));
  if (script === undefined || !script.enough(letters)) return undefined;
  const fitting = languages.filter((tag) => script.codes.includes(scriptOf(tag)));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** By language tag: few, and finding it takes longer than the rest of the turn. */
const scripts = new Map<string, string>();

/** ISO 15924 code of the script a language is usually written in. */
function scriptOf(tag: string): string {
  let script = scripts.get(tag);
  if (script === undefined) {
    script = new Intl.Locale(tag).maximize().script ?? '';
    scripts.set(tag, script);
  }
  return script;
}

/** The conversation goes on in this language; the open question counts as not yet asked. False when it was spoken already. */
export function changeLanguage(ctx: TurnContext, language: string): boolean {
  if (ctx.state.language === language) return false;
  if (ctx.application.domain.slots.has('language')) ctx.setSlot('language', language);
  if (ctx.state.language !== language) ctx.emit({ event: 'language', language });
  ctx.asked = false;
  return true;
}

function baseOf(tag: string): string {
  return tag.split('-')[0] ?? tag;
}
