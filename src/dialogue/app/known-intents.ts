import type { Domain } from './types.js';

/** Intents that need no domain entry: Rasa's own and our events. */
const BUILT_IN_INTENTS: ReadonlySet<string> = new Set([
  'nlu_fallback',
  'session_start',
  'restart',
  'back',
  'out_of_scope',
  'no_input',
  'transfer_failed',
]);

/** Whether there is such an intent; a retrieval intent (`faq/ask_x`) is there with its group. */
export function hasIntent({ intents }: Domain, name: string): boolean {
  return BUILT_IN_INTENTS.has(name) || intents.has(name) || intents.has(name.split('/')[0] ?? name);
}
