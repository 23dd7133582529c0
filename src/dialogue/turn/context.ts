import { type KnownFact, knownFacts, slotsForAgent } from '../../handoff/known-facts.js';
import { summarize } from '../../handoff/summary.js';
import type { ParseResult } from '../../nlu/intent-model.js';
import type { Application, Button, ResponseDefinition } from '../app/types.js';
import type { BotAction, RecordingOrder, UserMessage } from '../brain.js';
import { DEFAULT_RESPONSES } from '../responses/defaults.js';
import { type ResponseContext, respond } from '../responses/respond.js';
import type { Frame, HeardEntity, NewEvent, OfferedButton, TrackerEvent } from '../tracker/events.js';
import { applyEvent, type Tracker, type TrackerState } from '../tracker/tracker.js';
import type { Stuck, TurnDeps, TurnMode } from './deps.js';

/** How a slot is set; see `setSlot`. */
interface HowSet {
  readonly together?: ReadonlySet<string>;
  readonly inPassing?: boolean;
}

/** A loop that goes round and round in an application's rules or flows ends here. */
const MAX_ACTIONS = 60;
const NO_SLOTS: ReadonlySet<string> = new Set();
const NO_VALUES: Readonly<Record<string, unknown>> = {};
/** A choice has at most two digits. */
const MAX_OFFERED = 99;

/** One turn under way: everything that happens goes through `emit`, which folds it into the state. The tracker given stays untouched. */
export class TurnContext {
  readonly deps: TurnDeps;
  readonly message: UserMessage;
  readonly tracker: Tracker;
  readonly nowMs: number;
  /** What was understood; a wish said earlier takes its place when its turn has come. */
  parse: ParseResult | undefined;
  readonly events: TrackerEvent[] = [];
  readonly actions: BotAction[] = [];
  state: TrackerState;
  noMatch = false;
  /** The open question was put in this turn, after the last change of the stack. */
  asked = false;
  /** Slots and loop when the message had been read: what conditions of rules mean. */
  start: { readonly slots: Readonly<Record<string, unknown>>; readonly loop: string | null } = {
    slots: {},
    loop: null,
  };
  /** The slot that a form's validating action wants to be asked next in this turn; null = no more. */
  requested: string | null | undefined;
  /** Slots set by this message. */
  readonly setNow = new Set<string>();
  /** What actions have read out of this message, by slot: null = this is not said with it. */
  readonly read = new Map<string, unknown>();
  readonly mode: TurnMode;
  /** The turn did too much and was ended here. */
  stuck: Stuck | undefined;
  #steps = 0;
  #facts:
    | { readonly slots: TrackerState['slots']; readonly language: string; readonly known: readonly KnownFact[] }
    | undefined;

  constructor(
    deps: TurnDeps,
    tracker: Tracker,
    message: UserMessage,
    parse: ParseResult | undefined,
    nowMs: number,
    mode: TurnMode = {},
  ) {
    this.mode = mode;
    this.deps = deps;
    this.tracker = tracker;
    this.message = message;
    this.parse = parse;
    this.nowMs = nowMs;
    this.state = tracker.state;
  }

  get application(): Application {
    return this.deps.application;
  }

  get top(): Frame | undefined {
    return this.state.stack.at(-1);
  }

  /** Over, or nobody is there any more: nothing further is begun. */
  get ended(): boolean {
    return this.state.ended !== undefined || this.gone;
  }

  get gone(): boolean {
    return this.mode.signal?.aborted === true;
  }

  /** Form or flow that waits for an answer: what `active_loop` means in rules. */
  get loop(): string | null {
    const top = this.top;
    return top === undefined || top.kind === 'two_stage' ? null : top.kind === 'form' ? top.form : top.flow;
  }

  emit(event: NewEvent): void {
    const timed = { ...event, atMs: this.nowMs } as TrackerEvent;
    this.events.push(timed);
    this.state = applyEvent(this.state, timed, this.deps.initialSlots);
  }

  /** Counts what the turn does; false when it does too much. */
  step(): boolean {
    if (++this.#steps <= MAX_ACTIONS) return true;
    this.stuck ??= this.#where();
    return false;
  }

  #where(): Stuck {
    const { top } = this;
    const last = this.events.findLast((event) => event.event === 'action');
    return {
      ...(top?.kind === 'flow' ? { flow: top.flow, step: top.step } : {}),
      ...(top?.kind === 'form' ? { form: top.form } : {}),
      ...(last?.event === 'action' ? { action: last.name } : {}),
    };
  }

