import type { Logger } from 'pino';
import type { BotAction, Brain, TurnResult, UserInput, UserMessage } from '../dialogue/brain.js';
import { messageOf } from '../errors.js';
import type { MediaSession } from '../media/session.js';
import type { CallRecord } from './record.js';

type SayAction = Extract<BotAction, { type: 'say' }>;

/** What a mind tells of. */
export interface MindListener {
  /** To be said while a slow action is still at work. */
  interim(turnId: number, say: SayAction): void;
  /** Intent and entities are known; the reply is being worked out. */
  understood(turnId: number): void;
  replied(turnId: number, result: TurnResult): void;
  failed(turnId: number): void;
}

export interface CallMindOptions {
  readonly session: MediaSession;
  readonly brain: Brain;
  readonly record: CallRecord;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly language: () => string;
  readonly listener: MindListener;
}

/** The thinking half of a call: turns handed to the brain, and what comes back. When the call is over, running actions are told so. */
export class CallMind {
  readonly #options: CallMindOptions;
  readonly #abort = new AbortController();

  constructor(options: CallMindOptions) {
    this.#options = options;
  }

  /** Hands a turn over; `replied` or `failed` follows, unless the call is over by then. */
  async think(turnId: number, input: UserInput): Promise<void> {
    const { brain, record, logger, nowMs, listener } = this.#options;
    const { signal } = this.#abort;
    try {
      const result = await brain.handle(this.#message(turnId, input), {
        onInterim: (say) => {
          if (signal.aborted) return;
          record.event(nowMs(), 'interim', { turnId, text: say.text });
          listener.interim(turnId, say);
        },
        onUnderstood: () => listener.understood(turnId),
        signal,
      });
      if (!signal.aborted) listener.replied(turnId, result);
    } catch (error) {
      if (signal.aborted) return;
      logger.error({ err: error, sessionId: this.#options.session.id }, 'a turn failed');
      record.event(nowMs(), 'turnError', { turnId, reason: messageOf(error) });
      listener.failed(turnId);
    }
  }

  /** What the turn would come to, with nothing done and nothing stored; undefined when that can't be told. */
  async rehearse(turnId: number, text: string): Promise<TurnResult | undefined> {
    return this.#options.brain.rehearse(
      this.#message(turnId, { type: 'text', text, confidence: REHEARSED_CONFIDENCE }),
    );
  }

  close(): void {
    this.#abort.abort();
  }

  #message(turnId: number, input: UserInput): UserMessage {
    const { session, language } = this.#options;
    return {
      conversationId: session.peer.conversationId ?? session.id,
      messageId: `${session.id}:${turnId}`,
      channel: 'voice',
      language: language(),
      input,
      // Nobody's name is not a name that all nobodies share.
      ...(session.peer.caller === '' ? {} : { sender: session.peer.caller }),
    };
  }
}

/** What decoding over a graph says of a text it has no doubts about (speech/confidence). */
const REHEARSED_CONFIDENCE = 0.75;
