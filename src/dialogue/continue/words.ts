import { longestDigitRun, speakDigits } from '../digits.js';

/** What an application's rules say (`action_continue_elsewhere`) stands in the reply as this, until the code is put in its place. */
export const CONTINUE_MARK = '\u2063continue-elsewhere\u2063';

/** Whole sentences that ask for a code, in any channel; an application's own intents use `action_continue_elsewhere`. */
const REQUESTS: ReadonlySet<string> = new Set([
  '换文字',
  '转文字',
  '文字继续',
  '用文字继续',
  '换成文字',
  '发文字给我',
  '微信继续',
  '换微信',
  '换电话',
  '电话继续',
  '用电话继续',
  '换个方式继续',
  '续接码',
  '给我续接码',
  'continue by text',
  'continue by phone',
  'continue in chat',
  'switch to text',
  'switch to phone',
  'switch channel',
  'give me a code',
]);

export function asksForCode(text: string): boolean {
  const plain = text
    .toLowerCase()
    .replace(/[\s，。！？,.!?]+/g, ' ')
    .trim()
    .replace(/^(?:请|麻烦|我想|我要|帮我|please |i want to |can i )+/, '')
    .replace(/(?:吧|一下|可以吗|好吗| please)$/, '');
  return REQUESTS.has(plain);
}

const ANNOUNCED = /续接码|继续码|接着(?:聊|说)|\bcode\b|\bcontinue\b/i;
/** Digits as they are typed or said, and what people say between them. */
const ONLY_DIGITS =
  /^(?:[\d０-９零〇洞一幺么二两三四五六七拐八九勾嗯呃额啊\s,，。.、-]|zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple|uh|um)+$/i;

export interface SaidCode {
  readonly code: string;
  /** "My code is …": wrong ones are told. Bare digits may as well be something else. */
  readonly announced: boolean;
}

/** The code in what somebody said or typed: alone, or announced as one. */
export function codeIn(text: string, digits: number): SaidCode | undefined {
  const run = longestDigitRun(text.slice(0, 200));
  if (run?.digits.length !== digits) return undefined;
  if (ANNOUNCED.test(text)) return { code: run.digits, announced: true };
  return ONLY_DIGITS.test(text.trim()) ? { code: run.digits, announced: false } : undefined;
}

export interface Words {
  readonly text: string;
  readonly speech: string;
}

/** The code in threes for the eyes; for the ears digit by digit, twice. */
export function codeWords(code: string, expiresInMs: number, language: string): Words {
  const shown = code.replace(/(\d{3})(?=\d)/g, '$1 ');
  const said = speakDigits(code, language);
  const minutes = Math.max(1, Math.floor(expiresInMs / 60_000));
  return language.startsWith('zh')
    ? {
        text: `您的续接码是 ${shown}，${minutes} 分钟内有效，只能用一次。换到电话、网页或微信后告诉我这个码，就能接着说。`,
        speech: `您的续接码是：${said}。再说一遍：${said}。${minutes}分钟内有效。换到文字或者电话以后，告诉我这个码，就能接着说。`,
      }
    : {
        text: `Your code is ${shown}. It is good for ${minutes} minutes and one use. Tell it to me on the phone, on the web page or in a chat, and we go on from here.`,
        speech: `Your code is: ${said}. Once more: ${said}. It is good for ${minutes} minutes. Tell it to me in the chat or on the phone, and we go on from here.`,
      };
}

export function joinedWords(language: string): Words {
  const text = language.startsWith('zh') ? '已经接上刚才的对话。' : 'I have found our conversation.';
  return { text, speech: text };
}

export function askWords(language: string): Words {
  const text = language.startsWith('zh') ? '请接着说。' : 'Please go on.';
  return { text, speech: text };
}

export function refusedWords(reason: 'unknown' | 'limited' | 'away', language: string): Words {
  const words = {
    unknown: [
      '这个码不对，或者已经过期了。请再看一下，或者重新要一个。',
      'That code is not right, or it is too old. Please check it, or ask for a new one.',
    ],
    limited: ['码错得太多了，请过十分钟再试。', 'There were too many wrong codes. Please try again in ten minutes.'],
    away: ['现在给不了续接码，请稍后再试。', "I can't do that right now. Please try again later."],
  } as const;
  const text = words[reason][language.startsWith('zh') ? 0 : 1];
  return { text, speech: text };
}
