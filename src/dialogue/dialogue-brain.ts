import { HearkenError, messageOf } from '../errors.js';
import type { HeldSession, StoredSession } from '../store/session-store.js';
import { Abstracts } from './abstracts.js';
import { EffectNeeded } from './actions/runner.js';
import { type AnswerHints, AnswerWords } from './answer-words.js';
import type { Application } from './app/types.js';
import type {
  Brain,
  ConversationHistory,
  Expectation,
  PartialReading,
  TurnOptions,
  TurnResult,
  UserMessage,
} from './brain.js';
import type { BrainOptions } from './brain-options.js';
import { fixedPrompts } from './fixed-prompts.js';
import { peekAt } from './peek.js';
import { Profiles } from './profile/profiles.js';
import { summaryOf } from './tracker/memory.js';
import { readTracker } from './tracker/stored.js';
import { afterTurn, newSession, newTracker, OPEN_QUESTION, type StoredReply, type Tracker } from './tracker/tracker.js';
import { shownSlots } from './turn/context.js';
import type { Extractor, TurnDeps } from './turn/deps.js';
import { PolicyIndex } from './turn/policy.js';
import { isDigitSlot } from './turn/slots.js';
import { runTurn } from './turn/turn.js';
import { actionsOf, parseOf, recordTurn, replyOf } from './turn-record.js';
import { type Standing, Understanding } from './understanding.js';

const MAX_ID_CHARS = 128;
const ID = /^[\x21-\x7e]+$/;
/** Conversations of which is kept at hand where they stand: for `peek`, and for words that are read before their conversation is fetched. */
const KEPT_STANDINGS = 5000;
const KEPT_PEEKS = 2000;

/** One turn after the other of each conversation: understood, answered, stored. */
export class DialogueBrain implements Brain {
  readonly languages: readonly string[];
  readonly #options: BrainOptions;
  readonly #application: Application;
  readonly #deps: TurnDeps;
  readonly #now: () => number;
  readonly #closeActions: () => Promise<void>;
  readonly #profiles: Profiles;
  readonly #abstracts: Abstracts;
  readonly #answerWords: AnswerWords;
  readonly #understanding: Understanding;
  readonly #standings = new Map<string, Standing>();
  readonly #peeks = new Map<string, Promise<PartialReading>>();

