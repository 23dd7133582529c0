import type { ParseResult } from '../../nlu/intent-model.js';
import type { BotAction, UserInput, UserMessage } from '../brain.js';
import type { TrackerEvent } from '../tracker/events.js';
import type { Tracker, TrackerState } from '../tracker/tracker.js';
import { giveUpStuck, runAction } from './act.js';
import { handleAnswer } from './answer.js';
import { ask } from './ask.js';
import { heardEntities, TurnContext } from './context.js';
import type { TurnDeps, TurnMode } from './deps.js';
import { advance } from './frames.js';
import { keyPressed, titleOf, typedKey } from './keys.js';
import { noInput, noMatch } from './misunderstood.js';
import { predictLoop } from './predict.js';
import { expectationOf, questionOf } from './question.js';
import { takeUpWishes } from './several-wishes.js';

export interface TurnOutcome {
  readonly state: TrackerState;
  readonly events: readonly TrackerEvent[];
  readonly actions: readonly BotAction[];
  readonly noMatch: boolean;
  /** The title of the choice that was taken by its number or its button. */
  readonly shown?: string;
}

/**
 * One turn: the tracker and a message (read already, if it was text) give the new state, what happened, and what the channel shall do. The tracker given is
 * not changed; the same input gives the same outcome, apart from what the application's own actions do. Rejects with EffectNeeded in a rehearsal only.
 */
export async function runTurn(
  deps: TurnDeps,
  tracker: Tracker,
  message: UserMessage,
  parse: ParseResult | undefined,
  nowMs: number,
  mode: TurnMode = {},
): Promise<TurnOutcome> {
  const ctx = new TurnContext(deps, tracker, message, parse, nowMs, mode);
  if (tracker.state.turn === tracker.state.sessionTurn) {
    ctx.emit({
      event: 'session_started',
      language: ctx.state.language,
      channel: message.channel,
      ...(message.sender === undefined ? {} : { sender: message.sender }),
    });
  }
  // Rasa lets an application do something of its own when a session begins.
  if (tracker.state.turn === tracker.state.sessionTurn && deps.application.domain.actions.has('action_session_start'))
    await runAction(ctx, 'action_session_start', 'session');
  const shown =
    message.input.type === 'text' && message.channel === 'text'
      ? titleOf(tracker.state.offered, message.input.text)
      : undefined;
  ctx.emit({
    event: 'user',
    text: inputText(message.input),
    ...(shown === undefined ? {} : { shown }),
    intent: parse?.intent.name ?? (message.input.type === 'event' ? message.input.name : ''),
    confidence: parse?.intent.confidence ?? 1,
    entities: heardEntities(parse),
    input: message.input.type,
    channel: message.channel,
    messageId: message.messageId,
    ...(parse === undefined ? {} : { model: parse.model }),
  });
  ctx.start = { slots: ctx.state.slots, loop: ctx.loop };
  await dispatch(ctx, message.input);
  if (!ctx.ended) await finish(ctx);
  return {
    state: ctx.state,
    events: ctx.events,
    actions: ctx.actions,
    noMatch: ctx.noMatch,
    ...(shown === undefined ? {} : { shown }),
  };
}

async function dispatch(ctx: TurnContext, input: UserInput): Promise<void> {
  if (input.type === 'dtmf') return keyPressed(ctx, input.digits);
  if (input.type === 'text') {
    const key = typedKey(ctx, input.text);
    return key === undefined ? handleAnswer(ctx) : keyPressed(ctx, key);
  }
  switch (input.name) {
    case 'start':
      return begin(ctx);
    case 'no_input':
      return noInput(ctx, input.attempt);
    case 'no_match':
      return noMatch(ctx, input.attempt);
    case 'transfer_failed':
      ctx.emit({ event: 'hand_off_failed' });
      // Who could not be understood before has all their chances anew: the next word must not ring in vain again.
      ctx.emit({ event: 'counted', noMatch: 0, noInput: 0, attempts: ctx.state.attempts });
      if (!(await predictLoop(ctx))) ctx.sayFirst(['utter_transfer_failed', 'utter_default']);
      return;
  }
}

/** The greeting: a rule for `session_start` (or one with `conversation_start`), else `utter_greet`. A caller who comes back hears the open question. */
async function begin(ctx: TurnContext): Promise<void> {
  if (ctx.state.turn - ctx.state.sessionTurn > 1 && questionOf(ctx.application, ctx.top) !== undefined) {
    ctx.sayFirst(['utter_welcome_back']);
    return;
  }
  const first = ctx.deps.index.firstActions('session_start');
  if (first.length > 0) {
    for (const action of first) await runAction(ctx, action, 'rule');
    return;
  }
  ctx.sayFirst(['utter_greet', 'utter_welcome']);
}

/** After the message: what was begun goes on, what was interrupted is come back to, and the channel learns what to expect. */
async function finish(ctx: TurnContext): Promise<void> {
  await advance(ctx);
  await takeUpWishes(ctx);
  giveUpStuck(ctx);
  if (ctx.ended) return;
  await ask(ctx);
  // Nothing came of it (a correction with nothing to correct, "repeat" before a word was said): on the phone that would be silence.
  const silent = !ctx.actions.some((action) => action.type === 'say');
  if (silent && ctx.state.channel === 'voice') ctx.sayFirst(['utter_ask_wish', 'utter_ask_rephrase', 'utter_default']);
  if (!ctx.noMatch && ctx.message.input.type !== 'event' && (ctx.state.noMatch > 0 || ctx.state.noInput > 0)) {
    ctx.emit({ event: 'counted', noMatch: 0, noInput: 0, attempts: ctx.state.attempts });
  }
  // Buttons are only good for the turn that offered them.
  const offeredNow = ctx.events.some((event) => event.event === 'offered');
  if (!offeredNow && ctx.state.offered.length > 0 && !ctx.noMatch && ctx.message.input.type !== 'event')
    ctx.emit({ event: 'offered', buttons: [] });
  const expectation = expectationOf(ctx.application, ctx.state);
  ctx.emit({ event: 'expected', expectation });
  ctx.actions.push({ type: 'expect', expectation });
}

function inputText(input: UserInput): string {
  if (input.type === 'text') return input.text.slice(0, 1000);
  return input.type === 'dtmf' ? input.digits.slice(0, 64) : '';
}
