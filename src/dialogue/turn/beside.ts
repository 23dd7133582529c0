import { completeTime } from '../../nlu/entities/partial-times.js';
import type { ParseResult } from '../../nlu/intent-model.js';
import { isNothingButDigits } from '../digits.js';
import type { TurnContext } from './context.js';
import { type Question, questionOf } from './question.js';
import { coerce, type Fill, isDigitSlot } from './slots.js';

/** What a message says beside the open question: answers to later ones, corrections of earlier ones. */

/**
 * "No, it's Hangzhou", where any text would be an answer: it takes back what was said to an earlier question. So does "不对，后天", said to "…下午三点，对吗":
 * that is no bare no.
 */
export function correctsAnother(
  ctx: TurnContext,
  parse: ParseResult,
  fills: ReadonlyMap<string, Fill>,
  { slot }: Question,
): boolean {
  if (parse.correction !== true) return false;
  return [...fills.values()].some((fill) => {
    const known = ctx.state.slots[fill.slot] ?? null;
    return (
      fill.slot !== slot.name && !fill.weak && known !== null && JSON.stringify(known) !== JSON.stringify(fill.value)
    );
  });
}

/** "No, Wednesday" after "next Tuesday, half past three": what a corrected time leaves open stays as it was said before. */
export function completedTimes(
  ctx: TurnContext,
  parse: ParseResult,
  fills: ReadonlyMap<string, Fill>,
): ReadonlyMap<string, Fill> {
  const question = questionOf(ctx.application, ctx.top);
  if (question === undefined) return fills;
  const completed = new Map(fills);
  for (const fill of fills.values()) {
    const said = parse.entities.findLast((entity) => entity.value === fill.value);
    const before = valueBefore(ctx, question, fill.slot, said?.corrects === true || parse.correction === true);
    if (said === undefined || before === undefined) continue;
    const value = completeTime(before, fill.value, said.text);
    const mappings = ctx.application.domain.slots.get(fill.slot)?.mappings ?? [];
    // A slot that takes only days, or only times, does not get both.
    const whole = mappings.some((mapping) => mapping.type === 'from_entity' && mapping.entity === 'datetime');
    if (value !== undefined && (whole || !value.includes('T'))) completed.set(fill.slot, { ...fill, value });
  }
  return completed;
}

/** What the open read-back says of a slot, or what was answered in the flow or form that is open. */
function valueBefore(ctx: TurnContext, question: Question, slot: string, corrects: boolean): unknown {
  if (question.pending !== undefined && question.slot.name === slot) return question.pending.value;
  const frame = ctx.top;
  const answered =
    frame?.kind === 'flow'
      ? frame.filled.includes(slot)
      : frame?.kind === 'form' && ctx.application.domain.forms.get(frame.form)?.requiredSlots.includes(slot);
  return corrects || answered === true ? (ctx.state.slots[slot] ?? undefined) : undefined;
}

/** Whether the message answers something that the open flow or form asks for besides `requested`, and whether that is news. */
export function laterAnswers(
  ctx: TurnContext,
  fills: ReadonlyMap<string, Fill>,
  requested: string,
): { readonly known: boolean; readonly news: boolean } {
  const asked = askedByTop(ctx);
  const fitting = [...fills.values()].filter(
    (fill) => !fill.weak && fill.slot !== requested && asked.includes(fill.slot),
  );
  const news = fitting.some(
    (fill) => JSON.stringify(ctx.state.slots[fill.slot] ?? null) !== JSON.stringify(fill.value),
  );
  return { known: fitting.length > 0, news };
}

/** The slots that the open flow or form asks for, in the order of its steps. */
export function askedByTop({ application, top }: TurnContext): readonly string[] {
  if (top?.kind === 'form') return application.domain.forms.get(top.form)?.requiredSlots ?? [];
  const steps = top?.kind === 'flow' ? [...(application.flows.get(top.flow)?.steps.values() ?? [])] : [];
  return steps.flatMap((step) => (step.kind === 'collect' ? [step.slot] : []));
}

/** Nothing is told but values that are asked for later: a yes that comes with them is a yes to the open question. */
export function changesOnlyLater(ctx: TurnContext, fills: ReadonlyMap<string, Fill>, { slot }: Question): boolean {
  const asked = askedByTop(ctx);
  const filled = ctx.top?.kind === 'flow' ? ctx.top.filled : [];
  const others = [...fills.values()].filter((fill) => !fill.weak && fill.slot !== slot.name);
  const isLater = (name: string): boolean => !filled.includes(name) && asked.indexOf(name) > asked.indexOf(slot.name);
  return others.length > 0 && others.every((fill) => isLater(fill.slot));
}

/** "Yes, at ten", said to "…in the morning, right?": what was answered before is another value, and is looked at first. */
export function changesEarlier(ctx: TurnContext, fills: ReadonlyMap<string, Fill>): boolean {
  const filled = ctx.top?.kind === 'flow' ? ctx.top.filled : [];
  return [...fills.values()].some(({ slot, value, weak }) => {
    const known = ctx.state.slots[slot] ?? null;
    if (weak || known === null || typeof value === 'boolean' || !filled.includes(slot)) return false;
    const same = JSON.stringify(known) === JSON.stringify(value);
    return !same && !(typeof known === 'string' && known.endsWith(String(value)));
  });
}

/** Share of an utterance's letters and digits that its entities must cover to leave no room for a wish. */
const VALUES_ONLY = 0.8;

export function isNothingButValues(parse: ParseResult): boolean {
  const size = (text: string): number => text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  const covered = new Set<number>();
  for (const { start, end } of parse.entities) for (let at = start; at < end; at++) covered.add(at);
  const inside = [...covered].map((at) => parse.text[at] ?? '').join('');
  return size(inside) >= VALUES_ONLY * size(parse.text);
}

/** Any words would answer the open question. */
export function takesWords(ctx: TurnContext): boolean {
  const question = questionOf(ctx.application, ctx.top);
  return question?.pending === undefined && question?.slot.mappings.some(({ type }) => type === 'from_text') === true;
}

/** Digits alone, said to a question that any words would answer: the number that was asked for when it came between. */
export function answersInterrupted(ctx: TurnContext, parse: ParseResult): boolean {
  const question = questionOf(ctx.application, ctx.top);
  const below = questionOf(ctx.application, ctx.state.stack.at(-2));
  if (question === undefined || below === undefined || isDigitSlot(question.slot) || !isDigitSlot(below.slot))
    return false;
  return takesWords(ctx) && isNothingButDigits(parse.text) && coerce(below.slot, parse.text) !== undefined;
}
