import { nameIn } from '../app/flow-names.js';
import { CONTINUE_MARK } from '../continue/words.js';
import type { Frame } from '../tracker/events.js';
import { ask } from './ask.js';
import type { TurnContext } from './context.js';
import { dropPending, startFlow } from './frames.js';
import { questionOf } from './question.js';

/** `policy`: who wants it done. */
type BuiltIn = (ctx: TurnContext, policy: string) => Promise<void> | void;

/** What "slower" and "faster" mean from then on, and how slowly the words are repeated for which it was asked. Synthesisers stay clear in between. */
const RATES = { slowest: 0.75, slow: 0.85, normal: 1, fast: 1.15 } as const;

const BUILT_IN: Readonly<Record<string, BuiltIn>> = {
  action_listen: () => {},
  action_extract_slots: () => {},
  action_unlikely_intent: () => {},
  action_revert_fallback_events: () => {},
  action_session_start: () => {},
  action_restart: restart,
  action_back: back,
  action_cancel: cancel,
  action_correct: correct,
  action_repeat: (ctx) => repeat(ctx),
  // The question stays open; whoever asks for it then hears it again.
  action_wait: (ctx) => {
    ctx.sayAside('utter_take_your_time');
    ctx.asked = true;
  },
  action_slower: slower,
  action_faster: faster,
  action_what_can_you_do: whatCanYouDo,
  action_forget_me: forgetMe,
  // A flow that gives up is no wish of the caller's.
  action_hand_off: (ctx, policy) =>
    handOff(ctx, policy === 'flow' && ctx.top?.kind === 'flow' ? `flow: ${ctx.top.flow}` : 'requested'),
  action_hang_up: (ctx) => ctx.hangUp('completed'),
  action_reset_slots: resetSlots,
  action_start_recording: (ctx) => ctx.record('start'),
  action_pause_recording: (ctx) => ctx.record('pause'),
  action_resume_recording: (ctx) => ctx.record('resume'),
  action_stop_recording: (ctx) => ctx.record('stop'),
  // The code is put in its place outside the turn (see linkedBrain), so that saying it again gives a good one.
  action_continue_elsewhere: (ctx) => ctx.sayText(CONTINUE_MARK),
  action_deactivate_loop: (ctx) => {
    if (ctx.top !== undefined) ctx.pop();
    ctx.emit({ event: 'slot', name: 'requested_slot', value: null });
    ctx.emit({ event: 'active_loop', name: null, completed: false });
  },
  action_default_fallback: (ctx) => {
    ctx.noMatch = true;
    ctx.say('utter_default');
  },
  action_default_ask_rephrase: (ctx) => {
    ctx.say('utter_ask_rephrase');
  },
  action_default_ask_affirmation: askAffirmation,
  action_two_stage_fallback: (ctx) => {
    ctx.noMatch = true;
    const guess = ctx.parse?.ranking.find((rank) => rank.name !== 'nlu_fallback' && rank.name !== 'out_of_scope');
    if (guess === undefined) ctx.say('utter_ask_rephrase');
    ctx.push(
      guess === undefined
        ? { kind: 'two_stage', stage: 'rephrase', intent: '' }
        : { kind: 'two_stage', stage: 'affirm', intent: guess.name },
    );
    if (guess !== undefined) askAffirmation(ctx);
  },
};

export function builtIn(name: string): BuiltIn | undefined {
  return BUILT_IN[name];
}

/** Says that a person takes over, unless a rule has said something already, and hands over. */
export function handOff(ctx: TurnContext, reason: string): void {
  if (!ctx.actions.some((action) => action.type === 'say')) ctx.say('utter_hand_off');
  ctx.handOff(reason);
}

/** "Did you mean …?" about the frame on top. */
export function askAffirmation(ctx: TurnContext): void {
  const frame = ctx.top;
  const intent = frame?.kind === 'two_stage' ? frame.intent : (ctx.parse?.ranking[0]?.name ?? '');
  const title = ctx.application.domain.responses.get(`utter_title_${intent}`);
  const words =
    title?.variations.find((variation) => (variation.language ?? ctx.application.language) === ctx.state.language) ??
    title?.variations[0];
  ctx.sayFirst(['utter_ask_affirmation', 'utter_default_ask_affirmation', 'utter_ask_rephrase'], {
    intent_title: words?.text ?? intent.replaceAll('_', ' '),
  });
}

function repeat(ctx: TurnContext, rate?: number): void {
  const { said, offered } = ctx.state;
  for (const [at, each] of said.entries())
    ctx.sayText(each.text, each.speech, each.bargeIn, rate, at === said.length - 1 ? offered : []);
  // Whoever hears a menu once more may still press its keys.
  if (said.length > 0 && offered.length > 0) ctx.emit({ event: 'offered', buttons: offered });
  // What was said last ended with the open question.
  if (said.length > 0) ctx.asked = true;
}

/** Once more, slowly; and what comes after stays a little slower than before. */
function slower(ctx: TurnContext): void {
  const { rate } = ctx.state;
  ctx.emit({
    event: 'rate',
    rate: rate > RATES.normal ? RATES.normal : rate > RATES.slow ? RATES.slow : RATES.slowest,
  });
  repeat(ctx, RATES.slowest);
}

function faster(ctx: TurnContext): void {
  ctx.emit({ event: 'rate', rate: ctx.state.rate < RATES.normal ? RATES.normal : RATES.fast });
  repeat(ctx);
}