  /**
   * What a slot has already is no event: an action often gives a dozen of them, and half are as before. Slots that depend on one whose value was replaced are emptied, but for those
   * that this message or (`together`) the same answer of an action gives. `inPassing`: see the event.
   */
  setSlot(name: string, value: unknown, { together = NO_SLOTS, inPassing = false }: HowSet = {}): void {
    const before = this.state.slots[name] ?? null;
    const changed = !isSame(before, value ?? null);
    if (changed) this.emit({ event: 'slot', name, value, ...(inPassing ? { inPassing } : {}) });
    if (name === 'language' && value !== this.state.language) {
      const known = this.application.languages.find((tag) => tag === value);
      if (known !== undefined) this.emit({ event: 'language', language: known });
    }
    if (!changed || before === null) return;
    for (const slot of this.application.domain.slots.values()) {
      if (!slot.dependsOn.includes(name) || this.setNow.has(slot.name) || together.has(slot.name)) continue;
      if ((this.state.slots[slot.name] ?? null) !== null) this.setSlot(slot.name, null, { together });
    }
  }

  push(frame: Frame): void {
    this.emit({ event: 'stack', frames: [...this.state.stack, frame] });
    this.asked = false;
  }

  pop(): void {
    this.emit({ event: 'stack', frames: this.state.stack.slice(0, -1) });
    this.asked = false;
  }

  /** Replaces the top frame; the question counts as not yet asked. */
  replace(frame: Frame): void {
    this.emit({ event: 'stack', frames: [...this.state.stack.slice(0, -1), frame] });
    this.asked = false;
  }

  has(response: string): boolean {
    return this.application.domain.responses.has(response);
  }

  /** Whether there are words of this name, for whatever circumstances. */
  knows(response: string): boolean {
    return this.#definition(response) !== undefined;
  }

  /** Says the first of these responses that the domain has, else the first there are ready words for; false when there is none. */
  sayFirst(
    names: readonly string[],
    values: Readonly<Record<string, unknown>> = NO_VALUES,
    digits: readonly string[] = [],
  ): boolean {
    return (
      names.some((name) => this.has(name) && this.say(name, values, digits)) ||
      names.some((name) => this.say(name, values, digits))
    );
  }

  /** Says a response of the domain; false when there is none or no variation fits. `digits`: values that are read out digit by digit. */
  say(name: string, values: Readonly<Record<string, unknown>> = NO_VALUES, digits: readonly string[] = []): boolean {
    const definition = this.#definition(name);
    if (definition === undefined) return false;
    const worded = respond(definition, this.#wording(name, values, digits));
    if (worded === undefined) return false;
    if (worded.buttons.length > 0 && `${worded.text}${worded.speech}` !== '') this.#offer(worded.buttons);
    this.#speak(worded.text, worded.speech, worded.bargeIn, name, worded.variation, { buttons: worded.buttons });
    return true;
  }

  /** In text all choices of one turn are in sight, and counted through; on the phone the last menu is the one that is answered. */
  #offer(buttons: readonly Button[]): void {
    const before = this.events.findLast((event) => event.event === 'offered')?.buttons ?? [];
    const all = this.state.channel === 'text' ? [...before, ...buttons] : buttons;
    this.emit({ event: 'offered', buttons: all.slice(0, MAX_OFFERED) });
  }

