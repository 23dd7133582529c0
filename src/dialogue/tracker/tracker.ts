import type { ParseResult } from '../../nlu/intent-model.js';
import type { BotAction, Channel, Expectation } from '../brain.js';
import type { Frame, OfferedButton, TrackerEvent, Wish } from './events.js';
import { addTurn, emptyMemory, type Memory } from './memory.js';

/** Grows when the form below changes; `readTracker` brings older ones up to it. */
export const TRACKER_SCHEMA = 4;

/** Events kept; older ones live in the conversation log only. */
const MAX_EVENTS = 40;
/** The engine's own bookkeeping: what it comes to stands in the state. */
const PASSING: ReadonlySet<TrackerEvent['event']> = new Set([
  'stack',
  'expected',
  'counted',
  'offered',
  'answered',
  'wishes',
]);
/** Replies kept for repeated message ids. */
const MAX_REPLIES = 64;
/** Of them, those that keep what was understood too. */
const MAX_PARSES = 8;
/** They are written with each turn, so together they stay below this many characters of JSON; the last eight are kept in any case. */
const MAX_REPLY_CHARS = 32_768;
const MAX_LATER = 3;
/** Steps kept for rules and stories: five predictions back are looked at, a rule is rarely longer than twenty. */
const MAX_ITEMS = 40;

/** What rules and stories look back at. */
export type Item =
  | { readonly kind: 'user'; readonly intent: string; readonly entities: readonly string[] }
  | { readonly kind: 'action'; readonly name: string }
  | { readonly kind: 'loop'; readonly loop: string | null };

export interface TrackerState {
  readonly language: string;
  readonly channel: Channel;
  readonly sender?: string;
  /** Those that have a value, and those emptied that begin with one: the others are left out. */
  readonly slots: Readonly<Record<string, unknown>>;
  /** Those whose value was said beside what was asked, and is still to be checked or confirmed; absent where there are none. */
  readonly inPassing?: readonly string[];
  readonly stack: readonly Frame[];
  /** User messages so far. */
  readonly turn: number;
  /** `turn` when the session began: a conversation that was silent for `session_expiration_time` begins a new one. */
  readonly sessionTurn: number;
  /** Speaking rate the caller asked for, 1 = normal. */
  readonly rate: number;
  /** Wishes said beside another one, oldest first, at most 3. */
  readonly later: readonly Wish[];
  readonly expectation: Expectation;
  /** In a row: not understood, silent, and times the open question has been asked again. */
  readonly noMatch: number;
  readonly noInput: number;
  readonly attempts: number;
  readonly offered: readonly OfferedButton[];
  /** What the bot said in its last turn, for "repeat". */
  readonly said: readonly {
    readonly text: string;
    /** Absent where the text is said as it stands. */
    readonly speech?: string;
    readonly response?: string;
    readonly bargeIn: boolean;
  }[];
  /** Bot has spoken in this turn already: the next `bot` event adds to `said` instead of starting anew. */
  readonly speaking: boolean;
  /** Which variation of a response was said last, so that the next is another. */
  readonly variations: Readonly<Record<string, number>>;
  readonly items: readonly Item[];
  /** Flows that have been completed, oldest first, at most 20. */
  readonly completed: readonly string[];
  /** What the caller wanted, in their words, oldest first, at most 10: for the summary. */
  readonly wishes: readonly { readonly intent: string; readonly text: string }[];
  readonly ended?: 'hand_off' | 'hang_up';
}

type SayAction = Extract<BotAction, { type: 'say' }>;

/** As it is kept: the words to be spoken only where they are not those of the text. */
export type StoredAction = Exclude<BotAction, SayAction> | (Omit<SayAction, 'speech'> & { readonly speech?: string });

/** The head of the ranking is the intent. */
export type StoredParse = Omit<ParseResult, 'ranking'> & Partial<Pick<ParseResult, 'ranking'>>;

export interface StoredReply {
  readonly messageId: string;
  readonly parse?: StoredParse;
  readonly actions: readonly StoredAction[];
  readonly noMatch: boolean;
}

export interface Tracker {
  readonly schema: number;
  readonly conversationId: string;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly state: TrackerState;
  readonly events: readonly TrackerEvent[];
  readonly replies: readonly StoredReply[];
  /** What was said, the last turns in words and the rest in short. */
  readonly memory: Memory;
}

export const OPEN_QUESTION: Expectation = { type: 'open' };

