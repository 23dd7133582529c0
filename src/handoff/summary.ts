import type { KnownFact } from './known-facts.js';

/** What the person who takes over should know, in two lines, made of what was said; no model is needed. */

export interface SummaryFacts {
  readonly language: string;
  /** Why a person takes over; empty when none does. */
  readonly reason: string;
  readonly wishes: readonly { readonly intent: string; readonly text: string }[];
  readonly known: readonly KnownFact[];
}

const MAX_CHARS = 500;
/** Said in passing; no wish. */
const SMALL_TALK: ReadonlySet<string> = new Set([
  'greet',
  'affirm',
  'deny',
  'thanks',
  'repeat',
  'slower',
  'goodbye',
  'nlu_fallback',
  'inform',
  'what_can_you_do',
  'go_back',
  'start_over',
  'correct',
  '',
]);

export function summarize(facts: SummaryFacts): string {
  const chinese = facts.language.startsWith('zh');
  const wishes = facts.wishes.filter((wish) => !SMALL_TALK.has(wish.intent)).slice(-3);
  const words = (wishes.length > 0 ? wishes : facts.wishes.slice(-2)).map((wish) => wish.text);
  const known = facts.known.map(({ label, text }) => `${label} ${text}`);
  const reason = reasonInWords(facts.reason, chinese);
  const parts = chinese
    ? [
        words.length > 0 ? `来电人说：${words.join('；')}` : '来电人没有说明来意',
        known.length > 0 ? `已知：${known.join('，')}` : '',
        reason === '' ? '' : `转接原因：${reason}`,
      ]
    : [
        words.length > 0 ? `The caller said: ${words.join('; ')}` : 'The caller has not said what it is about',
        known.length > 0 ? `Known: ${known.join(', ')}` : '',
        reason === '' ? '' : `Reason: ${reason}`,
      ];
  const text = parts.filter((part) => part !== '').join(chinese ? '。' : '. ');
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS - 1)}…`;
}

/** The engine's own reasons as people say them; those of an application are its own words. */
const REASONS: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  requested: ['来电人要求', 'asked for a person'],
  flow: ['按流程需要人工', 'the next step is a person'],
  no_match: ['没有听懂', 'could not be understood'],
  no_input: ['没有听到声音', 'said nothing'],
  action_failed: ['系统出错', 'a system failed'],
  stuck: ['系统出错', 'a system failed'],
};

function reasonInWords(reason: string, chinese: boolean): string {
  const kind = reason.split(':')[0] ?? '';
  const words = Object.hasOwn(REASONS, kind) ? REASONS[kind] : undefined;
  return words === undefined ? reason : words[chinese ? 0 : 1];
}
