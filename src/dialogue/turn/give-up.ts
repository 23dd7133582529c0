import type { ParseResult } from '../../nlu/intent-model.js';
import { runAction } from './act.js';
import { declines } from './commands.js';
import type { TurnContext } from './context.js';
import { advance } from './frames.js';
import { notUnderstood } from './misunderstood.js';
import { predictLoop } from './predict.js';
import { questionOf } from './question.js';
import { flowFor } from './starts.js';

/** What is under way is not wanted any more. */

/** The intent of those who drop what they began (what an application calls it by custom). */
const CANCEL_INTENT = 'cancel';

/** What is not wanted is the very thing that is under way, and nothing else is wanted in its place. */
export function givesUp(ctx: TurnContext, negated: { readonly name: string; readonly confidence: number }): boolean {
  // Who is asked something by a flow that was called thinks of the one that called it.
  const top = ctx.state.stack.findLast((frame) => frame.kind !== 'flow' || !frame.called);
  if (top?.kind !== 'flow') return false;
  const instead = ctx.parse?.intent.name ?? '';
  const declined = instead === 'deny' || instead === negated.name || notUnderstood(ctx);
  return declined && flowFor(ctx, negated.name, negated.confidence) === top.flow;
}

/** "不用了，谢谢", said to a question for which that is no answer. */
export function declinesQuestion(ctx: TurnContext, parse: ParseResult): boolean {
  const question = questionOf(ctx.application, ctx.top);
  if (question === undefined || parse.model === 'payload') return false;
  return (question.slot.type !== 'bool' || question.pending !== undefined) && declines(parse.text);
}

/** As the application does it where it has a rule for `cancel`. */
export async function giveUp(ctx: TurnContext): Promise<void> {
  if (ctx.deps.index.firstActions(CANCEL_INTENT).includes('action_cancel')) {
    ctx.emit({ event: 'taken_up', intent: CANCEL_INTENT, entities: [] });
    if (await predictLoop(ctx)) return advance(ctx);
  }
  await runAction(ctx, 'action_cancel', 'command');
  return advance(ctx);
}
