import type { ParseResult } from '../../nlu/intent-model.js';
import { readPayload } from '../payload.js';
import type { OfferedButton } from '../tracker/events.js';
import { runAction } from './act.js';
import { languageChosen, spokenCommand, switchLanguage } from './any-time.js';
import {
  answersInterrupted,
  changesEarlier,
  changesOnlyLater,
  completedTimes,
  correctsAnother,
  isNothingButValues,
  laterAnswers,
} from './beside.js';
import { dropTop } from './built-in.js';
import { declines } from './commands.js';
import { heardEntities, type TurnContext } from './context.js';
import { extractByActions, fillScope } from './extract.js';
import { accept, advance, dropPending, holdSlots, rewindTo, take } from './frames.js';
import { declinesQuestion, givesUp, giveUp } from './give-up.js';
import { validated } from './in-passing.js';
import { noMatch, notUnderstood } from './misunderstood.js';
import { takeRead, takesExtracted } from './own-reading.js';
import { joinedDigits } from './pieces.js';
import { type Question, questionOf } from './question.js';
import { hasReservation, isPutAsQuestion, isPutAsRequest, putInstead } from './requests.js';
import { firstOfSeveral, oneNumberAtATime } from './several-wishes.js';
import { type Fill, fillSlots } from './slots.js';
import { flowFor, startsSomething } from './starts.js';
import { timesInPlace } from './time-in-place.js';
import { applyFills, heardConfidence, reopens, respond } from './to-intent.js';
import { twoStage } from './two-stage.js';

/** Actions whose intents work at any time, also where any text would be an answer. */
const COMMANDS: ReadonlySet<string> = new Set([
  'action_hand_off',
  'action_repeat',
  'action_wait',
  'action_slower',
  'action_restart',
  'action_back',
  'action_cancel',
  'action_faster',
  'action_what_can_you_do',
  'utter_hand_off',
  'utter_what_can_you_do',
]);

/** A text message that has been read. */
export async function handleAnswer(ctx: TurnContext): Promise<void> {
  if (ctx.parse === undefined || ctx.parse.text.trim() === '') return noMatch(ctx);
  const chosen = languageChosen(ctx, ctx.parse.text);
  if (chosen === undefined && switchLanguage(ctx, ctx.parse)) return advance(ctx);
  const command = spokenCommand(ctx, ctx.parse);
  if (command !== undefined) {
    await runAction(ctx, command, 'command');
    return advance(ctx);
  }
  ctx.parse = firstOfSeveral(ctx, ctx.parse);
  const { parse } = ctx;
  // "算了，还是换货", "don't cancel it, change the address": what was begun is not come back to afterwards.
  const refused = parse.negated === undefined ? undefined : flowFor(ctx, parse.negated.name, parse.negated.confidence);
  const instead = parse.instead === true || (refused !== undefined && refused === ctx.loop);
  const wanted = instead ? flowFor(ctx, parse.intent.name, parse.intent.confidence) : undefined;
  if (wanted !== undefined && wanted !== ctx.loop) dropTop(ctx);
  if (answersInterrupted(ctx, parse)) dropTop(ctx);
  const known = ctx.state.slots;
  await extractByActions(ctx);
  const question = questionOf(ctx.application, ctx.top);
  const readAnswer = question === undefined ? null : (ctx.read.get(question.slot.name) ?? null);
  const said = fillSlots(ctx.application, parse, heardConfidence(ctx), fillScope(ctx));
  const told = readAnswer !== null || tellsValue(question, said);
  // "I don't want to return it" while it is being returned: that is given up, whatever was asked.
  if (!told && parse.negated !== undefined && givesUp(ctx, parse.negated)) {
    await runAction(ctx, 'action_cancel', 'command');
    return advance(ctx);
  }
  const fills = new Map(joinedDigits(ctx, timesInPlace(ctx, parse, completedTimes(ctx, parse, said))));
  if (chosen !== undefined)
    fills.set('language', { slot: 'language', value: chosen, confidence: heardConfidence(ctx), weak: false });
  oneNumberAtATime(ctx, parse, fills);
  takeRead(ctx, question, fills);
  if (ctx.top?.kind === 'two_stage') return twoStage(ctx, ctx.top, parse, fills);
  if (question === undefined) {
    applyFills(ctx, fills, undefined);
    ctx.start = { slots: ctx.state.slots, loop: ctx.loop };
    return respond(ctx, parse, fills);
  }
  if (takesExtracted(ctx, question, known, fills)) return advance(ctx);
  if (question.pending !== undefined) return confirmation(ctx, question, parse, fills);
  return answer(ctx, question, parse, fills);
}

