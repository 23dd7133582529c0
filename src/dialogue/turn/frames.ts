import type { Flow, FlowStep } from '../app/types.js';
import type { Frame } from '../tracker/events.js';
import { runAction } from './act.js';
import { ask, confirmNames } from './ask.js';
import type { TurnContext } from './context.js';
import { takePassing } from './in-passing.js';
import { predictLoop } from './predict.js';
import { type Question, questionOf } from './question.js';
import type { Fill } from './slots.js';

/** Flows and forms: what is on the stack is run until it needs the caller. */

type FlowFrame = Extract<Frame, { kind: 'flow' }>;
type FormFrame = Extract<Frame, { kind: 'form' }>;
type CollectStep = Extract<FlowStep, { kind: 'collect' }>;

/** Runs the stack until a question is open, the conversation is over, or nothing is left to do. */
export async function advance(ctx: TurnContext): Promise<void> {
  while (!ctx.ended && ctx.step()) {
    const frame = ctx.top;
    if (frame === undefined) return;
    const waits =
      frame.kind === 'two_stage' ? true : frame.kind === 'form' ? await runForm(ctx, frame) : await runFlow(ctx, frame);
    if (waits) return;
  }
}

/** Puts a flow on the stack. One that has been completed before asks anew for what this message did not say. */
export function startFlow(ctx: TurnContext, id: string, called = false): void {
  const flow = ctx.application.flows.get(id);
  if (flow === undefined) return;
  if (ctx.state.completed.includes(id)) {
    for (const step of flow.steps.values()) {
      if (step.kind !== 'collect' || ctx.setNow.has(step.slot) || (ctx.state.slots[step.slot] ?? null) === null)
        continue;
      if (!holdsStill(ctx, flow, step.slot)) ctx.setSlot(step.slot, null);
    }
  }
  ctx.emit({ event: 'flow_started', flow: id });
  resetAttempts(ctx);
  ctx.push({ kind: 'flow', flow: id, step: flow.first, called, filled: [] });
}

/** What is kept after a flow and depends on a value that is said again now is still right: another value would have made it unknown. */
function holdsStill(ctx: TurnContext, flow: Flow, slot: string): boolean {
  const dependsOn = ctx.application.domain.slots.get(slot)?.dependsOn ?? [];
  return flow.persistedSlots.includes(slot) && dependsOn.some((name) => ctx.setNow.has(name));
}

/**
 * Goes on with another flow, from a link or as a rule's action. What is open further down is gone back to, not opened a second time; a flow whose `if` does not hold
 * is left out: `context.resuming` there is true when something else is open and will be come back to.
 */
export function linkTo(ctx: TurnContext, id: string): void {
  if (ctx.state.stack.some((frame) => frame.kind === 'flow' && frame.flow === id)) return;
  const guard = ctx.application.flows.get(id)?.guard;
  const context = {
    channel: ctx.state.channel,
    language: ctx.state.language,
    resuming: ctx.state.stack.length > 0 || ctx.state.later.length > 0,
  };
  if (guard?.test({ slots: ctx.state.slots, context }) === false) return;
  startFlow(ctx, id);
}

export function startForm(ctx: TurnContext, form: string): void {
  ctx.emit({ event: 'action', name: form, policy: 'form' });
  if (ctx.top?.kind === 'form' && ctx.top.form === form) return;
  // What a validating action wished for was for its own form.
  ctx.requested = undefined;
  resetAttempts(ctx);
  ctx.emit({ event: 'active_loop', name: form, completed: false });
  ctx.push({ kind: 'form', form });
  fillFromTrigger(ctx, form);
}

/** Slots that the intent which began the form fills. */
function fillFromTrigger(ctx: TurnContext, form: string): void {
  const intent = ctx.parse?.intent.name;
  if (intent === undefined) return;
  for (const name of ctx.application.domain.forms.get(form)?.requiredSlots ?? []) {
    for (const mapping of ctx.application.domain.slots.get(name)?.mappings ?? []) {
      if (
        mapping.type !== 'from_trigger_intent' ||
        !mapping.intents.includes(intent) ||
        mapping.notIntents.includes(intent)
      )
        continue;
      ctx.setSlot(name, mapping.value);
    }
  }
}