/** The application's own words, else the names of its flows in the language spoken: one that has none in it is left out. */
function whatCanYouDo(ctx: TurnContext): void {
  if (ctx.has('utter_what_can_you_do')) {
    ctx.say('utter_what_can_you_do');
    return;
  }
  const { flows, language: own } = ctx.application;
  const { language } = ctx.state;
  const names = [...flows.values()]
    .filter((flow) => flow.triggers.length > 0)
    .flatMap((flow) => nameIn(flow, language, own) ?? []);
  if (names.length === 0) ctx.say('utter_what_can_you_do');
  else ctx.say('utter_what_can_you_do_list', { choices: names.slice(0, 6) });
}

/** Erases what is kept about the caller beyond this conversation; the brain sees the withdrawn consent after the turn. */
function forgetMe(ctx: TurnContext): void {
  for (const slot of ctx.application.domain.slots.values()) if (slot.profile) ctx.setSlot(slot.name, null);
  ctx.setSlot('profile_consent', false);
  ctx.say('utter_forgotten');
}

function restart(ctx: TurnContext): void {
  ctx.emit({ event: 'restart' });
  ctx.asked = false;
  ctx.say('utter_restart');
}

/** Forgets the last answer and asks for it again; with none given, leaves what was begun. */
async function back(ctx: TurnContext): Promise<void> {
  const frame = ctx.top;
  if (frame === undefined || frame.kind === 'two_stage') {
    ctx.say('utter_nothing_to_go_back_to');
    return;
  }
  if (frame.pending !== undefined) {
    dropPending(ctx);
    return;
  }
  const last = frame.kind === 'flow' ? frame.filled.at(-1) : lastFilled(ctx, frame);
  if (last === undefined) {
    // Nothing was answered in what was called: back is to the last answer before the call.
    if (frame.kind === 'flow' && frame.called) {
      drop(ctx, frame);
      return back(ctx);
    }
    cancel(ctx);
    return;
  }
  ctx.setSlot(last, null);
  if (frame.kind === 'form') ctx.replace({ kind: 'form', form: frame.form, slot: last });
  else {
    const step = [...(ctx.application.flows.get(frame.flow)?.steps.values() ?? [])].find(
      (each) => each.kind === 'collect' && each.slot === last,
    );
    ctx.replace({ ...frame, step: step?.id ?? frame.step, filled: frame.filled.slice(0, -1) });
  }
  await ask(ctx);
}

function lastFilled(ctx: TurnContext, frame: Extract<Frame, { kind: 'form' }>): string | undefined {
  return ctx.application.domain.forms
    .get(frame.form)
    ?.requiredSlots.findLast((slot) => (ctx.state.slots[slot] ?? null) !== null);
}

function cancel(ctx: TurnContext): void {
  if (ctx.top === undefined) return;
  dropTop(ctx);
  ctx.say('utter_cancelled');
}

/** Gives up what is under way, without a word; with what was called also what called it, which can't go on as if it had been done. */
export function dropTop(ctx: TurnContext): void {
  let frame = ctx.top;
  while (frame !== undefined) {
    drop(ctx, frame);
    frame = frame.kind === 'flow' && frame.called ? ctx.top : undefined;
  }
}

function drop(ctx: TurnContext, frame: Frame): void {
  ctx.pop();
  if (frame.kind === 'flow') {
    ctx.emit({ event: 'flow_cancelled', flow: frame.flow });
    const flow = ctx.application.flows.get(frame.flow);
    for (const slot of frame.filled) if (!flow?.persistedSlots.includes(slot)) ctx.setSlot(slot, null);
  } else if (frame.kind === 'form') {
    ctx.emit({ event: 'slot', name: 'requested_slot', value: null });
    ctx.emit({ event: 'active_loop', name: null, completed: false });
  }
}

/** "No, that's wrong": the last answer of what is under way, or of what was just finished, is asked for again. */
async function correct(ctx: TurnContext): Promise<void> {
  const frame = ctx.top;
  if (frame?.kind === 'flow' && frame.filled.length > 0) return back(ctx);
  if (questionOf(ctx.application, frame)?.pending !== undefined) {
    dropPending(ctx);
    return;
  }
  const finished = ctx.state.completed.findLast((id) => asksForValue(ctx, id));
  const open = ctx.state.stack.some((other) => other.kind === 'flow' && other.flow === finished);
  if (finished !== undefined && !open && questionOf(ctx.application, frame)?.slot.type !== 'text')
    startFlow(ctx, finished);
  // Nothing there to be corrected, and no question that is asked again.
  else if (frame === undefined) ctx.sayFirst(['utter_ask_wish', 'utter_ask_rephrase', 'utter_default']);
}

/** A flow that asks for more than yes and no. */
function asksForValue(ctx: TurnContext, id: string): boolean {
  return [...(ctx.application.flows.get(id)?.steps.values() ?? [])].some(
    (step) => step.kind === 'collect' && ctx.application.domain.slots.get(step.slot)?.type !== 'bool',
  );
}

function resetSlots(ctx: TurnContext): void {
  for (const [name, value] of Object.entries(ctx.state.slots)) {
    const initial = ctx.deps.initialSlots[name] ?? null;
    if (value !== initial) ctx.emit({ event: 'slot', name, value: initial });
  }
}
