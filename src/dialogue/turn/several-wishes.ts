import type { ParseResult } from '../../nlu/intent-model.js';
import { takesWords } from './beside.js';
import type { TurnContext } from './context.js';
import { fillScope } from './extract.js';
import { advance } from './frames.js';
import { isPutAsRequest } from './requests.js';
import { coerce, type Fill, fillSlots, isDigitSlot } from './slots.js';
import { flowFor, startsSomething } from './starts.js';
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

/**
 * "退 98765432 和 55018866": of two whole numbers where one is asked for the first counts now. The next one is for the wish that waits ("退的是…换的是…"), else for the same wish once
 * more.
 */
export function oneNumberAtATime(ctx: TurnContext, parse: ParseResult, fills: Map<string, Fill>): void {
  const flow = askingFlow(ctx, parse);
  const steps = [...(ctx.application.flows.get(flow ?? '')?.steps.values() ?? [])];
  for (const fill of fills.values()) {
    const slot = ctx.application.domain.slots.get(fill.slot);
    const asked = slot !== undefined && steps.some((step) => step.kind === 'collect' && step.slot === slot.name);
    if (!asked || !isDigitSlot(slot) || parse.correction === true) continue;
    const whole = parse.entities.filter(
      ({ entity, value }) => entity === slot.name && String(coerce(slot, value)).length === slot.voice.lengths.at(-1),
    );
    const [first, ...others] = whole.filter(
      ({ value }, at) => whole.findIndex((other) => other.value === value) === at,
    );
    if (first === undefined || others.length === 0) continue;
    fills.set(slot.name, { ...fill, value: coerce(slot, first.value) });
    const intent = ctx.application.flows.get(flow ?? '')?.triggers[0]?.intent ?? parse.intent.name;
    const numbers = others.map(({ entity, value, confidence }) => ({ entity, value, confidence }));
    const waiting = ctx.state.later.map((wish) => {
      const open = !wish.entities.some(({ entity }) => entity === slot.name);
      const number = open ? numbers.shift() : undefined;
      return number === undefined ? wish : { ...wish, entities: [...wish.entities, number] };
    });
    const more = numbers.map((number) => ({ intent, confidence: 1, text: '', entities: [number] }));
    ctx.emit({ event: 'wishes', later: [...waiting, ...more] });
  }
}

/** The flow whose question is open, else the one that begins. */
function askingFlow(ctx: TurnContext, { intent }: ParseResult): string | undefined {
  const { top } = ctx;
  if (top === undefined) return flowFor(ctx, intent.name, intent.confidence);
  return top.kind === 'flow' && top.pending === undefined ? top.flow : undefined;
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