/** Before another wish gives slots new values: what the flows under way were about is kept for them. */
export function holdSlots(ctx: TurnContext, slots: readonly string[]): void {
  const frames = ctx.state.stack.map((frame): Frame => {
    if (frame.kind !== 'flow') return frame;
    const own = frame.filled.filter((slot) => slots.some((other) => slot === other || hangsOn(ctx, slot, other)));
    const values = Object.fromEntries(own.map((slot) => [slot, ctx.state.slots[slot]]));
    return own.length === 0 ? frame : { ...frame, held: { ...values, ...frame.held } };
  });
  ctx.emit({ event: 'stack', frames });
}

/** Before another wish that may ask for the same things: the flows under way keep all that they have been told. */
export function holdFilled(ctx: TurnContext): void {
  const filled = ctx.state.stack.flatMap((frame) => (frame.kind === 'flow' ? frame.filled : []));
  if (filled.length > 0) holdSlots(ctx, filled);
}

/** A slot becomes unknown with another one that it depends on, or that one of those depends on. */
function hangsOn(ctx: TurnContext, slot: string, other: string, seen: readonly string[] = []): boolean {
  const needed = ctx.application.domain.slots.get(slot)?.dependsOn ?? [];
  return needed.some((each) => each === other || (!seen.includes(each) && hangsOn(ctx, each, other, [...seen, slot])));
}

/** The flow has its turn again: it is about what it was about, and what it found out of that is found out anew. */
function takeBack(ctx: TurnContext, { held = {}, ...frame }: FlowFrame): void {
  ctx.replace(frame);
  const changed = Object.keys(held).filter(
    (slot) => JSON.stringify(ctx.state.slots[slot]) !== JSON.stringify(held[slot]),
  );
  for (const slot of changed) {
    ctx.setSlot(slot, held[slot]);
    ctx.setNow.delete(slot);
  }
  const { filled } = frame;
  // The caller has changed nothing about it: what they said yes or no to holds.
  if (rewindTo(ctx, changed) && ctx.top?.kind === 'flow') ctx.replace({ ...ctx.top, filled });
}

/** True when it waits for the caller. */
async function runFlow(ctx: TurnContext, frame: FlowFrame): Promise<boolean> {
  if (frame.held !== undefined) {
    takeBack(ctx, frame);
    return false;
  }
  const step = ctx.application.flows.get(frame.flow)?.steps.get(frame.step);
  if (step === undefined) {
    completeFlow(ctx, frame);
    return false;
  }
  switch (step.kind) {
    case 'collect':
      return collect(ctx, frame, step);
    case 'action':
      await runAction(ctx, step.action, 'flow');
      goTo(ctx, frame, step);
      return false;
    case 'set_slots':
      for (const { name, value } of step.slots) ctx.setSlot(name, value);
      forget(
        ctx,
        frame,
        step.slots.filter(({ value }) => value === null).map(({ name }) => name),
      );
      goTo(ctx, frame, step);
      return false;
    case 'noop':
      goTo(ctx, frame, step);
      return false;
    case 'call':
      goTo(ctx, frame, step);
      startFlow(ctx, step.flow, true);
      return false;
    case 'link': {
      completeFlow(ctx, frame);
      linkTo(ctx, step.flow);
      return false;
    }
  }
}

/** The flow takes an answer back, to ask once more: what was said yes or no to after it is asked again too. */
function forget(ctx: TurnContext, frame: FlowFrame, slots: readonly string[]): void {
  const at = frame.filled.findIndex((slot) => slots.includes(slot));
  if (at !== -1) ctx.replace({ ...frame, filled: frame.filled.slice(0, at) });
}

