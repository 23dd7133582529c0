import type { ParseResult } from '../../nlu/intent-model.js';
import type { Frame } from '../tracker/events.js';
import { runAction } from './act.js';
import { isNothingButValues } from './beside.js';
import { dropTop } from './built-in.js';
import type { TurnContext } from './context.js';
import { advance, holdFilled, startFlow } from './frames.js';
import { declinesQuestion, giveUp } from './give-up.js';
import { isChecked } from './in-passing.js';
import { noMatch, notUnderstood } from './misunderstood.js';
import { predictLoop } from './predict.js';
import { questionOf } from './question.js';
import type { Fill } from './slots.js';
import { flowFor } from './starts.js';

/** What follows on an intent, and the values that were said with it. */

/** What an intent starts: a rule, a flow, a story; a slot of what was just finished; or it was not understood. */
export async function respond(ctx: TurnContext, parse: ParseResult, fills: ReadonlyMap<string, Fill>): Promise<void> {
  if (notUnderstood(ctx) && parse.model !== 'keys') {
    if (declinesQuestion(ctx, parse)) return giveUp(ctx);
    if (reopens(ctx, fills)) return advance(ctx);
    const own = ctx.deps.index.firstActions('nlu_fallback');
    if (own.length === 0 && asksForWish(ctx, parse, fills)) return;
    const exhausted = ctx.state.noMatch >= ctx.deps.maxNoMatch;
    if (own.length === 0 || exhausted || ctx.top !== undefined) return noMatch(ctx);
    ctx.noMatch = true;
    ctx.emit({ event: 'counted', noMatch: ctx.state.noMatch + 1, noInput: 0, attempts: ctx.state.attempts });
    for (const action of own) await runAction(ctx, action, 'rule');
    return;
  }
  const intent = parse.intent.name;
  if (ctx.deps.index.fromRules(ctx.state, ctx.start) !== undefined) {
    await predictLoop(ctx);
    return advance(ctx);
  }
  const flow = flowFor(ctx, intent, parse.intent.confidence);
  if (flow !== undefined) {
    const open = ctx.state.stack.findIndex((frame) => frame.kind === 'flow' && frame.flow === flow);
    // What it has called is part of it.
    const above = open === -1 ? open : ctx.state.stack.findIndex((frame, at) => at > open && !isCalled(frame));
    const end = above === -1 ? ctx.state.stack.length : above;
    const asking = open !== -1 && end === ctx.state.stack.length && questionOf(ctx.application, ctx.top) !== undefined;
    // The caller says again what we are at: it is asked in other words, and who says nothing else is not understood.
    if (asking && ctx.setNow.size === 0 && parse.model !== 'earlier' && ctx.state.attempts > 0) return noMatch(ctx);
    if (asking && ctx.setNow.size === 0) countAttempt(ctx);
    if (parse.vented === true && open === -1 && ctx.has('utter_apology')) ctx.say('utter_apology');
    // What had been laid over it is dropped.
    if (open === -1) {
      giveWay(ctx, flow);
      holdFilled(ctx);
      startFlow(ctx, flow);
    } else ctx.emit({ event: 'stack', frames: ctx.state.stack.slice(0, end) });
    ctx.asked = false;
    return advance(ctx);
  }
  if (await predictLoop(ctx)) return advance(ctx);
  if (declinesQuestion(ctx, parse)) return giveUp(ctx);
  if (reopens(ctx, fills)) return advance(ctx);
  if (asksForWish(ctx, parse, fills)) return;
  return noMatch(ctx);
}

/** "换一个新的吧", said to "shall it be returned?": what it takes the place of is given up, unless other things were named for it. */
function giveWay(ctx: TurnContext, flow: string): void {
  const { top } = ctx;
  if (top?.kind !== 'flow' || !ctx.application.flows.get(flow)?.insteadOf.includes(top.flow)) return;
  if (!top.filled.some((slot) => ctx.setNow.has(slot))) dropTop(ctx);
}

/** A bare value ("tomorrow", a number) while nothing is open is kept for the wish that it belongs to, and that is asked for. */
function asksForWish(ctx: TurnContext, parse: ParseResult, fills: ReadonlyMap<string, Fill>): boolean {
  if (ctx.top !== undefined || !isNothingButValues(parse) || ![...fills.values()].some(({ weak }) => !weak))
    return false;
  return ctx.say('utter_ask_wish');
}

function isCalled(frame: Frame): boolean {
  return frame.kind === 'flow' && frame.called;
}

function countAttempt(ctx: TurnContext): void {
  const { noMatch, noInput, attempts } = ctx.state;
  ctx.emit({ event: 'counted', noMatch, noInput, attempts: attempts + 1 });
}

/** A value for something that was finished ("no, I meant 8766") begins that flow with it. What was not begun yet is a wish, and a bare value is none. */
export function reopens(ctx: TurnContext, fills: ReadonlyMap<string, Fill>): boolean {
  const slots = [...fills.values()]
    .filter((fill) => !fill.weak && typeof fill.value !== 'boolean')
    .map((fill) => fill.slot);
  if (slots.length === 0) return false;
  const collects = (id: string): boolean =>
    [...(ctx.application.flows.get(id)?.steps.values() ?? [])].some(
      (step) => step.kind === 'collect' && slots.includes(step.slot),
    );
  const flow = ctx.state.completed.findLast(collects);
  if (flow === undefined || ctx.state.stack.some((frame) => frame.kind === 'flow' && frame.flow === flow)) return false;
  startFlow(ctx, flow);
  return true;
}

/** Sets what was said beside the question; returns the slots whose known value was replaced. */
export function applyFills(
  ctx: TurnContext,
  fills: ReadonlyMap<string, Fill>,
  requested: string | undefined,
): string[] {
  const replaced: string[] = [];
  for (const fill of fills.values()) {
    if (fill.slot === requested || (fill.weak && requested !== undefined)) continue;
    const before = ctx.state.slots[fill.slot] ?? null;
    if (before !== null && JSON.stringify(before) !== JSON.stringify(fill.value)) replaced.push(fill.slot);
    ctx.setSlot(fill.slot, fill.value, { inPassing: isChecked(ctx, fill.slot) });
    ctx.setNow.add(fill.slot);
  }
  return replaced;
}

export function heardConfidence(ctx: TurnContext): number {
  return ctx.message.input.type === 'text' ? ctx.message.input.confidence : 1;
}
