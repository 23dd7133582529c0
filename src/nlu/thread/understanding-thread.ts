import { parentPort, workerData } from 'node:worker_threads';
import { asHearkenError, messageOf } from '../../errors.js';
import { trainOrLoadForApp } from '../app-model.js';
import type { IntentModel } from '../intent-model.js';
import type { Answered, Asked, FromThread, SentError, ThreadOrder, ToThread } from './protocol.js';

/** Entry of the thread in which an application's understanding works; started by `threaded-model.ts`, and ends when it is told to. */

/** Answers are sent at least this often while there is more to do: each message has its cost, and whoever waits has nothing to do meanwhile. */
const SEND_EVERY_MS = 0.3;

const port = parentPort;
if (port === null) throw new Error('This file is no program of its own: threaded-model.ts starts it.');
const tell = (message: FromThread): void => port.postMessage(message);

/** Texts are understood one after the other: each takes the processor for itself, and the first answers are on their way while the next are worked out. */
class Desk {
  readonly #model: IntentModel;
  readonly #waiting: Asked[] = [];
  #answered: Answered[] = [];
  #sentMs = 0;
  #work: Promise<void> | undefined;

  constructor(model: IntentModel) {
    this.#model = model;
  }

  take(asked: readonly Asked[]): void {
    this.#waiting.push(...asked);
    this.#work ??= this.#workOff();
  }

  /** Resolves when everything is answered. */
  async done(): Promise<void> {
    await this.#work;
  }

  async #workOff(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#answered.push(await this.#answer(next));
      if (performance.now() - this.#sentMs >= SEND_EVERY_MS) this.#send();
    }
    this.#work = undefined;
    this.#send();
  }

  async #answer([id, text, options]: Asked): Promise<Answered> {
    try {
      return [id, await this.#model.parse(text, options)];
    } catch (error) {
      return [id, null, sentError(error)];
    }
  }

  #send(): void {
    if (this.#answered.length === 0) return;
    tell({ type: 'parsed', answered: JSON.stringify(this.#answered) });
    this.#answered = [];
    this.#sentMs = performance.now();
  }
}

function sentError(error: unknown): SentError {
  const { code, message, hint, data } = asHearkenError(error);
  return { code, message, ...(hint === undefined ? {} : { hint }), ...(data === undefined ? {} : { data }) };
}

/** An error is told by its words: not everything that it may carry can cross. */
function sendable(facts: object): object {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, value instanceof Error ? messageOf(value) : value]),
  );
}

async function open({ appFolder, cacheFolder, ...options }: ThreadOrder): Promise<IntentModel> {
  let model: IntentModel | undefined;
  const logger = {
    info: (facts: object, message: string): void =>
      tell({ type: 'told', facts: sendable(facts), message, labels: model?.labels ?? [] }),
  };
  model = await trainOrLoadForApp(appFolder, cacheFolder, { ...options, logger });
  return model;
}

try {
  const model = await open(workerData as ThreadOrder);
  const desk = new Desk(model);
  port.on('message', (message: ToThread) => {
    if (message.type === 'parse') desk.take(JSON.parse(message.asked) as Asked[]);
    else
      void desk
        .done()
        .then(() => model.close())
        .finally(() => port.close());
  });
  tell({ type: 'ready', labels: model.labels });
} catch (error) {
  tell({ type: 'refused', error: sentError(error) });
}
