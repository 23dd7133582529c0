import type { ParseResult } from '../../nlu/intent-model.js';
import type { OfferedButton } from '../tracker/events.js';
import { runAction } from './act.js';
import { takeChoice } from './answer.js';
import type { TurnContext } from './context.js';
import { accept, advance, dropPending, take } from './frames.js';
import { validated } from './in-passing.js';
import { fromKeys } from './key-values.js';
import { noMatch } from './misunderstood.js';
import { questionOf } from './question.js';
import { coerce, isDigitSlot } from './slots.js';
import { twoStage } from './two-stage.js';

/**
 * Keys. Everywhere: `0` a person, `*` repeat, `#` go back. At a read-back or a yes/no question: `1` yes, `2` no. At a question for a number: the number. At
 * a menu: the n-th choice.
 */
export async function keyPressed(ctx: TurnContext, digits: string): Promise<void> {
  const keys = digits.replace(/[^0-9*#]/g, '').slice(0, 64);
  const question = questionOf(ctx.application, ctx.top);
  const command = COMMANDS[keys];
  if (command !== undefined && (keys !== '0' || question === undefined || coerceDigits(ctx, '0') === undefined)) {
    return runAction(ctx, command, 'keys');
  }
  const number = keys.replace(/[*#]/g, '');
  const yesOrNo = number === '1' || number === '2';
  if (ctx.top?.kind === 'two_stage' && ctx.top.stage !== 'rephrase' && yesOrNo)
    return twoStage(ctx, ctx.top, saidByKey(number), new Map());
  if (question?.pending !== undefined && yesOrNo) {
    if (number === '2') dropPending(ctx);
    else {
      take(ctx, question.slot.name, question.pending.value);
      if (!(await validated(ctx, question.slot.name))) return;
    }
    return advance(ctx);
  }
  if (question !== undefined && question.slot.type === 'bool' && yesOrNo) {
    take(ctx, question.slot.name, number === '1');
    return answered(ctx, question.slot.name);
  }
  const value = coerceDigits(ctx, number);
  if (question !== undefined && value !== undefined) {
    if (question.pending !== undefined) dropPending(ctx);
    accept(ctx, question, { slot: question.slot.name, value, confidence: 1, weak: false });
    return answered(ctx, question.slot.name);
  }
  const choice = keyedChoice(ctx.state.offered, digits);
  return choice === undefined ? noMatch(ctx) : takeChoice(ctx, choice);
}

/** What is keyed is looked at by the application like what is said. */
async function answered(ctx: TurnContext, slot: string): Promise<void> {
  if (ctx.top?.kind === 'form') ctx.emit({ event: 'answered' });
  if (!(await validated(ctx, slot))) return;
  return advance(ctx);
}

/** `1` is yes, `2` no. */
function saidByKey(key: string): ParseResult {
  const intent = { name: key === '1' ? 'affirm' : 'deny', confidence: 1 };
  return { text: key, intent, ranking: [intent], entities: [], sentiment: 0, model: 'keys' };
}

/** The choice of a menu that keys take, where no question is open that they answer. */
export function keyedChoice(offered: readonly OfferedButton[], digits: string): OfferedButton | undefined {
  const number = digits.replace(/\D/g, '');
  return number.length <= 2 ? offered[Number(number) - 1] : undefined;
}

/**
 * The choice that a typed number takes of those shown last: the one that is called so ("2" of the sizes 1, 2, 4), or sends that, else the n-th. It counts before what the number means to the
 * question, since that is what its list is numbered by.
 */
export function typedChoice(offered: readonly OfferedButton[], text: string): OfferedButton | undefined {
  if (offered.length === 0 || text.length > MAX_TYPED_CHARS) return undefined;
  const key = plain(text);
  if (!/^\d{1,2}$/.test(key)) return undefined;
  return (
    offered.find(({ title, payload }) => plain(title) === key || plain(payload) === key) ?? offered[Number(key) - 1]
  );
}

/**
 * The key that a typed text stands for: one that works everywhere, or one that the open question names ("press one for yes"). Undefined for words, and for a choice that is offered: it is read as the words
 * it sends. Chinese keyboards write `＊` and `０`.
 */
export function typedKey(ctx: TurnContext, text: string): string | undefined {
  if (ctx.state.channel !== 'text' || text.length > MAX_TYPED_CHARS) return undefined;
  const key = plain(typedChoice(ctx.tracker.state.offered, text)?.payload ?? text);
  if (Object.hasOwn(COMMANDS, key)) return key;
  if (ctx.top?.kind === 'two_stage') return ctx.top.stage !== 'rephrase' && /^[12]$/.test(key) ? key : undefined;
  const question = questionOf(ctx.application, ctx.top);
  if (!/^\d{1,2}$/.test(key) || question === undefined) return undefined;
  const { slot, pending } = question;
  const named =
    pending !== undefined || slot.type === 'bool'
      ? key === '1' || key === '2'
      : slot.voice.keypad.has(key) || (slot.type === 'categorical' && slot.values[Number(key) - 1] !== undefined);
  return named ? key : undefined;
}

/** What a front end shows for a message that is a number, or what a button sends: the title of the choice. Undefined for words of one's own. */
export function titleOf(offered: readonly OfferedButton[], text: string): string | undefined {
  const pressed = text.trim();
  return (
    typedChoice(offered, text) ??
    (pressed.startsWith('/') ? offered.find(({ payload }) => payload === pressed) : undefined)
  )?.title;
}

const plain = (text: string): string => text.normalize('NFKC').trim();

/** A key and blanks around it. */
const MAX_TYPED_CHARS = 8;
const COMMANDS: Readonly<Record<string, string>> = { '0': 'action_hand_off', '*': 'action_repeat', '#': 'action_back' };

/** The answer that keys stand for: what the slot says itself, else by its type. */
function coerceDigits(ctx: TurnContext, digits: string): unknown {
  const question = questionOf(ctx.application, ctx.top);
  if (question === undefined || digits === '') return undefined;
  const { slot } = question;
  if (slot.voice.keypad.has(digits)) return coerce(slot, slot.voice.keypad.get(digits));
  if (slot.type === 'categorical') return slot.values[Number(digits) - 1];
  if (isDigitSlot(slot) || slot.type === 'float') return coerce(slot, digits);
  return fromKeys(slot.voice.type, digits, ctx.nowMs, ctx.application.timeZone);
}
