import type { LiveEvent } from '../api/console/contract.js';

/** One event on its way to whoever watches. */
export interface Published {
  /** Grows by one with each. */
  readonly seq: number;
  readonly event: LiveEvent;
  /** For this user alone; undefined: for everybody who may see it. */
  readonly to: string | undefined;
}

/** Events that a reader who was away for a moment can still be given. */
const KEPT = 2000;

/** Everything that happens, told to everybody who watches, in order. Readers never hold up the one who tells. */
export class LiveBus {
  readonly #readers = new Set<(published: Published) => void>();
  readonly #kept: Published[] = [];
  readonly #onReaderError: (error: unknown) => void;
  #seq = 0;

  constructor(onReaderError: (error: unknown) => void = () => undefined) {
    this.#onReaderError = onReaderError;
  }

  /** Of the last event. */
  get seq(): number {
    return this.#seq;
  }

  publish(event: LiveEvent, to?: string): void {
    const published: Published = { seq: ++this.#seq, event, to };
    this.#kept.push(published);
    if (this.#kept.length > KEPT * 2) this.#kept.splice(0, KEPT);
    for (const reader of this.#readers) {
      try {
        reader(published);
      } catch (error) {
        this.#onReaderError(error);
      }
    }
  }

  /** All after `seq`; undefined when some of them are gone. */
  since(seq: number): readonly Published[] | undefined {
    if (seq > this.#seq) return undefined;
    if (seq === this.#seq) return [];
    const first = this.#kept[0]?.seq;
    if (first === undefined || first > seq + 1) return undefined;
    return this.#kept.slice(seq + 1 - first);
  }

  /** Returns what ends it. */
  read(reader: (published: Published) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }
}