/** To the step that follows, by the first condition that holds. The frame may meanwhile lie under others. */
function goTo(ctx: TurnContext, frame: FlowFrame, step: FlowStep): void {
  const scope = {
    slots: ctx.state.slots,
    context: { flow: frame.flow, channel: ctx.state.channel, language: ctx.state.language },
  };
  const branch = step.next.find((each) => each.when === undefined || each.when.test(scope));
  const at = ctx.state.stack.findLastIndex(
    (other) => other.kind === 'flow' && other.flow === frame.flow && other.step === frame.step,
  );
  if (at === -1) return;
  const { pending: _, ...rest } = ctx.state.stack[at] as FlowFrame;
  const moved: FlowFrame = { ...rest, step: branch?.to ?? END };
  ctx.emit({ event: 'stack', frames: ctx.state.stack.map((other, index) => (index === at ? moved : other)) });
  ctx.asked = false;
}

/** No step has this id: a flow that stands here is complete. */
const END = '\u0000end';

async function collect(ctx: TurnContext, frame: FlowFrame, step: CollectStep): Promise<boolean> {
  const value = ctx.state.slots[step.slot] ?? null;
  const known =
    value !== null && (!step.askBeforeFilling || frame.filled.includes(step.slot) || ctx.setNow.has(step.slot));
  if (!known || frame.pending !== undefined) {
    await ask(ctx);
    return true;
  }
  const scope = { slots: ctx.state.slots, context: {} };
  const rejected = step.rejections.find((rejection) => rejection.when.test(scope));
  if (rejected !== undefined) {
    ctx.setSlot(step.slot, null);
    ctx.setNow.delete(step.slot);
    ctx.say(rejected.utter);
    await ask(ctx);
    return true;
  }
  if (await opensAnew(ctx)) return true;
  if (!frame.filled.includes(step.slot)) ctx.replace({ ...frame, filled: [...frame.filled, step.slot] });
  resetAttempts(ctx);
  goTo(ctx, ctx.top as FlowFrame, step);
  return false;
}

/** A value given in passing that is not known after all, or is read back first: the question is open. */
async function opensAnew(ctx: TurnContext): Promise<boolean> {
  const question = questionOf(ctx.application, ctx.top);
  if (question === undefined || ctx.state.inPassing?.includes(question.slot.name) !== true) return false;
  const canConfirm = confirmNames(question).some((name) => ctx.has(name));
  const outcome = await takePassing(ctx, question.slot, canConfirm);
  if (outcome === 'gone' || outcome === 'read back') await ask(ctx);
  return outcome !== 'known';
}

function completeFlow(ctx: TurnContext, frame: FlowFrame): void {
  const flow = ctx.application.flows.get(frame.flow);
  ctx.pop();
  ctx.emit({ event: 'flow_completed', flow: frame.flow });
  for (const step of flow?.steps.values() ?? []) {
    if (step.kind !== 'collect' || !step.resetAfterFlowEnds || flow?.persistedSlots.includes(step.slot)) continue;
    if ((ctx.state.slots[step.slot] ?? null) !== null) ctx.setSlot(step.slot, null);
  }
  if (!frame.called && questionOf(ctx.application, ctx.top) !== undefined) ctx.say('utter_flow_continue_interrupted');
}

async function runForm(ctx: TurnContext, frame: FormFrame): Promise<boolean> {
  const form = ctx.application.domain.forms.get(frame.form);
  if (frame.pending !== undefined) {
    await ask(ctx);
    return true;
  }
  const required = form?.requiredSlots ?? [];
  const passing = required.find((slot) => ctx.state.inPassing?.includes(slot));
  if (passing !== undefined) {
    ctx.replace({ kind: 'form', form: frame.form, slot: passing });
    return opensAnew(ctx);
  }
  const next = nextOfForm(ctx, required);
  if (next !== undefined && next === frame.slot && ctx.asked) return true;
  if (next !== undefined) {
    if (!ctx.events.some((event) => event.event === 'action' && event.name === frame.form)) {
      ctx.emit({ event: 'action', name: frame.form, policy: 'form' });
    }
    if (next !== frame.slot) {
      resetAttempts(ctx);
      ctx.replace({ kind: 'form', form: frame.form, slot: next });
    }
    // Also where another form that lay over it has left its own there.
    if (ctx.state.slots.requested_slot !== next) ctx.emit({ event: 'slot', name: 'requested_slot', value: next });
    await ask(ctx);
    return true;
  }
  ctx.pop();
  ctx.requested = undefined;
  ctx.emit({ event: 'slot', name: 'requested_slot', value: null });
  ctx.emit({ event: 'action', name: frame.form, policy: 'form' });
  ctx.emit({ event: 'active_loop', name: null, completed: true });
  ctx.start = { slots: ctx.state.slots, loop: null };
  await predictLoop(ctx);
  return false;
}

