import type { ParseResult } from '../../nlu/intent-model.js';
import { takesWords } from './beside.js';
import type { TurnContext } from './context.js';
import { fillScope } from './extract.js';
import { advance } from './frames.js';
import { isPutAsRequest } from './requests.js';
import { fillSlots } from './slots.js';
import { startsSomething } from './starts.js';
import { applyFills, respond } from './to-intent.js';

/** Of several wishes in one utterance the first is answered now; the others are remembered, with what was said to them. */
export function firstOfSeveral(ctx: TurnContext, parse: ParseResult): ParseResult {
  const [first, ...others] = parse.intents ?? [];
  if (first === undefined || others.length === 0) return parse;
  const tells = takesWords(ctx);
  const later = others.filter(
    (wish) =>
      wish.name !== first.name &&
      wish.confidence >= ctx.application.thresholds.nlu &&
      startsSomething(ctx, wish.name, wish.confidence) &&
      (!tells || isPutAsRequest(parse.text.slice(wish.start, wish.end))),
  );
  if (later.length === 0) return parse;
  const within = (from: number, to: number) =>
    parse.entities.filter((entity) => entity.start >= from && entity.start < to);
  const wishes = later.map((wish) => ({
    intent: wish.name,
    confidence: wish.confidence,
    text: parse.text.slice(wish.start, wish.end),
    entities: within(wish.start, wish.end),
  }));
  // The same wish said again while it waits is one wish, in the words said last.
  const waiting = ctx.state.later.filter((earlier) => !wishes.some((wish) => wish.intent === earlier.intent));
  ctx.emit({ event: 'wishes', later: [...waiting, ...wishes] });
  const end = Math.min(...later.map((wish) => wish.start));
  return {
    ...parse,
    intent: first,
    ranking: [first],
    entities: within(0, end),
    text: parse.text.slice(0, end) || parse.text,
  };
}

/** What was said beside something else has its turn when that is done. */
export async function takeUpWishes(ctx: TurnContext): Promise<void> {
  while (!ctx.ended && ctx.top === undefined && ctx.step()) {
    const [wish, ...rest] = ctx.state.later;
    if (wish === undefined) return;
    ctx.emit({ event: 'wishes', later: rest });
    ctx.emit({ event: 'taken_up', intent: wish.intent, entities: wish.entities });
    const intent = { name: wish.intent, confidence: wish.confidence };
    const parse: ParseResult = {
      text: wish.text,
      intent,
      ranking: [intent],
      entities: wish.entities.map((entity) => ({ ...entity, start: 0, end: 0, text: '', extractor: 'earlier' })),
      sentiment: 0,
      model: 'earlier',
    };
    ctx.parse = parse;
    ctx.setNow.clear();
    ctx.say('utter_next_wish');
    const fills = fillSlots(ctx.application, parse, 1, fillScope(ctx));
    applyFills(ctx, fills, undefined);
    ctx.start = { slots: ctx.state.slots, loop: ctx.loop };
    await respond(ctx, parse, fills);
    await advance(ctx);
  }
}
