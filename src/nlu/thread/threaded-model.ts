import { HearkenError, messageOf } from '../../errors.js';
import { type ThreadEntry, threadEntry } from '../../worker-entry.js';
import { FALLBACK_INTENT, type IntentModel, type ParseOptions, type ParseResult } from '../intent-model.js';
import { ModelThread } from './model-thread.js';
import type { Answered, Asked, ThreadOrder } from './protocol.js';

export interface ThreadedModelOptions {
  readonly logger?: ThreadLogger;
  /** Default: the entry beside this file. */
  readonly entry?: ThreadEntry;
  /** A thread that has something to do and says nothing this long is ended. Default 5 s; a text takes well under a millisecond. */
  readonly silenceLimitMs?: number;
  /** Longest wait for an answer, restarts included. Default 15 s. */
  readonly answerLimitMs?: number;
  /** Texts that may wait at once. Default 10,000. */
  readonly maxWaiting?: number;
}

export interface ThreadLogger {
  info(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

interface Waiting {
  readonly asked: Asked;
  readonly sinceMs: number;
  readonly resolve: (result: ParseResult) => void;
  readonly reject: (error: HearkenError) => void;
  /** Threads that ended while they worked on it. */
  ended: number;
}

const SILENCE_LIMIT_MS = 5000;
const ANSWER_LIMIT_MS = 15_000;
const MAX_WAITING = 10_000;
const CLOSE_LIMIT_MS = 5000;
/** Before a restart; doubles with each thread in a row that answered nothing. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A text that took so many threads with it is not asked again. */
const MOST_ENDED = 2;

/**
 * An application's understanding in a thread of its own: words are worked out beside the service's thread, which meanwhile plays audio and serves others, and training or
 * a model that breaks or never comes back holds up no call. A thread that ends is replaced, and what it had not answered is asked again; a text that ended two of them
 * is not understood (`nlu_fallback`).
 */
export class ThreadedModel implements IntentModel {
  readonly #order: ThreadOrder;
  readonly #entry: ThreadEntry;
  readonly #logger: ThreadLogger | undefined;
  readonly #silenceLimitMs: number;
  readonly #answerLimitMs: number;
  readonly #maxWaiting: number;
  /** In the order in which they are answered. */
  readonly #waiting = new Map<number, Waiting>();
  /** `lost`: nothing is taken until a thread can be started again. */
  #state: 'opening' | 'ready' | 'restarting' | 'lost' | 'closed' = 'opening';
  #thread: ModelThread | undefined;
  #labels: readonly string[] = [];
  /** Not sent yet. */
  #asked: Asked[] = [];
  #nextId = 1;
  #heardMs = 0;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #lookedMs = 0;

  private constructor(order: ThreadOrder, options: ThreadedModelOptions) {
    this.#order = order;
    this.#entry = options.entry ?? threadEntry(import.meta.url, 'understanding-thread');
    this.#logger = options.logger;
    this.#silenceLimitMs = options.silenceLimitMs ?? SILENCE_LIMIT_MS;
    this.#answerLimitMs = options.answerLimitMs ?? ANSWER_LIMIT_MS;
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING;
  }

  /** Trains or loads as `trainOrLoadForApp` does, and rejects as that does, or with WORKER_LOST. */
  static async open(order: ThreadOrder, options: ThreadedModelOptions = {}): Promise<ThreadedModel> {
    const model = new ThreadedModel(order, options);
    try {
      await model.#start();
      return model;
    } catch (error) {
      model.#state = 'closed';
      throw error;
    }
  }

  get labels(): readonly string[] {
    return this.#labels;
  }

  /** Rejects with OVERLOADED, WORKER_LOST or WORKER_TIMEOUT when there is no understanding to be had. */
  parse(text: string, options: ParseOptions = {}): Promise<ParseResult> {
    if (this.#state === 'closed' || this.#state === 'lost') return Promise.reject(lost('there is none at the moment'));
    if (this.#waiting.size >= this.#maxWaiting)
      return Promise.reject(new HearkenError('OVERLOADED', `${this.#waiting.size} texts wait to be understood.`));
    return new Promise((resolve, reject) => {
      const now = performance.now();
      const asked: Asked = [this.#nextId++, String(text), options];
      const first = this.#waiting.size === 0;
      if (first) this.#heardMs = now;
      this.#waiting.set(asked[0], { asked, sinceMs: now, resolve, reject, ended: 0 });
      this.#asked.push(asked);
      // A thread with nothing to do begins at once; for one at work what comes in one round of the event loop is one message.
      if (first) this.#send();
      else if (this.#asked.length === 1) setImmediate(() => this.#send());
      this.#beginToWatch(now);
    });
  }

  /** What waits is answered first, within a limit. */
  async close(): Promise<void> {
    const ready = this.#state === 'ready';
    if (ready) this.#send();
    this.#state = 'closed';
    clearTimeout(this.#restart);
    if (ready) await this.#thread?.close(CLOSE_LIMIT_MS);
    else await this.#thread?.terminate('it was closed');
    this.#stopWatching();
    this.#rejectAll(lost('it was closed'));
  }

  async #start(): Promise<void> {
    const thread = new ModelThread(this.#entry, this.#order, {
      onAnswered: (answered) => this.#take(answered),
      onTold: (facts, message, labels) => {
        this.#labels = labels;
        this.#logger?.info(facts, message);
      },
      onEnd: (why) => {
        if (thread === this.#thread && this.#state === 'ready') this.#ended(why);
      },
    });
    this.#thread = thread;
    try {
      this.#labels = await thread.ready();
    } catch (error) {
      await thread.terminate('it could not be opened');
      throw error;
    }
    if (this.#state === 'closed') return;
    this.#state = 'ready';
    this.#heardMs = performance.now();
    this.#asked = [...this.#waiting.values()].map(({ asked }) => asked);
    this.#send();
  }

  #send(): void {
    if (this.#state !== 'ready' || this.#asked.length === 0) return;
    this.#thread?.ask(this.#asked);
    this.#asked = [];
  }

  #take(answered: readonly Answered[]): void {
    this.#heardMs = performance.now();
    this.#failures = 0;
    for (const [id, result, error] of answered) {
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) continue;
      this.#waiting.delete(id);
      if (result !== null) waiting.resolve(result);
      else waiting.reject(new HearkenError(error.code, error.message, error));
    }
  }

  #ended(why: string): void {
    this.#state = 'restarting';
    const [first] = this.#waiting.values();
    if (first !== undefined && ++first.ended >= MOST_ENDED) {
      this.#waiting.delete(first.asked[0]);
      first.resolve(notUnderstood(first.asked[1]));
    }
    this.#startLater(why);
  }

  #startLater(why: string): void {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS);
    this.#logger?.error({ why, pauseMs }, 'the understanding ended; it is started again');
    this.#restart = setTimeout(() => {
      this.#start().catch((error: unknown) => {
        if (this.#state === 'closed') return;
        this.#state = 'lost';
        this.#rejectAll(lost(messageOf(error)));
        this.#startLater(messageOf(error));
      });
    }, pauseMs);
  }