export function newTracker(
  conversationId: string,
  language: string,
  channel: Channel,
  nowMs: number,
  slots: Readonly<Record<string, unknown>>,
): Tracker {
  return {
    schema: TRACKER_SCHEMA,
    conversationId,
    createdMs: nowMs,
    updatedMs: nowMs,
    state: { ...emptyState(), language, channel, slots },
    events: [],
    replies: [],
    memory: emptyMemory,
  };
}

/** The conversation after a long silence: a new session, with its slots or without; what it has replied before stays known. */
export function newSession(tracker: Tracker, slots: Readonly<Record<string, unknown>>): Tracker {
  const { language, channel, turn, variations, rate } = tracker.state;
  const kept = { language, channel, ...senderOf(tracker.state), turn, sessionTurn: turn, variations, rate, slots };
  return { ...tracker, events: [], state: { ...emptyState(), ...kept } };
}

export function emptyState(): TrackerState {
  return {
    language: '',
    channel: 'text',
    slots: {},
    stack: [],
    turn: 0,
    sessionTurn: 0,
    rate: 1,
    later: [],
    expectation: OPEN_QUESTION,
    noMatch: 0,
    noInput: 0,
    attempts: 0,
    offered: [],
    said: [],
    speaking: false,
    variations: {},
    items: [],
    completed: [],
    wishes: [],
  };
}

function withSlot(state: TrackerState, event: Extract<TrackerEvent, { event: 'slot' }>): TrackerState {
  const slots = { ...state.slots, [event.name]: event.value };
  if (event.inPassing !== true && state.inPassing === undefined) return { ...state, slots };
  const { inPassing = [], ...rest } = state;
  const others = inPassing.filter((name) => name !== event.name);
  const unchecked = event.inPassing === true ? [...others, event.name] : others;
  return unchecked.length === 0 ? { ...rest, slots } : { ...rest, slots, inPassing: unchecked };
}

/** What is not known is left out, never kept as `undefined`: a stored object that loses members is slow from then on. */
function senderOf({ sender }: { readonly sender?: string }): { readonly sender?: string } {
  return sender === undefined ? {} : { sender };
}

/** Said in a conversation that was over: it goes on. */
function goingOn(state: TrackerState): TrackerState {
  if (state.ended === undefined) return state;
  const { ended: _, ...going } = state;
  return going;
}

/** One event on a state. Pure; `initialSlots` (those that begin with a value) are what a restart goes back to. */
export function applyEvent(
  state: TrackerState,
  event: TrackerEvent,
  initialSlots: Readonly<Record<string, unknown>>,
): TrackerState {
  switch (event.event) {
    case 'session_started':
      return { ...state, language: event.language, channel: event.channel, ...senderOf(event) };
    case 'user':
      return {
        ...goingOn(state),
        turn: state.turn + 1,
        channel: event.channel,
        speaking: false,
        items: bounded(
          [
            ...state.items,
            { kind: 'user', intent: event.intent, entities: event.entities.map((entity) => entity.entity) },
          ],
          MAX_ITEMS,
        ),
        wishes:
          event.shown !== undefined || (event.input === 'text' && event.text !== '')
            ? bounded([...state.wishes, { intent: event.intent, text: (event.shown ?? event.text).slice(0, 200) }], 10)
            : state.wishes,
      };
    case 'bot': {
      if (event.interim && event.response !== undefined)
        return { ...state, variations: { ...state.variations, [event.response]: event.variation } };
      const said = {
        text: event.text,
        bargeIn: event.bargeIn,
        ...(event.speech === undefined ? {} : { speech: event.speech }),
        ...(event.response === undefined ? {} : { response: event.response }),
      };
      return {
        ...state,
        said: state.speaking ? bounded([...state.said, said], 10) : [said],
        speaking: true,
        variations:
          event.response === undefined ? state.variations : { ...state.variations, [event.response]: event.variation },
      };
    }
    case 'slot':
      return withSlot(state, event);
    case 'action':
      return { ...state, items: bounded([...state.items, { kind: 'action', name: event.name }], MAX_ITEMS) };
    case 'active_loop': {
      const items = event.completed ? sinceLoop(state.items, false) : state.items;
      return { ...state, items: bounded([...items, { kind: 'loop', loop: event.name }], MAX_ITEMS) };
    }
    case 'answered':
      return { ...state, items: sinceLoop(state.items, true) };
    case 'stack':
      return { ...state, stack: event.frames };
    case 'flow_completed':
      return {
        ...state,
        completed: bounded([...state.completed.filter((flow) => flow !== event.flow), event.flow], 20),
      };
    case 'flow_started':
    case 'flow_cancelled':
    case 'hand_off_failed':
      return state;
    case 'offered':
      return { ...state, offered: event.buttons };
    case 'expected':
      return { ...state, expectation: event.expectation };
    case 'counted':
      return { ...state, noMatch: event.noMatch, noInput: event.noInput, attempts: event.attempts };
    case 'hand_off':
      return { ...state, ended: 'hand_off' };
    case 'hang_up':
      return { ...state, ended: 'hang_up' };
    case 'language':
      return { ...state, language: event.language };
    case 'rate':
      return { ...state, rate: event.rate };
    case 'wishes':
      return { ...state, later: bounded(event.later, MAX_LATER) };
    case 'taken_up':
      return {
        ...state,
        items: bounded(
          [
            ...state.items,
            { kind: 'user', intent: event.intent, entities: event.entities.map((entity) => entity.entity) },
          ],
          MAX_ITEMS,
        ),
      };
    case 'restart':
      return {
        ...emptyState(),
        language: state.language,
        channel: state.channel,
        ...senderOf(state),
        turn: state.turn,
        sessionTurn: state.sessionTurn,
        rate: state.rate,
        slots: state.slots.language === undefined ? initialSlots : { ...initialSlots, language: state.slots.language },
        variations: state.variations,
      };
  }
}

