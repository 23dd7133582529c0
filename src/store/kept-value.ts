import { frozenCopy } from './frozen-copy.js';
import { type Change, changed, grownFrom } from './json-change.js';

/** Changes that are kept beside the value they begin with; whoever reads it has to go through all of them. */
const MOST_CHANGES = 32;
/** Together they may be as long as the value, or as this: it is then time to write all of it anew. */
const CHANGES_BYTES = 24_576;

/** One value at hand: ready to be read at once, or folded into its JSON, which takes a fraction of the memory. */
export class KeptValue<T> {
  #value: T | undefined;
  /** JSON of an earlier value and of the changes since. UTF-8, half of what a text with Chinese in it takes. */
  #parts: readonly Buffer[];

  private constructor(value: T | undefined, parts: readonly Buffer[] = []) {
    this.#value = value;
    this.#parts = parts;
  }

  static of<T>(value: T): KeptValue<T> {
    return new KeptValue<T>(keepable(value));
  }

  /** `parts`: see below. Throws SyntaxError or TypeError for what is nothing of the kind. */
  static ofParts<T>(parts: readonly string[]): KeptValue<T> {
    const bytes = parts.map((part) => Buffer.from(part));
    return new KeptValue<T>(joined(bytes) as T, bytes);
  }

  /** What this one becomes: in parts it is this one's with one change more, or anew where that is the shorter way. */
  grown(value: T): KeptValue<T> {
    if (this.#value === undefined) return KeptValue.of(value);
    const { copy, change } = grownFrom(this.#value, value);
    if (change === undefined) return KeptValue.of(copy as T);
    const parts = [...this.parts, Buffer.from(JSON.stringify(change))];
    const [whole, ...changes] = parts.map(({ length }) => length);
    const most = Math.max(whole ?? 0, CHANGES_BYTES);
    const tooMuch = changes.length > MOST_CHANGES || changes.reduce((sum, length) => sum + length, 0) > most;
    return new KeptValue<T>(copy as T, tooMuch ? [] : parts);
  }

  /** Nobody can change it. */
  get value(): T {
    return this.#value ?? (joined(this.#parts) as T);
  }

  /** Its JSON, or that of an earlier value followed by the changes since, oldest first. At least one. */
  get parts(): readonly Buffer[] {
    if (this.#parts.length === 0) this.#parts = [Buffer.from(JSON.stringify(this.#value))];
    return this.#parts;
  }

  /** All of it. */
  get json(): Buffer {
    const [whole, ...changes] = this.parts;
    return whole !== undefined && changes.length === 0 ? whole : Buffer.from(JSON.stringify(this.value));
  }

  /** In one piece, which is shorter than what it has been since. */
  fold(): void {
    this.#parts = [this.json];
    this.#value = undefined;
  }
}

function joined([whole, ...changes]: readonly Buffer[]): unknown {
  const value: unknown = JSON.parse(whole?.toString() ?? 'null');
  return frozenCopy(changes.reduce((before, part) => changed(before, JSON.parse(part.toString()) as Change), value));
}

function keepable<T>(value: T): T {
  const copy = frozenCopy(value);
  if (copy === undefined) throw new TypeError('That is nothing that can be kept.');
  return copy;
}

/** Keeps the values used last ready to be read and folds the others. */
export class ReadyValues {
  /** In order of use. */
  readonly #ready = new Map<string, KeptValue<unknown>>();
  readonly #most: number;

  /** Conversations that are going on at the same time have turns again and again; those that were left never or once. */
  constructor(most = 2000) {
    this.#most = most;
  }

  use(key: string, value: KeptValue<unknown>): void {
    this.#ready.delete(key);
    this.#ready.set(key, value);
    if (this.#ready.size <= this.#most) return;
    for (const [oldest, left] of this.#ready) {
      left.fold();
      this.#ready.delete(oldest);
      return;
    }
  }

  forget(key: string): void {
    this.#ready.delete(key);
  }

  clear(): void {
    this.#ready.clear();
  }
}