  #beginToWatch(nowMs: number): void {
    if (this.#watch !== undefined) return;
    this.#lookedMs = nowMs;
    this.#watch = setInterval(() => this.#look(), Math.min(this.#silenceLimitMs, this.#answerLimitMs) / 5);
    this.#watch.unref();
  }

  #stopWatching(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** Looks after every text under way with one timer. */
  #look(): void {
    const now = performance.now();
    // After this thread has stood still itself, answers lie there unread.
    if (now - this.#lookedMs > this.#silenceLimitMs / 2) this.#heardMs = now;
    this.#lookedMs = now;
    for (const [id, { sinceMs, reject }] of this.#waiting) {
      if (now - sinceMs < this.#answerLimitMs) break;
      this.#waiting.delete(id);
      reject(new HearkenError('WORKER_TIMEOUT', `A text was not understood within ${this.#answerLimitMs} ms.`));
    }
    if (this.#waiting.size === 0) this.#stopWatching();
    else if (this.#state === 'ready' && now - this.#heardMs > this.#silenceLimitMs)
      void this.#thread?.terminate(`it said nothing for ${this.#silenceLimitMs} ms`);
  }

  #rejectAll(error: HearkenError): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#asked = [];
    for (const each of waiting) each.reject(error);
  }
}

function lost(why: string): HearkenError {
  return new HearkenError('WORKER_LOST', `There is no understanding: ${why}.`, {
    hint: 'It is started again by itself; the log tells what went wrong.',
  });
}

function notUnderstood(text: string): ParseResult {
  const intent = { name: FALLBACK_INTENT, confidence: 1 };
  return { text, intent, ranking: [intent], entities: [], sentiment: 0, model: 'none' };
}
