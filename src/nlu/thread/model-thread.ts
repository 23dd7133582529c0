import { Worker } from 'node:worker_threads';
import { HearkenError, messageOf } from '../../errors.js';
import type { ThreadEntry } from '../../worker-entry.js';
import type { Answered, Asked, FromThread, ThreadOrder, ToThread } from './protocol.js';

export interface ThreadEvents {
  onAnswered(answered: readonly Answered[]): void;
  /** For the log; `labels` are the model's from then on. */
  onTold(facts: object, message: string, labels: readonly string[]): void;
  /** Once, whyever it ended. */
  onEnd(why: string): void;
}

/** One thread with an application's understanding, from its start to its end. */
export class ModelThread {
  readonly #worker: Worker;
  readonly #ready: Promise<readonly string[]>;
  readonly #ended: Promise<void>;
  #why: string | undefined;

  constructor({ path, argv }: ThreadEntry, order: ThreadOrder, events: ThreadEvents) {
    this.#worker = new Worker(path, { argv: [...argv], workerData: order, name: 'understanding' });
    this.#ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromThread) => {
        if (message.type === 'parsed') events.onAnswered(JSON.parse(message.answered) as Answered[]);
        else if (message.type === 'told') events.onTold(message.facts, message.message, message.labels);
        else if (message.type === 'ready') resolve(message.labels);
        else reject(new HearkenError(message.error.code, message.error.message, message.error));
      });
      this.#worker.once('exit', () => reject(new HearkenError('WORKER_LOST', `The understanding ended: ${this.#why}`)));
    });
    this.#ready.catch(() => undefined);
    this.#worker.on('error', (error) => {
      this.#why ??= messageOf(error);
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#why ??= `exit code ${code}`;
        events.onEnd(this.#why);
        resolve();
      });
    });
  }

  /** The intents it knows. Rejects with what the model could not be opened for, or with WORKER_LOST. */
  ready(): Promise<readonly string[]> {
    return this.#ready;
  }

  ask(asked: readonly Asked[]): void {
    this.#worker.postMessage({ type: 'parse', asked: JSON.stringify(asked) } satisfies ToThread);
  }

  /** It answers what it was asked, and ends; at the limit it is ended. */
  async close(limitMs: number): Promise<void> {
    this.#worker.postMessage({ type: 'close' } satisfies ToThread);
    const limit = setTimeout(() => void this.terminate('it did not close'), limitMs);
    await this.#ended;
    clearTimeout(limit);
  }

  async terminate(why: string): Promise<void> {
    this.#why ??= why;
    await this.#worker.terminate();
    await this.#ended;
  }
}
