import type { ParseResult } from '../../nlu/intent-model.js';
import type { TurnContext } from './context.js';
import type { Fill } from './slots.js';

/** What a message says beside the open question: answers to later ones, corrections of earlier ones. */

/** "No, it's Hangzhou", where any text would be an answer: it takes back what was said to an earlier question. */
export function correctsAnother(ctx: TurnContext, parse: ParseResult, fills: ReadonlyMap<string, Fill>): boolean {
  if (parse.correction !== true) return false;
  return [...fills.values()].some((fill) => {
    const known = ctx.state.slots[fill.slot] ?? null;
    return !fill.weak && known !== null && JSON.stringify(known) !== JSON.stringify(fill.value);
  });
}

/** Whether the message answers something that the open flow or form asks for besides `requested`, and whether that is news. */
export function laterAnswers(
  ctx: TurnContext,
  fills: ReadonlyMap<string, Fill>,
  requested: string,
): { readonly known: boolean; readonly news: boolean } {
  const frame = ctx.top;
  const asked =
    frame?.kind === 'form'
      ? (ctx.application.domain.forms.get(frame.form)?.requiredSlots ?? [])
      : frame?.kind === 'flow'
        ? [...(ctx.application.flows.get(frame.flow)?.steps.values() ?? [])].flatMap((step) =>
            step.kind === 'collect' ? [step.slot] : [],
          )
        : [];
  const fitting = [...fills.values()].filter(
    (fill) => !fill.weak && fill.slot !== requested && asked.includes(fill.slot),
  );
  const news = fitting.some(
    (fill) => JSON.stringify(ctx.state.slots[fill.slot] ?? null) !== JSON.stringify(fill.value),
  );
  return { known: fitting.length > 0, news };
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