  constructor(
    options: BrainOptions,
    application: Application,
    runAction: TurnDeps['runAction'],
    waitOf: TurnDeps['waitOf'],
    closeActions: () => Promise<void>,
  ) {
    this.#options = options;
    this.#application = application;
    this.#now = options.now ?? Date.now;
    this.#closeActions = closeActions;
    this.languages = application.languages;
    this.#understanding = new Understanding(application, options.intentModel, this.#now);
    this.#profiles = new Profiles(options.profiles, application.domain, options.logger);
    this.#abstracts = new Abstracts(options.summarizer, options.logger);
    this.#answerWords = new AnswerWords(application, options.logger);
    const slots = [...application.domain.slots.values()];
    this.#deps = {
      application,
      index: new PolicyIndex(application),
      initialSlots: Object.fromEntries(
        slots.flatMap((slot) => ((slot.initialValue ?? null) === null ? [] : [[slot.name, slot.initialValue]])),
      ),
      collected: collectedSlots(application),
      extractors: extractorsOf(application),
      digitSlots: new Set(slots.filter(isDigitSlot).map((slot) => slot.name)),
      runAction,
      waitOf,
      clock: options.clock,
      maxNoMatch: options.maxNoMatch ?? 2,
      maxNoInput: options.maxNoInput ?? 2,
      handoffTarget: options.handoffTarget,
      onStuck: (conversationId, where) =>
        options.logger.error(
          { conversationId, ...where },
          'a turn went round and round without asking the caller anything and was ended; look for steps of flows, or rules, that lead back to each other',
        ),
      onActionError: (name, error, answered) => {
        if (answered === undefined) options.logger.error({ action: name, err: error }, 'an action failed');
        else
          options.logger.warn(
            { action: name, reason: troubleOf(name, error) },
            'an action failed; the caller heard its rule for that',
          );
        options.onActionTrouble?.(troubleOf(name, error));
      },
      onActionMisfit: (name, what, hint) => {
        options.logger.warn({ action: name, hint }, what);
        options.onActionTrouble?.(`${what} ${hint}`);
      },
    };
  }

  async handle(message: UserMessage, options: TurnOptions = {}): Promise<TurnResult> {
    checkId('conversationId', message.conversationId);
    checkId('messageId', message.messageId);
    const key = message.conversationId;
    const { sessions } = this.#options;
    const early = this.#understanding.begin(message, this.#standings.get(key) ?? this.#beginning(message));
    return sessions.withTurn(key, this.#options.lockWaitMs ?? 10_000, async (held) => {
      const stored = await this.#stored(message, held);
      const nowMs = this.#now();
      const tracker = await this.#tracker(message, stored?.value, nowMs);
      const before = tracker.replies.find((reply) => reply.messageId === message.messageId);
      if (before !== undefined) return this.#result(tracker, before, true);
      const parse = await this.#understanding.read(message, tracker, early);
      options.onUnderstood?.();
      const outcome = await runTurn(this.#deps, tracker, message, parse, nowMs, { ...options, claim: held.claim });
      const reply = replyOf(message, parse, outcome);
      const { initialSlots } = this.#deps;
      const after = this.#abstracts.apply(
        afterTurn(tracker, outcome.state, outcome.events, reply, nowMs, initialSlots),
      );
      await held.finish(after, stored?.version ?? 0);
      const sender = message.sender ?? after.state.sender;
      await this.#profiles.after(message, sender, tracker.state.slots, after.state.slots, nowMs);
      this.#abstracts.add(after);
      this.#remember(key, after);
      recordTurn(this.#options.log, message, after, reply, nowMs);
      const { shown } = outcome;
      return { ...this.#result(after, reply, false), ...(shown === undefined ? {} : { shown }) };
    });
  }

  async rehearse(message: UserMessage): Promise<TurnResult | undefined> {
    checkId('conversationId', message.conversationId);
    checkId('messageId', message.messageId);
    const stored = await this.#stored(message, { get: () => this.#options.sessions.get(message.conversationId) });
    const nowMs = this.#now();
    const tracker = await this.#tracker(message, stored?.value, nowMs);
    const before = tracker.replies.find((reply) => reply.messageId === message.messageId);
    if (before !== undefined) return this.#result(tracker, before, true);
    const parse = await this.#understanding.read(message, tracker);
    try {
      const outcome = await runTurn(this.#deps, tracker, message, parse, nowMs, { rehearsal: true });
      return this.#result({ ...tracker, state: outcome.state }, replyOf(message, parse, outcome), false);
    } catch (error) {
      if (error instanceof EffectNeeded) return undefined;
      throw error;
    }
  }

  async peek(conversationId: string, text: string): Promise<PartialReading> {
    const open = this.#standings.get(conversationId) ?? (await this.#lookUp(conversationId));
    const key = `${conversationId}\n${open.expectation.slot ?? ''}\n${open.expectation.type}\n${text.slice(0, 500)}`;
    const known = this.#peeks.get(key);
    if (known !== undefined) return known;
    const answer = peekAt(this.#application, this.#options.intentModel, open.expectation, open.language, text);
    keep(this.#peeks, key, answer, KEPT_PEEKS);
    return answer;
  }

  answersTo(expectation: Expectation, slots: Readonly<Record<string, unknown>>): AnswerHints {
    return this.#answerWords.of(expectation, { ...this.#deps.initialSlots, ...slots });
  }

  async history(conversationId: string): Promise<ConversationHistory | undefined> {
    const stored = await this.#options.sessions.get(conversationId);
    if (stored === undefined) return undefined;
    const { memory, state } = readTracker(stored.value, conversationId, this.#deps.initialSlots);
    const lines = memory.lines.map(({ who, text, atMs }) => ({ who, text, atMs }));
    return {
      summary: summaryOf(memory),
      lines,
      slots: shownSlots(state.slots, this.#deps.initialSlots),
      language: state.language,
    };
  }

  async heard(conversationId: string, text: string): Promise<void> {
    this.#options.log.append({ conversationId, atMs: this.#now(), type: 'heard', data: { text: text.slice(0, 4000) } });
  }

  prompts(language: string): readonly string[] {
    return fixedPrompts(this.#application, language);
  }

  async close(): Promise<void> {
    await this.#abstracts.close();
    this.#peeks.clear();
    this.#standings.clear();
    await this.#closeActions();
  }

  /** What is stored. A caller who has just been picked up can have nothing stored: they are greeted even while the store is away. */
  async #stored(message: UserMessage, held: Pick<HeldSession, 'get'>): Promise<StoredSession<unknown> | undefined> {
    try {
      return await held.get();
    } catch (error) {
      const away = error instanceof HearkenError && error.code === 'STORE_UNAVAILABLE';
      const begins = message.channel === 'voice' && message.input.type === 'event' && message.input.name === 'start';
      if (away && begins) return undefined;
      throw error;
    }
  }

  /** The conversation as it stands; a new session of it after a long silence, as `session_config` says. */
  async #tracker(message: UserMessage, stored: unknown, nowMs: number): Promise<Tracker> {
    if (stored === undefined) return this.#begin(message, nowMs);
    const tracker = readTracker(stored, message.conversationId, this.#deps.initialSlots);
    const { sessionExpiryMs, carryOverSlots } = this.#application.domain;
    // A message that comes again is answered from what was replied before, however late.
    const repeated = tracker.replies.some((reply) => reply.messageId === message.messageId);
    if (repeated || sessionExpiryMs === 0 || nowMs - tracker.updatedMs <= sessionExpiryMs) return tracker;
    const { language } = tracker.state.slots;
    const fresh = { ...this.#deps.initialSlots, ...(language === undefined ? {} : { language }) };
    const known = await this.#profiles.of(message.sender ?? tracker.state.sender);
    return newSession(
      tracker,
      carryOverSlots ? { ...tracker.state.slots, requested_slot: null } : { ...fresh, ...known },
    );
  }

  async #begin(message: UserMessage, nowMs: number): Promise<Tracker> {
    const language = this.#language(message.language);
    const slots: Record<string, unknown> = { ...this.#deps.initialSlots, ...(await this.#profiles.of(message.sender)) };
    if (this.#application.domain.slots.has('language')) slots.language = language;
    return newTracker(message.conversationId, language, message.channel, nowMs, slots);
  }

  /** The application's own name for a language: `zh` and `zh-TW` are served by `zh-CN` where there is nothing nearer. */
  #language(wanted: string | undefined): string {
    const tag = wanted ?? this.#options.defaultLanguage ?? this.#application.language;
    const base = tag.split('-')[0];
    return (
      this.languages.find((each) => each === tag) ??
      this.languages.find((each) => each.split('-')[0] === base) ??
      this.#application.language
    );
  }

  #result(tracker: Tracker, reply: StoredReply, repeated: boolean): TurnResult {
    const parse = parseOf(reply);
    return {
      conversationId: tracker.conversationId,
      messageId: reply.messageId,
      language: tracker.state.language,
      actions: actionsOf(reply),
      noMatch: reply.noMatch,
      repeated,
      slots: shownSlots(tracker.state.slots, this.#deps.initialSlots),
      ...(parse === undefined ? {} : { parse }),
    };
  }

  #remember(key: string, { state: { language, expectation, offered } }: Tracker): void {
    keep(this.#standings, key, { language, expectation, offered }, KEPT_STANDINGS);
  }

  /** A conversation nobody here knows has most likely just begun. */
  #beginning({ language }: UserMessage): Standing {
    return { language: this.#language(language), expectation: OPEN_QUESTION, offered: [] };
  }

  async #lookUp(conversationId: string): Promise<Standing> {
    try {
      const stored = await this.#options.sessions.get(conversationId);
      if (stored !== undefined) {
        const tracker = readTracker(stored.value, conversationId, this.#deps.initialSlots);
        this.#remember(conversationId, tracker);
        return tracker.state;
      }
    } catch (error) {
      // Not knowing the question only costs some silence at the end of the turn; the turn itself will tell what is wrong.
      this.#options.logger.debug({ conversationId, reason: messageOf(error) }, 'peek without the open question');
    }
    return { language: this.#application.language, expectation: OPEN_QUESTION, offered: [] };
  }
}

/** Why an action failed, in one line that names it. */
function troubleOf(action: string, error: unknown): string {
  const what = messageOf(error).replace(/\s*\n\s*/g, ' ');
  const named = what.includes(action) ? what : `The action ${action} failed: ${what}`;
  return error instanceof HearkenError && error.hint !== undefined ? `${named} ${error.hint}` : named;
}

function collectedSlots(application: Application): ReadonlySet<string> {
  const forms = [...application.domain.forms.values()].flatMap((form) => form.requiredSlots);
  const steps = [...application.flows.values()].flatMap((flow) => [...flow.steps.values()]);
  return new Set([...forms, ...steps.flatMap((step) => (step.kind === 'collect' ? [step.slot] : []))]);
}

function extractorsOf({ domain }: Application): readonly Extractor[] {
  const mapped: Extractor[] = [...domain.slots.values()].flatMap((slot) =>
    slot.mappings.flatMap((mapping) =>
      mapping.type === 'custom' && mapping.action !== undefined ? [{ action: mapping.action, mapping }] : [],
    ),
  );
  return [...mapped, { action: 'action_validate_slot_mappings' }].filter(({ action }) => domain.actions.has(action));
}

function checkId(name: string, value: string): void {
  if (value.length <= MAX_ID_CHARS && ID.test(value)) return;
  throw new HearkenError('REQUEST_INVALID', `The ${name} must be 1 to ${MAX_ID_CHARS} visible ASCII characters.`, {
    hint: 'Use a UUID.',
  });
}

/** Puts into a map that forgets what has not been written for longest. */
function keep<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
