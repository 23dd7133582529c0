import type { ParseResult } from '../../nlu/intent-model.js';
import { runAction } from './act.js';
import { askAffirmation, handOff } from './built-in.js';
import type { TurnContext } from './context.js';
import { notUnderstood } from './misunderstood.js';
import type { Fill } from './slots.js';
import { applyFills, respond } from './to-intent.js';

/** "Did you mean …?", then to say it differently, then once more, then a person (Rasa's two-stage fallback). */
export async function twoStage(
  ctx: TurnContext,
  frame: { readonly stage: 'affirm' | 'rephrase' | 'affirm_again'; readonly intent: string },
  parse: ParseResult,
  fills: ReadonlyMap<string, Fill>,
): Promise<void> {
  const understood = !notUnderstood(ctx);
  if (frame.stage !== 'rephrase' && parse.intent.name === 'affirm') {
    ctx.pop();
    return respondToIntent(ctx, frame.intent);
  }
  if (frame.stage === 'affirm_again' || (frame.stage === 'rephrase' && !understood && guess(parse) === undefined)) {
    ctx.pop();
    if (understood && parse.intent.name !== 'deny') return respond(ctx, parse, fills);
    await runAction(ctx, 'action_default_fallback', 'two_stage');
    if (ctx.has('utter_hand_off')) handOff(ctx, 'no_match');
    return;
  }
  if (understood && parse.intent.name !== 'deny') {
    ctx.pop();
    applyFills(ctx, fills, undefined);
    return respond(ctx, parse, fills);
  }
  ctx.noMatch = true;
  if (frame.stage === 'affirm') {
    ctx.replace({ kind: 'two_stage', stage: 'rephrase', intent: frame.intent });
    return runAction(ctx, 'action_default_ask_rephrase', 'two_stage');
  }
  ctx.replace({ kind: 'two_stage', stage: 'affirm_again', intent: guess(parse) ?? frame.intent });
  askAffirmation(ctx);
}

function guess(parse: ParseResult): string | undefined {
  return parse.ranking.find((rank) => rank.name !== 'nlu_fallback' && rank.name !== 'out_of_scope')?.name;
}

/** An intent that the caller has said yes to. */
async function respondToIntent(ctx: TurnContext, intent: string): Promise<void> {
  const payload = `/${intent}`;
  ctx.emit({
    event: 'user',
    text: payload,
    intent,
    confidence: 1,
    entities: [],
    input: 'dtmf',
    channel: ctx.state.channel,
    messageId: ctx.message.messageId,
  });
  return respond(
    ctx,
    {
      text: payload,
      intent: { name: intent, confidence: 1 },
      ranking: [{ name: intent, confidence: 1 }],
      entities: [],
      sentiment: 0,
      model: 'keys',
    },
    new Map(),
  );
}