/** "Not the white one, the red one": whatever is not wanted, the question is answered. */
function tellsValue(question: Question | undefined, said: ReadonlyMap<string, Fill>): boolean {
  const fill = question === undefined ? undefined : said.get(question.slot.name);
  return fill !== undefined && !fill.weak && typeof fill.value !== 'boolean';
}

/** A choice that was keyed is what its button sends: `/order_status{"order_number": "8765"}`, or words, which the brain has had read then. */
export async function takeChoice(ctx: TurnContext, { title, payload }: OfferedButton): Promise<void> {
  const parse = readPayload(payload, ctx.application) ?? ctx.parse;
  if (parse === undefined) return noMatch(ctx);
  ctx.parse = parse;
  ctx.emit({
    event: 'user',
    text: payload.slice(0, 1000),
    shown: title,
    intent: parse.intent.name,
    confidence: parse.intent.confidence,
    entities: heardEntities(parse),
    input: 'dtmf',
    channel: ctx.state.channel,
    messageId: ctx.message.messageId,
  });
  ctx.start = { slots: ctx.state.slots, loop: ctx.loop };
  return handleAnswer(ctx);
}

async function answer(
  ctx: TurnContext,
  question: Question,
  parse: ParseResult,
  fills: ReadonlyMap<string, Fill>,
): Promise<void> {
  const fill = fills.get(question.slot.name);
  const corrects = fill?.weak === true || fill?.value === false ? correctsAnother(ctx, parse, fills, question) : false;
  // "Yes, but …" wants something changed first.
  const agrees = fill?.value === true && parse.intent.name === 'affirm';
  const but = hasReservation(parse.text) && !changesOnlyLater(ctx, fills, question);
  const reserved = agrees && (but || changesEarlier(ctx, fills));
  // "快递太慢了" is what went wrong, and no wish to be spoken to slowly: words that may be the answer are it unless they surely are something else.
  const sureCommand =
    isCommand(ctx, parse) &&
    parse.intent.confidence >= VERY_SURE &&
    (!restarts(ctx, parse) || isPutAsRequest(parse.text));
  const passes =
    corrects ||
    reserved ||
    wantsAnother(ctx, parse, question, fill) ||
    (fill?.weak === true && asksBeside(ctx, question, parse)) ||
    (fill?.weak === true && (sureCommand || declinesQuestion(ctx, parse)));
  if (fill !== undefined && !passes) {
    if (fill.weak) return wholeWords(ctx, question, parse, fills, fill);
    applyFills(ctx, fills, question.slot.name);
    if (!accept(ctx, question, fill)) return noMatch(ctx);
    if (ctx.top?.kind === 'form') ctx.emit({ event: 'answered' });
    if (!(await validated(ctx, question.slot.name))) return;
    return advance(ctx);
  }
  return noAnswer(ctx, question, parse, fills);
}

/**
 * Any words would be the answer. Those that the application turns down without a word of its own are none, and what else they are is looked at; those that put another value in the place of
 * an earlier answer ("5 Wensan Road, Hangzhou", said to "which street?") take the flow back to that.
 */
async function wholeWords(
  ctx: TurnContext,
  question: Question,
  parse: ParseResult,
  fills: ReadonlyMap<string, Fill>,
  fill: Fill,
): Promise<void> {
  const { slot } = question;
  const { attempts } = ctx.state;
  if (!accept(ctx, question, fill)) return noMatch(ctx);
  if (ctx.top?.kind === 'form') ctx.emit({ event: 'answered' });
  const saidBefore = ctx.actions.length;
  if (!(await validated(ctx, slot.name))) return;
  const pending = questionOf(ctx.application, ctx.top)?.pending !== undefined;
  const turnedDown = !pending && (ctx.state.slots[slot.name] ?? null) === null;
  if (!turnedDown) {
    rewindTo(ctx, applyFills(ctx, fills, slot.name));
    return advance(ctx);
  }
  ctx.setNow.delete(slot.name);
  if (ctx.actions.length > saidBefore) return advance(ctx);
  ctx.emit({ event: 'counted', noMatch: ctx.state.noMatch, noInput: 0, attempts });
  // The words are heard once more, after the action that turned them down: rules look at what came last.
  ctx.emit({ event: 'taken_up', intent: parse.intent.name, entities: heardEntities(parse) });
  const others = new Map([...fills].filter(([name]) => name !== slot.name));
  return noAnswer(ctx, question, parse, others);
}

