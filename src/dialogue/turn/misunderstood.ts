import { FALLBACK_INTENT } from '../../nlu/intent-model.js';
import { runAction } from './act.js';
import { ask } from './ask.js';
import type { TurnContext } from './context.js';
import { questionOf } from './question.js';

/** Nothing was said, or nothing that fits: ask again in other words, twice at most, then a person takes over; where none does and silence goes on, the call ends. */

/** `heardBefore`: how often in a row the channel counts it; the conversation counts for itself too. */
export async function noMatch(ctx: TurnContext, heardBefore = 0): Promise<void> {
  ctx.noMatch = true;
  const count = Math.max(ctx.state.noMatch + 1, heardBefore);
  const question = questionOf(ctx.application, ctx.top);
  const attempts = question === undefined ? 0 : ctx.state.attempts + 1;
  ctx.emit({ event: 'counted', noMatch: count, noInput: 0, attempts });
  if (count > ctx.deps.maxNoMatch && canHandOff(ctx)) return giveUp(ctx, 'no_match', ['utter_no_match_hand_off']);
  if (question !== undefined) {
    // A question that has words of its own for the second time needs no "sorry" before them.
    if (!question.asks.some((name) => ctx.has(`${name}_retry_${attempts}`))) sayCounted(ctx, 'utter_no_match', count);
    await ask(ctx);
    return;
  }
  sayCounted(ctx, 'utter_no_match', count) || ctx.sayFirst(['utter_ask_rephrase', 'utter_default']);
}

export async function noInput(ctx: TurnContext, attempt: number): Promise<void> {
  const count = Math.max(1, attempt);
  const question = questionOf(ctx.application, ctx.top);
  const attempts = question === undefined ? 0 : Math.max(ctx.state.attempts, Math.min(count, ctx.deps.maxNoInput));
  ctx.emit({ event: 'counted', noMatch: ctx.state.noMatch, noInput: count, attempts });
  if (count > ctx.deps.maxNoInput) {
    const silence = question?.step?.silence;
    if (silence !== undefined) return runAction(ctx, silence, 'flow');
    if (isAlone(ctx)) return part(ctx);
    if (canHandOff(ctx)) return giveUp(ctx, 'no_input', ['utter_no_input_hand_off']);
  }
  sayCounted(ctx, 'utter_no_input', count);
  await ask(ctx);
}

/** `utter_x_2` for the second time; where it ends, the last there is; then `utter_x`. */
function sayCounted(ctx: TurnContext, name: string, count: number): boolean {
  for (let at = Math.min(count, 10); at > 0; at--) if (ctx.say(`${name}_${at}`)) return true;
  return ctx.say(name);
}

/** On the phone somebody must take over; in text only where the application has words for it. */
function canHandOff(ctx: TurnContext): boolean {
  return ctx.state.channel === 'voice' || ctx.has('utter_hand_off');
}

function giveUp(ctx: TurnContext, reason: string, words: readonly string[]): void {
  ctx.sayFirst(words);
  ctx.say('utter_hand_off');
  ctx.handOff(reason);
}

/** Put through in vain, and not a word or a key since: nobody is there, and no agent is to be rung for that again. */
function isAlone({ tracker: { events } }: TurnContext): boolean {
  const failed = events.findLastIndex(({ event }) => event === 'hand_off_failed');
  return failed >= 0 && !events.slice(failed).some((event) => event.event === 'user' && event.input !== 'event');
}

function part(ctx: TurnContext): void {
  ctx.sayFirst(['utter_no_input_goodbye']);
  ctx.hangUp('no_input');
}

/** What ends the conversation, or all that was said in it: hardly sure words are not enough for that. */
const ENDS: ReadonlySet<string> = new Set(['action_hang_up', 'action_restart', 'action_continue_elsewhere']);
const SURE_TO_END = 0.5;

/** True when the understanding gave no intent, or none that is sure enough for what it does. */
export function notUnderstood(ctx: TurnContext): boolean {
  const { parse } = ctx;
  if (parse === undefined) return true;
  const [first, second] = parse.ranking;
  const { nlu, ambiguity } = ctx.application.thresholds;
  if (parse.intent.name === FALLBACK_INTENT || parse.intent.name === 'out_of_scope') return true;
  if (parse.intent.confidence < nlu) return true;
  if (parse.intent.confidence < SURE_TO_END && ctx.deps.index.leadsTo(parse.intent.name, ENDS)) return true;
  return (
    first !== undefined &&
    second !== undefined &&
    first.confidence - second.confidence < ambiguity &&
    first.confidence < 0.5
  );
}