  /** Says a response at once, while the turn goes on; nobody to say it to is no error. */
  sayMeanwhile(name: string): void {
    const definition = this.application.domain.responses.get(name) ?? DEFAULT_RESPONSES.get(name);
    if (definition === undefined || this.gone) return;
    const worded = respond(definition, this.#wording(name, NO_VALUES));
    if (worded === undefined || worded.speech === '') return;
    const { text, speech, bargeIn, variation } = worded;
    this.emit({ event: 'bot', text, ...spoken(text, speech), variation, bargeIn, response: name, interim: true });
    this.mode.onInterim?.({ type: 'say', text, speech, bargeIn, response: name });
  }

  /** Says a response that "repeat" does not say again. */
  sayAside(name: string): void {
    const definition = this.application.domain.responses.get(name) ?? DEFAULT_RESPONSES.get(name);
    const worded = definition === undefined ? undefined : respond(definition, this.#wording(name, NO_VALUES));
    if (worded === undefined) return;
    const { text, speech, bargeIn, variation } = worded;
    this.actions.push({ type: 'say', text, speech, bargeIn, response: name });
    this.emit({ event: 'bot', text, ...spoken(text, speech), variation, bargeIn, response: name, interim: true });
  }

  /** Says plain words (an action's own). */
  sayText(
    text: string,
    speech: string = text,
    bargeIn = true,
    rate?: number,
    buttons: readonly OfferedButton[] = [],
  ): void {
    this.#speak(text, speech, bargeIn, undefined, 0, { buttons, ...(rate === undefined ? {} : { rate }) });
  }

  /** Hands the conversation to a person. The words for it are said by whoever decides it. */
  handOff(reason: string, target: string | undefined = this.deps.handoffTarget): void {
    const slots = this.#learnt();
    const summary = this.summary(reason);
    this.actions.push({ type: 'transfer', reason, summary, slots, ...(target === undefined ? {} : { target }) });
    this.emit({ event: 'hand_off', reason });
  }

  /** For whoever takes over or takes it up later. */
  summary(reason: string): string {
    const { language, wishes } = this.state;
    return summarize({ language, reason, wishes, known: this.#known() });
  }

  /** Asked for with each action; most leave the slots as they are. */
  #known(): readonly KnownFact[] {
    const { language, slots } = this.state;
    if (this.#facts?.slots !== slots || this.#facts.language !== language)
      this.#facts = { slots, language, known: knownFacts(this.application.domain.slots, this.#learnt(), language) };
    return this.#facts.known;
  }

  /** Sound is kept, or not: `pause` and `stop` hold from the reply on, also for its words before them; `start` and `resume` once the reply's words, if any come before them, have been said. */
  record(action: RecordingOrder): void {
    this.actions.push({ type: 'recording', action });
  }

  hangUp(reason: string): void {
    this.actions.push({ type: 'hangup', reason });
    this.emit({ event: 'hang_up', reason });
  }

  /** What this conversation has brought that is for people: slots that differ from what every conversation begins with. */
  #learnt(): Readonly<Record<string, unknown>> {
    const { language: _, ...learnt } = shownSlots(this.state.slots, this.deps.initialSlots);
    return slotsForAgent(this.application.domain.slots, learnt);
  }

  #wording(name: string, values: Readonly<Record<string, unknown>>, digits: readonly string[] = []): ResponseContext {
    return {
      conversationId: this.tracker.conversationId,
      turn: this.state.turn,
      language: this.state.language,
      ownLanguage: this.application.language,
      channel: this.state.channel,
      slots: values === NO_VALUES ? this.state.slots : { ...this.state.slots, ...values },
      last: this.state.variations[name],
      digitSlots: digits.length === 0 ? this.deps.digitSlots : new Set([...this.deps.digitSlots, ...digits]),
    };
  }

  #speak(
    text: string,
    speech: string,
    bargeIn: boolean,
    response: string | undefined,
    variation: number,
    more: { readonly rate?: number; readonly buttons?: readonly Button[] } = {},
  ): void {
    if (text === '' && speech === '') return;
    const rate = more.rate ?? (this.state.rate === 1 ? undefined : this.state.rate);
    const { buttons = [] } = more;
    this.actions.push({
      type: 'say',
      text,
      speech,
      bargeIn,
      ...(response === undefined ? {} : { response }),
      ...(rate === undefined ? {} : { rate }),
      ...(buttons.length === 0 ? {} : { buttons: buttons.map(({ title, payload }) => ({ title, payload })) }),
    });
    this.emit({
      event: 'bot',
      text,
      ...spoken(text, speech),
      variation,
      bargeIn,
      ...(response === undefined ? {} : { response }),
    });
  }

  #definition(name: string): ResponseDefinition | undefined {
    return this.application.domain.responses.get(name) ?? this.#retrieval(name) ?? DEFAULT_RESPONSES.get(name);
  }

  /** `utter_faq` for the intent `faq/ask_x` is the response `utter_faq/ask_x`. */
  #retrieval(name: string) {
    const intent = this.parse?.intent.name;
    if (intent === undefined || !intent.includes('/')) return undefined;
    return name === `utter_${intent.split('/')[0]}`
      ? this.application.domain.responses.get(`utter_${intent}`)
      : undefined;
  }
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  return typeof one === 'object' && typeof other === 'object' && JSON.stringify(one) === JSON.stringify(other);
}

const INTERNAL_SLOTS: ReadonlySet<string> = new Set(['requested_slot', 'session_started_metadata']);

/** Kept only where it is not the text itself. */
function spoken(text: string, speech: string): { readonly speech?: string } {
  return speech === text ? {} : { speech };
}

/** Slots that tell something, to people and to clients: known, not the engine's own, and not what every conversation begins with (`failures: 0`). */
export function shownSlots(
  slots: Readonly<Record<string, unknown>>,
  initialSlots: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(slots).filter(
      ([name, value]) => (value ?? null) !== null && !INTERNAL_SLOTS.has(name) && value !== initialSlots[name],
    ),
  );
}

/** What was heard, as it is kept. */
export function heardEntities(parse: ParseResult | undefined): readonly HeardEntity[] {
  return (parse?.entities ?? []).slice(0, 20).map(({ entity, value, confidence, role, group }) => ({
    entity,
    value,
    confidence,
    ...(role === undefined ? {} : { role }),
    ...(group === undefined ? {} : { group }),
  }));
}