/**
 * Another wish, surely. Where any words would be the answer, only one that is put as a request; unless a kind of thing is asked for, and the words are only taken because none was heard in them
 * ("查电费", said to the question for an address).
 */
function wantsAnother(ctx: TurnContext, parse: ParseResult, { slot, step }: Question, fill: Fill | undefined): boolean {
  if (fill === undefined) return asksForAnother(ctx, parse);
  if (!fill.weak || !isOtherWish(ctx, parse)) return false;
  return isPutAsRequest(parse.text) || (slot.voice.type !== 'text' && step?.forceFilling !== true);
}

/**
 * "When are you open?", said in a flow where any words would be the answer: surely an intent that a rule answers, put as a question. What such a rule begins is a wish, and those are looked
 * at elsewhere. A form takes any text, as in Rasa, unless its mapping says which intents it wants.
 */
function asksBeside(ctx: TurnContext, { step }: Question, parse: ParseResult): boolean {
  if (step === undefined || step.forceFilling || notUnderstood(ctx)) return false;
  if (parse.intent.confidence < VERY_SURE || !isPutAsQuestion(parse.text)) return false;
  const answer = ctx.deps.index.fromRules(ctx.state, ctx.start)?.action;
  const { domain, flows } = ctx.application;
  return answer !== undefined && !domain.forms.has(answer) && !flows.has(answer);
}

function isCommand(ctx: TurnContext, parse: ParseResult): boolean {
  return !notUnderstood(ctx) && ctx.deps.index.firstActions(parse.intent.name).some((action) => COMMANDS.has(action));
}

/** "Cloudstart Ltd" is a name: all that was said is not forgotten for a word that may be the answer. */
function restarts(ctx: TurnContext, parse: ParseResult): boolean {
  return ctx.deps.index.firstActions(parse.intent.name).includes('action_restart');
}

/** What is said beside the question: another wish, a correction, an answer to what would be asked later. */
async function noAnswer(
  ctx: TurnContext,
  question: Question,
  parse: ParseResult,
  fills: ReadonlyMap<string, Fill>,
): Promise<void> {
  const fill = fills.get(question.slot.name);
  const command = isCommand(ctx, parse);
  if (wantsAnother(ctx, parse, question, fill)) return digress(ctx, parse, fills, question);
  // "算了", taken for the very thing that is under way, and not surely.
  const { name, confidence } = parse.intent;
  const again =
    ctx.loop !== null &&
    (flowFor(ctx, name, confidence) === ctx.loop || ctx.deps.index.firstActions(name).includes(ctx.loop));
  if (again && confidence < VERY_SURE && declinesQuestion(ctx, parse)) return giveUp(ctx);
  const later = laterAnswers(ctx, fills, question.slot.name);
  const corrected = applyFills(ctx, fills, question.slot.name);
  ctx.start = { slots: ctx.state.slots, loop: ctx.loop };
  if (corrected.length > 0 && !command) {
    // An answer given before was replaced: what depends on it is done again, and only what is unknown then is asked.
    if (!rewindTo(ctx, corrected)) reopens(ctx, fills);
    return advance(ctx);
  }
  // "43码": nothing but a value that is asked for later. It is an answer, whatever wish its words look like.
  const values = isNothingButValues(parse);
  const answers = values || (!command && !startsSomething(ctx, parse.intent.name, parse.intent.confidence));
  if (later.known && answers) return later.news ? advance(ctx) : noMatch(ctx);
  return respond(ctx, parse, fills);
}

