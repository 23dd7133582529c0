import type { Brain, TurnResult, UserMessage } from '../dialogue/brain.js';
import { turnOf } from './call-story.js';
import type { LiveCalls } from './live-calls.js';
import type { TurnExtras } from './live-voice.js';

const KEPT_EXTRAS = 1000;

/** The same brain, watched for the console: typed conversations whole, and of spoken ones what their record does not hold. */
export class LiveBrain {
  readonly brain: Brain;
  readonly #calls: LiveCalls;
  readonly #extras = new Map<string, TurnExtras>();

  constructor(inner: Brain, calls: LiveCalls) {
    this.#calls = calls;
    const handle: Brain['handle'] = async (message, options) => {
      if (message.channel === 'voice') return this.#spoken(message, await inner.handle(message, options));
      const began = performance.now();
      this.#heard(message);
      try {
        const result = await inner.handle(message, {
          ...options,
          onInterim: (say) => {
            this.#say(message, `${message.messageId}:i`, say.text);
            options?.onInterim?.(say);
          },
        });
        this.#answered(message, result, performance.now() - began);
        return result;
      } finally {
        this.#calls.change(message.conversationId, { state: 'listening' });
      }
    };
    // What else the brain can do stays as it is, also what is added to it later.
    this.brain = new Proxy(inner, {
      get(target, property) {
        if (property === 'handle') return handle;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** By session and turn, as the call's messages are numbered. */
  extras(sessionId: string, turnId: number): TurnExtras | undefined {
    return this.#extras.get(`${sessionId}:${turnId}`);
  }

  #spoken(message: UserMessage, result: TurnResult): TurnResult {
    if (result.parse === undefined) return result;
    this.#calls.felt(message.conversationId, result.parse.sentiment);
    this.#extras.set(message.messageId, { ranking: rankingOf(result) });
    if (this.#extras.size > KEPT_EXTRAS) {
      const oldest = this.#extras.keys().next();
      if (!oldest.done) this.#extras.delete(oldest.value);
    }
    return result;
  }

  #heard(message: UserMessage): void {
    const { conversationId: id, input } = message;
    this.#calls.touch(id, { caller: message.sender ?? '', language: message.language ?? '' });
    this.#calls.change(id, { state: 'thinking' });
    const text = input.type === 'text' ? input.text : input.type === 'dtmf' ? input.digits : undefined;
    if (text !== undefined) this.#line(message, text);
  }

  /** The caller's; the same message again replaces it. */
  #line(message: UserMessage, text: string): void {
    this.#calls.line(message.conversationId, {
      ...{ id: message.messageId, who: 'caller', text, final: true },
      ...{ atMs: Date.now(), fromMs: null, toMs: null },
    });
  }

  #say(message: UserMessage, lineId: string, text: string, turnId: number | null = null): void {
    this.#calls.line(message.conversationId, {
      ...{ id: lineId, who: 'bot', text, final: true, turnId },
      ...{ atMs: Date.now(), fromMs: null, toMs: null },
    });
  }

  #answered(message: UserMessage, result: TurnResult, tookMs: number): void {
    const id = message.conversationId;
    if (result.repeated) return;
    // A button that was pressed is known by its title, not by what it sends.
    if (result.shown !== undefined) this.#line(message, result.shown);
    const turnId = this.#calls.nextTurn(id);
    const turn = turnOf(
      {
        turnId,
        input: message.input,
        ...(result.parse === undefined
          ? {}
          : {
              intent: result.parse.intent,
              ranking: [...result.parse.ranking],
              entities: result.parse.entities.map((each) => ({ ...each })),
            }),
        actions: result.actions,
        slots: { ...result.slots },
        noMatch: result.noMatch,
      },
      Date.now(),
    );
    if (result.parse !== undefined) this.#calls.felt(id, result.parse.sentiment);
    this.#calls.change(id, { language: result.language });
    this.#calls.turn(id, { ...turn, responseMs: Math.round(tookMs) });
    result.actions.forEach((action, index) => {
      if (action.type === 'say') this.#say(message, `${message.messageId}:${index}`, action.text, turnId);
    });
    if (result.actions.some(({ type }) => type === 'hangup')) this.#calls.end(id, 'completed');
  }
}

function rankingOf(result: TurnResult): TurnExtras['ranking'] {
  return (result.parse?.ranking ?? []).slice(0, 5).map(({ name, confidence }) => ({ intent: name, confidence }));
}
