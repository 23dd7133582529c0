import type { ParseResult } from '../../nlu/intent-model.js';
import { commandOf } from './commands.js';
import type { TurnContext } from './context.js';
import { changeLanguage, languageAsked, languageWritten } from './language.js';
import { notUnderstood } from './misunderstood.js';
import { questionOf } from './question.js';
import { startsSomething } from './starts.js';

/** What a caller may say at any time, whatever is asked: another language, "repeat", "a person". */

/** As sure as this of an intent of its own, an application knows better than the words of a command. */
const SURE = 0.7;
/** The same while a question is open: "hold on" is then said to that. */
const SURE_BESIDE_QUESTION = 0.9;

/** The language asked for when which one is the open question: a menu's answer, not a wish to change. */
export function languageChosen(ctx: TurnContext, text: string): string | undefined {
  const question = questionOf(ctx.application, ctx.top);
  if (question?.slot.name !== 'language' || question.pending !== undefined) return undefined;
  return languageAsked(text, ctx.application.languages);
}

/** Follows the caller into another language. True when that was all they asked for; a typed wish in it is answered as well. */
export function switchLanguage(ctx: TurnContext, parse: ParseResult): boolean {
  const { languages } = ctx.application;
  const asked = languageAsked(parse.text, languages);
  if (asked !== undefined) {
    changeLanguage(ctx, asked);
    ctx.say('utter_language_changed');
    return true;
  }
  const { input } = ctx.message;
  const heardIn = input.type === 'text' ? input.language : undefined;
  if (heardIn !== undefined && languages.includes(heardIn)) changeLanguage(ctx, heardIn);
  // What a button sends is in no language.
  const typed = ctx.state.channel === 'text' && parse.model !== 'payload';
  const written = typed ? languageWritten(parse.text, languages) : undefined;
  const { name, confidence } = parse.intent;
  if (written !== undefined && confidence >= SURE && !notUnderstood(ctx) && startsSomething(ctx, name, confidence))
    changeLanguage(ctx, written);
  return false;
}

/**
 * "Repeat", "a person" and their like, said whole. They are the caller's way out and win over an intent of the application's that only sounds similar. It has its own way with them where its
 * rule does the same thing, or where one of the intent's examples is this very command.
 */
export function spokenCommand(ctx: TurnContext, parse: ParseResult): string | undefined {
  const command = parse.model === 'payload' ? undefined : commandOf(parse.text);
  if (command === undefined) return undefined;
  const intent = parse.intent.name;
  const own = !notUnderstood(ctx) && startsSomething(ctx, intent, parse.intent.confidence);
  if (!own) return command;
  if (ctx.deps.index.leadsTo(intent, new Set([command]))) return undefined;
  const { ownCommands } = ctx.application;
  const meant = ownCommands === undefined || ownCommands.get(intent)?.has(command) === true;
  const sure = questionOf(ctx.application, ctx.top) === undefined ? SURE : SURE_BESIDE_QUESTION;
  return meant && parse.intent.confidence >= sure ? undefined : command;
}