async function confirmation(
  ctx: TurnContext,
  question: Question,
  parse: ParseResult,
  fills: ReadonlyMap<string, Fill>,
): Promise<void> {
  const { pending, slot } = question;
  const other = fills.get(slot.name);
  const intent = parse.intent.name;
  if (pending === undefined) return;
  const same = other !== undefined && (other.value === pending.value || isTailOf(other.value, pending.value, parse));
  // Any words would be the answer: those that say nothing else are another one.
  const reworded = other?.weak === true && notUnderstood(ctx) && !declines(parse.text);
  const changed = other !== undefined && (!other.weak || reworded) && !same && typeof other.value !== 'boolean';
  // "不对，是文三路66号", where any words were the answer.
  const instead = other?.weak === true && parse.model !== 'payload' ? putInstead(parse.text) : undefined;
  if (other !== undefined && instead !== undefined) {
    dropPending(ctx);
    if (!accept(ctx, question, { ...other, value: instead })) return noMatch(ctx);
    return advance(ctx);
  }
  if (changed) {
    // "No, it is 8766": the correction is read back in its turn.
    dropPending(ctx);
    if (!accept(ctx, question, other)) return noMatch(ctx);
    return advance(ctx);
  }
  if (intent === 'affirm' || (same && intent !== 'deny')) {
    const filled = ctx.top?.kind === 'flow' ? ctx.top.filled : [];
    take(ctx, slot.name, pending.value);
    // "Yes, but make it four": what was said beside the yes is said as well.
    const corrected = applyFills(ctx, fills, slot.name).filter((name) => filled.includes(name));
    if (!(await validated(ctx, slot.name))) return;
    if (corrected.length > 0) rewindTo(ctx, corrected);
    return advance(ctx);
  }
  if (declines(parse.text)) return respond(ctx, parse, fills);
  if (correctsAnother(ctx, parse, fills, question)) {
    // "No, the order is 8766", said to the read-back of something else: what was answered before is what was wrong.
    dropPending(ctx);
    const corrected = applyFills(ctx, fills, slot.name);
    ctx.start = { slots: ctx.state.slots, loop: ctx.loop };
    if (!rewindTo(ctx, corrected)) reopens(ctx, fills);
    return advance(ctx);
  }
  if (intent === 'deny' || intent === 'correct') {
    dropPending(ctx);
    ctx.emit({
      event: 'counted',
      noMatch: ctx.state.noMatch,
      noInput: 0,
      attempts: Math.min(ctx.state.attempts + 1, 2),
    });
    return advance(ctx);
  }
  if (asksForAnother(ctx, parse)) return digress(ctx, parse, fills, question);
  return respond(ctx, parse, fills);
}

/** "Yes, the one that ends in 8765", said to a longer number that does: it is the same one, unless something is put right. */
function isTailOf(said: unknown, pending: unknown, { intent, correction }: ParseResult): boolean {
  if (typeof said !== 'string' || typeof pending !== 'string' || !LAST_DIGITS.test(said)) return false;
  return pending.length > said.length && pending.endsWith(said) && correction !== true && intent.name !== 'deny';
}

const LAST_DIGITS = /^\d{3,}$/;

/** Surely a wish for something that is not under way: "where is order 40021987" while another one is being returned. */
function asksForAnother(ctx: TurnContext, parse: ParseResult): boolean {
  return parse.correction !== true && isOtherWish(ctx, parse);
}

function isOtherWish(ctx: TurnContext, parse: ParseResult): boolean {
  const { name, confidence } = parse.intent;
  if (notUnderstood(ctx) || confidence < VERY_SURE || isNothingButValues(parse)) return false;
  const flow = flowFor(ctx, name, confidence);
  return flow !== undefined && !ctx.state.stack.some((frame) => frame.kind === 'flow' && frame.flow === flow);
}

/** As sure as this, words that hold a value are a wish and not that value for what is under way. */
const VERY_SURE = 0.9;

/** The values that were said belong to the wish; what is under way has its own again afterwards. */
function digress(
  ctx: TurnContext,
  parse: ParseResult,
  fills: ReadonlyMap<string, Fill>,
  { slot }: Question,
): Promise<void> {
  holdSlots(
    ctx,
    [...fills.keys()].filter((name) => name !== slot.name),
  );
  applyFills(ctx, fills, slot.name);
  ctx.start = { slots: ctx.state.slots, loop: ctx.loop };
  return respond(ctx, parse, fills);
}
