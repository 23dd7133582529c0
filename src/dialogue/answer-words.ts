import type { Logger } from 'pino';
import { messageOf } from '../errors.js';
import { loadAppData } from '../nlu/corpus/load.js';
import type { Application, SlotDefinition } from './app/types.js';
import type { Expectation } from './brain.js';
import { isDigitSlot } from './turn/slots.js';

/** What the answer to a question may be, as far as that is known beforehand. */
export interface AnswerHints {
  /** Words of the slot's look-up tables and of the choices it has. */
  readonly words: readonly string[];
  /** Numbers that are known of this caller. */
  readonly numbers: readonly string[];
}

/** Numbers that tell who somebody is are never guessed: near enough would be good enough then. */
const NEVER_HINTED = new Set(['pin', 'id_number']);
const MOST_NUMBERS = 50;
const DIGITS = /^\d{3,32}$/;

interface Data {
  readonly lookups: ReadonlyMap<string, readonly string[]>;
  /** Canonical value → what is said for it. */
  readonly synonyms: ReadonlyMap<string, readonly string[]>;
}

/** Knows what an application's questions may be answered with. The training data is read in the background; until then there is nothing to tell. */
export class AnswerWords {
  readonly #application: Application;
  #data: Data = { lookups: new Map(), synonyms: new Map() };
  /** Resolves when the data is read; never rejects. */
  readonly ready: Promise<void>;
  /** The same object for the same answer, so that who keeps something by it can. */
  readonly #words = new Map<string, readonly string[]>();

  constructor(application: Application, logger: Pick<Logger, 'warn'>) {
    this.#application = application;
    this.ready = loadAppData(application.folder).then(
      ({ data }) => {
        const synonyms = new Map<string, string[]>();
        for (const [said, value] of Object.entries(data.synonyms)) {
          const key = value.toLowerCase();
          synonyms.set(key, [...(synonyms.get(key) ?? []), said]);
        }
        this.#data = { lookups: new Map(data.lookups.map(({ name, values }) => [name, values])), synonyms };
        this.#words.clear();
      },
      (error: unknown) => logger.warn({ reason: messageOf(error) }, 'the words that answers may be are not known'),
    );
  }

  /** For this question, with what the conversation knows by now. */
  of(expectation: Expectation, slots: Readonly<Record<string, unknown>>): AnswerHints {
    const slot = expectation.slot === undefined ? undefined : this.#application.domain.slots.get(expectation.slot);
    if (slot === undefined || expectation.type === 'confirm' || NEVER_HINTED.has(slot.voice.type))
      return { words: [], numbers: [] };
    return isDigitSlot(slot)
      ? { words: [], numbers: this.#numbers(slot, slots) }
      : { words: this.#wordsOf(slot), numbers: [] };
  }

  /** What other slots for the same kind of number hold, in the lengths that this one takes: whole, and its last digits. */
  #numbers(asked: SlotDefinition, slots: Readonly<Record<string, unknown>>): readonly string[] {
    const out = new Set<string>();
    for (const slot of this.#application.domain.slots.values()) {
      if (slot === asked || slot.voice.type !== asked.voice.type) continue;
      const value = slots[slot.name];
      for (const each of Array.isArray(value) ? value : [value]) {
        const digits = String(each ?? '');
        if (!DIGITS.test(digits)) continue;
        if (asked.voice.lengths.length === 0) out.add(digits);
        for (const length of asked.voice.lengths) if (digits.length >= length) out.add(digits.slice(-length));
      }
    }
    return [...out].slice(0, MOST_NUMBERS);
  }

  #wordsOf(slot: SlotDefinition): readonly string[] {
    const known = this.#words.get(slot.name);
    if (known) return known;
    const { lookups, synonyms } = this.#data;
    const tables = new Set([
      slot.name,
      ...slot.mappings.flatMap((each) => (each.type === 'from_entity' ? [each.entity] : [])),
    ]);
    const values = [...tables].flatMap((name) => lookups.get(name) ?? []);
    const choices = slot.values.map(String);
    const said = [...values, ...choices].flatMap((value) => synonyms.get(value.toLowerCase()) ?? []);
    const words = [...new Set([...values, ...choices, ...said])];
    this.#words.set(slot.name, words);
    return words;
  }
}
