import { runAction } from './act.js';
import type { TurnContext } from './context.js';
import { type Question, questionOf } from './question.js';
import { isDigitSlot } from './slots.js';

/** Puts the open question, in other words each time it is asked again. Does nothing when it was put in this turn. */
export async function ask(ctx: TurnContext): Promise<void> {
  const question = questionOf(ctx.application, ctx.top);
  if (question === undefined || ctx.asked) return;
  ctx.asked = true;
  if (question.pending !== undefined) {
    const values = { [question.slot.name]: question.pending.value, value: question.pending.value };
    ctx.sayFirst(confirmNames(question), values, isDigitSlot(question.slot) ? ['value'] : []);
    if (ctx.state.attempts > 1) ctx.say('utter_use_keypad_confirm');
    return;
  }
  const { attempts } = ctx.state;
  // The words for the n-th time are for who was not understood; after anything else they would only be heard twice.
  const again = ctx.noMatch || ctx.message.input.type !== 'text' || ctx.state.noMatch === 0;
  for (let attempt = again ? attempts : 0; attempt > 0; attempt--) {
    if (!ctx.sayFirst(question.asks.map((name) => `${name}_retry_${attempt}`))) continue;
    // The words for this time may name the keys already; older ones, said again, get them added.
    if (attempt < attempts) offerKeypad(ctx, question);
    return;
  }
  const frame = ctx.top;
  const custom = [
    ...(frame?.kind === 'form' ? [`action_ask_${frame.form}_${question.slot.name}`] : []),
    `action_ask_${question.slot.name}`,
  ];
  const action = custom.find((name) => ctx.application.domain.actions.has(name));
  if (action !== undefined) await runAction(ctx, action, 'form');
  else ctx.sayFirst(question.asks);
  if (attempts > 1) offerKeypad(ctx, question);
}

/** Speech has failed twice: the keys are offered, in the way this slot takes them. */
function offerKeypad(ctx: TurnContext, { slot }: Question): void {
  if (ctx.state.channel !== 'voice') return;
  if (slot.type === 'bool') {
    ctx.say('utter_use_keypad_confirm');
    return;
  }
  const choices =
    slot.voice.keypad.size > 0
      ? [...slot.voice.keypad]
      : slot.type === 'categorical'
        ? slot.values.slice(0, 9).map((value, at) => [String(at + 1), value] as const)
        : [];
  if (choices.length > 0) {
    const chinese = ctx.state.language.startsWith('zh');
    const words = choices.map(([key, value]) =>
      chinese ? `${String(value)}请按${key}` : `${key} for ${String(value)}`,
    );
    ctx.say('utter_use_keypad_choice', { choices: words });
  } else if (isDigitSlot(slot) || KEYABLE.has(slot.voice.type)) ctx.say('utter_use_keypad');
}

/** Besides digit strings, what `fromKeys` can read. */
const KEYABLE: ReadonlySet<string> = new Set(['date', 'time', 'datetime', 'amount', 'money', 'number', 'quantity']);

export function confirmNames(question: Question): string[] {
  return [`utter_confirm_${question.slot.name}`, 'utter_confirm_slot'];
}
