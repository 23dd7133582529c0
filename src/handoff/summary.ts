/** What the person who takes over should know, in two lines, made of what was said; no model is needed. */

export interface SummaryFacts {
  readonly language: string;
  /** Why a person takes over; empty when none does. */
  readonly reason: string;
  readonly wishes: readonly { readonly intent: string; readonly text: string }[];
  readonly slots: Readonly<Record<string, unknown>>;
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
  '',
]);

export function summarize(facts: SummaryFacts): string {
  const chinese = facts.language.startsWith('zh');
  const wishes = facts.wishes.filter((wish) => !SMALL_TALK.has(wish.intent)).slice(-3);
  const words = (wishes.length > 0 ? wishes : facts.wishes.slice(-2)).map((wish) => wish.text);
  const slots = Object.entries(facts.slots)
    .filter(([, value]) => value !== null && value !== undefined && typeof value !== 'object')
    .map(([name, value]) => `${name}=${String(value)}`);
  const parts = chinese
    ? [
        words.length > 0 ? `来电人说：${words.join('；')}` : '来电人没有说明来意',
        slots.length > 0 ? `已知：${slots.join('，')}` : '',
        facts.reason === '' ? '' : `转接原因：${facts.reason}`,
      ]
    : [
        words.length > 0 ? `The caller said: ${words.join('; ')}` : 'The caller has not said what it is about',
        slots.length > 0 ? `Known: ${slots.join(', ')}` : '',
        facts.reason === '' ? '' : `Reason: ${facts.reason}`,
      ];
  const text = parts.filter((part) => part !== '').join(chinese ? '。' : '. ');
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS - 1)}…`;
}