/** The slot a form asks for next; undefined = it is complete. A validating action may name another one, or end it by naming none. */
function nextOfForm(ctx: TurnContext, required: readonly string[]): string | undefined {
  const missing = (slot: string): boolean => (ctx.state.slots[slot] ?? null) === null;
  const named = ctx.requested;
  if (named === null) return undefined;
  return named !== undefined && missing(named) && ctx.application.domain.slots.has(named)
    ? named
    : required.find(missing);
}

/**
 * Takes an answer to the open question: at once, with a read-back in passing, or as pending until the caller says yes, by how sure we are. False when it was
 * too unsure to be taken at all.
 */
export function accept(ctx: TurnContext, question: Question, fill: Fill): boolean {
  const frame = ctx.top;
  if (frame === undefined || frame.kind === 'two_stage') return false;
  const { slot } = question;
  const spoken = ctx.state.channel === 'voice' && ctx.message.input.type === 'text';
  const policy = slot.voice.confirm;
  const canConfirm = confirmNames(question).some((name) => ctx.has(name));
  const sure = policy === 'never' || (policy === 'auto' && (!spoken || fill.confidence >= slot.voice.implicitFrom));
  if (sure || !canConfirm) {
    take(ctx, slot.name, fill.value);
    if (spoken && policy === 'auto') ctx.say(`utter_confirm_implicit_${slot.name}`);
    return true;
  }
  if (policy === 'auto' && spoken && fill.confidence < slot.voice.askAgainBelow) return false;
  ctx.replace({ ...frame, pending: { slot: slot.name, value: fill.value, confidence: fill.confidence } });
  return true;
}

/** The value is the caller's word. */
export function take(ctx: TurnContext, slot: string, value: unknown): void {
  dropPending(ctx);
  ctx.setSlot(slot, value);
  ctx.setNow.add(slot);
  ctx.asked = false;
  resetAttempts(ctx);
}

export function dropPending(ctx: TurnContext): void {
  const frame = ctx.top;
  if (frame === undefined || frame.kind === 'two_stage' || frame.pending === undefined) return;
  const { pending: _, ...rest } = frame;
  ctx.replace(rest);
}

/**
 * Goes back to the first step of the active flow that asked for one of these slots, so that what follows is done again; what is always to be asked (`ask_before_filling`) is
 * asked again too.
 */
export function rewindTo(ctx: TurnContext, slots: readonly string[]): boolean {
  const frame = ctx.top;
  if (frame?.kind !== 'flow') return false;
  const flow = ctx.application.flows.get(frame.flow);
  const at = frame.filled.findIndex((name) => slots.includes(name));
  const collects = [...(flow?.steps.values() ?? [])].filter((each) => each.kind === 'collect');
  const step = collects.find((each) => each.slot === frame.filled[at]);
  // Said in passing, so that its own step was not needed: what depends on it is worked out from the beginning.
  const skipped = collects.some((each) => slots.includes(each.slot) && hasDependents(ctx, each.slot));
  const to = step?.id ?? (skipped ? flow?.first : undefined);
  if (to === undefined) return false;
  const { pending: _, filled, ...rest } = frame;
  ctx.replace({ ...rest, step: to, filled: step === undefined ? [] : filled.slice(0, at) });
  resetAttempts(ctx);
  return true;
}

function hasDependents(ctx: TurnContext, name: string): boolean {
  return [...ctx.application.domain.slots.values()].some(({ dependsOn }) => dependsOn.includes(name));
}

function resetAttempts(ctx: TurnContext): void {
  if (ctx.state.attempts === 0) return;
  ctx.emit({ event: 'counted', noMatch: ctx.state.noMatch, noInput: ctx.state.noInput, attempts: 0 });
}