/** Items up to where the form that is active was begun, with that place or without it; all of them when there is none. */
function sinceLoop(items: readonly Item[], withLoop: boolean): readonly Item[] {
  const at = items.findLastIndex((item) => item.kind === 'loop');
  const begun = items[at];
  if (begun?.kind !== 'loop' || begun.loop === null) return items;
  return items.slice(0, withLoop ? at + 1 : at);
}

export function bounded<T>(list: readonly T[], most: number): readonly T[] {
  return list.length <= most ? list : list.slice(list.length - most);
}

/** The tracker after a turn: new state, new events at the end of the window, the reply for repeated message ids. */
export function afterTurn(
  tracker: Tracker,
  state: TrackerState,
  events: readonly TrackerEvent[],
  reply: StoredReply,
  nowMs: number,
  initialSlots: Readonly<Record<string, unknown>>,
): Tracker {
  return {
    ...tracker,
    updatedMs: nowMs,
    state: { ...state, slots: withoutEmpty(state.slots, initialSlots) },
    events: bounded([...tracker.events, ...events.filter(({ event }) => !PASSING.has(event))], MAX_EVENTS),
    replies: boundedReplies([...tracker.replies, reply]),
    memory: addTurn(tracker.memory, events),
  };
}

/** An application has many slots and a conversation few values: what is empty, and begins empty, goes without saying. */
function withoutEmpty(
  slots: Readonly<Record<string, unknown>>,
  initialSlots: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(slots);
  const kept = entries.filter(([name, value]) => (value ?? null) !== null || (initialSlots[name] ?? null) !== null);
  return kept.length === entries.length ? slots : Object.fromEntries(kept);
}

/** Reply and message id stay together: a message that comes late and twice still finds its first reply, as far as there is room. */
function boundedReplies(replies: readonly StoredReply[]): readonly StoredReply[] {
  const kept: StoredReply[] = [];
  let chars = 0;
  for (const reply of replies.slice(-MAX_REPLIES).reverse()) {
    const one = kept.length < MAX_PARSES ? reply : withoutParse(reply);
    chars += replyChars(one);
    if (kept.length >= MAX_PARSES && chars > MAX_REPLY_CHARS) break;
    kept.unshift(one);
  }
  return kept;
}

/** The very same where it has none: what has not changed is not stored again. */
function withoutParse(reply: StoredReply): StoredReply {
  if (reply.parse === undefined) return reply;
  const { parse: _, ...short } = reply;
  return short;
}

/** About what a reply takes as JSON. */
function replyChars(reply: StoredReply): number {
  let chars = 100;
  for (const action of reply.actions)
    chars +=
      action.type === 'say'
        ? 120 + action.text.length + (action.speech?.length ?? 0) + 60 * (action.buttons?.length ?? 0)
        : action.type === 'expect'
          ? 80
          : 1500;
  return chars;
}
