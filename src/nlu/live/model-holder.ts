import { createHash } from 'node:crypto';
import { HearkenError, messageOf } from '../../errors.js';
import type { IntentModel, ParseOptions, ParseResult } from '../intent-model.js';

/** A model that can prove itself: examples it must still know. */
export interface ProvableModel extends IntentModel {
  readonly smokeSet?: readonly { readonly text: string; readonly intent: string }[];
}

export interface HolderEvents {
  readonly onSwap?: (facts: { readonly model: string; readonly previous: string }) => void;
  readonly onRefused?: (facts: { readonly source: string; readonly reason: string }) => void;
  readonly onReleased?: (facts: { readonly model: string }) => void;
}

/** Share of its smoke set that a model must get right before it may answer callers. */
const SMOKE_SHARE = 0.9;

/** One model with the turns that are using it. */
class Held {
  readonly model: IntentModel;
  readonly name: string;
  readonly #onReleased: HolderEvents['onReleased'];
  #readers = 0;
  #retired = false;
  #closed: Promise<void> | undefined;

  constructor(model: IntentModel, name: string, onReleased: HolderEvents['onReleased']) {
    this.model = model;
    this.name = name;
    this.#onReleased = onReleased;
  }

  async use<T>(work: (model: IntentModel) => Promise<T>): Promise<T> {
    this.#readers++;
    try {
      return await work(this.model);
    } finally {
      this.#readers--;
      if (this.#retired && this.#readers === 0) await this.#close();
    }
  }

  /** Closes the model now, or when its last reader is done. */
  async retire(): Promise<void> {
    this.#retired = true;
    if (this.#readers === 0) await this.#close();
  }

  #close(): Promise<void> {
    this.#closed ??= this.model.close().then(() => this.#onReleased?.({ model: this.name }));
    return this.#closed;
  }
}

/**
 * The intent model the service talks to, whichever that is at the moment. A new model is tried on its own smoke set beside the old one, takes over
 * between two parses, and the old one is closed when its last reader is gone. A second model may answer a share of the conversations (A/B): the same
 * conversation always gets the same one, and every result names the model that made it.
 */
export class ModelHolder implements IntentModel {
  readonly #events: HolderEvents;
  #main: Held;
  #trial: { readonly held: Held; readonly share: number } | undefined;
  #closed = false;
  /** Swaps happen one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(model: IntentModel, name: string, events: HolderEvents = {}) {
    this.#events = events;
    this.#main = new Held(model, name, events.onReleased);
  }

  get labels(): readonly string[] {
    return this.#main.model.labels;
  }

  /** Name of the model that answers now (the main one). */
  get current(): string {
    return this.#main.name;
  }

  /** Name and share of the model on trial. */
  get trial(): { readonly name: string; readonly share: number } | undefined {
    return this.#trial && { name: this.#trial.held.name, share: this.#trial.share };
  }

  async parse(text: string, options?: ParseOptions): Promise<ParseResult> {
    return this.#pick(options?.conversationId).use((model) => model.parse(text, options));
  }

  #pick(conversationId: string | undefined): Held {
    const trial = this.#trial;
    if (!trial || conversationId === undefined) return this.#main;
    return shareOf(conversationId) < trial.share ? trial.held : this.#main;
  }

  /**
   * Loads a model, tries it, and lets it take over. False when it was refused (it can't be loaded, or fails its own smoke set): the old one stays.
   */
  async swap(
    source: string,
    load: () => Promise<ProvableModel>,
    name: (model: ProvableModel) => string,
  ): Promise<boolean> {
    return this.#serially(async () => {
      const held = await this.#prove(source, load, name);
      if (!held) return false;
      const previous = this.#main;
      this.#main = held;
      this.#events.onSwap?.({ model: held.name, previous: previous.name });
      await previous.retire();
      return true;
    });
  }

  /** Puts a second model beside the main one for a share (0..1) of the conversations. False when it was refused. */
  async startTrial(
    source: string,
    share: number,
    load: () => Promise<ProvableModel>,
    name: (model: ProvableModel) => string,
  ): Promise<boolean> {
    return this.#serially(async () => {
      const held = await this.#prove(source, load, name);
      if (!held) return false;
      await this.#trial?.held.retire();
      this.#trial = { held, share: Math.max(0, Math.min(1, share)) };
      return true;
    });
  }

  /** Ends the trial: the second model takes over for everybody, or goes. */
  async endTrial(outcome: 'adopt' | 'drop'): Promise<void> {
    await this.#serially(async () => {
      const trial = this.#trial;
      if (!trial) return;
      this.#trial = undefined;
      if (outcome === 'drop') return trial.held.retire();
      const previous = this.#main;
      this.#main = trial.held;
      this.#events.onSwap?.({ model: trial.held.name, previous: previous.name });
      await previous.retire();
    });
  }

  async #prove(
    source: string,
    load: () => Promise<ProvableModel>,
    name: (model: ProvableModel) => string,
  ): Promise<Held | undefined> {
    let model: ProvableModel | undefined;
    try {
      if (this.#closed) throw new HearkenError('MODEL_INVALID', 'the holder is closed');
      model = await load();
      await smokeTest(model);
      return new Held(model, name(model), this.#events.onReleased);
    } catch (error) {
      await model?.close().catch(() => undefined);
      this.#events.onRefused?.({ source, reason: messageOf(error) });
      return undefined;
    }
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(work);
    this.#queue = next.catch(() => undefined);
    return next;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
    await Promise.all([this.#main.retire(), this.#trial?.held.retire()]);
  }
}

/** A model that does not know its own best examples was built or copied wrong. */
async function smokeTest(model: ProvableModel): Promise<void> {
  const examples = model.smokeSet ?? [];
  let right = 0;
  for (const { text, intent } of examples) {
    const result = await model.parse(text);
    const names = [result.intent.name, ...(result.intents ?? []).map((span) => span.name)];
    if (names.includes(intent)) right++;
  }
  if (right >= examples.length * SMOKE_SHARE) return;
  throw new HearkenError(
    'MODEL_INVALID',
    `the model knows ${right} of the ${examples.length} utterances of its smoke set; expected ${Math.ceil(examples.length * SMOKE_SHARE)}`,
  );
}

/** A conversation's place in [0, 1), the same in every instance of the service. */
function shareOf(conversationId: string): number {
  return createHash('sha256').update(conversationId).digest().readUInt32BE(0) / 0x1_0000_0000;
}
