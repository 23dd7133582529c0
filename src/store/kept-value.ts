import { type GrownJson, writeJson } from './grown-json.js';

/**
 * Values as the stores of one process keep them: copied, so that nobody can change what is stored by holding on to what they gave, and frozen, so that nobody can by
 * what they were given. What is frozen is not copied again: a value that was read, changed in a few places and put back shares all the rest with what was there before.
 */

/** Deeper than this is no conversation, but something that holds itself. */
const MAX_DEPTH = 100;

/**
 * A frozen copy with what JSON would keep of the value: no functions, no undefined members, `toJSON` heeded. Parts that are frozen already are taken as they are: whoever
 * freezes a part before giving it must have frozen it all through. Throws TypeError for what JSON can't hold (BigInt, what holds itself).
 */
export function frozenCopy<T>(value: T): T {
  return copied(value, 0) as T;
}

function copied(value: unknown, depth: number): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') throw new TypeError('A BigInt is nothing that JSON can hold.');
  if (typeof value !== 'object') return undefined;
  if (depth > MAX_DEPTH) throw new TypeError('It holds itself, or is too deep to be kept.');
  if (Array.isArray(value)) return Object.isFrozen(value) ? value : copiedList(value, depth);
  const shape: unknown = Object.getPrototypeOf(value);
  // Dates and other classes are what JSON makes of them.
  if ((shape !== Object.prototype && shape !== null) || 'toJSON' in value)
    return copied(JSON.parse(JSON.stringify(value) ?? 'null'), depth + 1);
  return Object.isFrozen(value) ? value : copiedRecord(value as Record<string, unknown>, depth);
}

function copiedList(list: readonly unknown[], depth: number): readonly unknown[] {
  const copy = new Array<unknown>(list.length);
  for (let at = 0; at < list.length; at++) copy[at] = copied(list[at], depth + 1) ?? null;
  return Object.freeze(copy);
}

function copiedRecord(record: Readonly<Record<string, unknown>>, depth: number): object {
  // A spread keeps the engine's short way of holding it; members one by one would make a dictionary of a large one.
  const copy = { ...record };
  let whole = true;
  for (const name of Object.keys(copy)) {
    const member = copy[name];
    if (typeof member === 'string' || typeof member === 'boolean' || member === null) continue;
    const kept = copied(member, depth + 1);
    if (kept === undefined) whole = false;
    if (kept !== member) copy[name] = kept;
  }
  // Made anew: to delete a member would make a dictionary of it too, which takes ten times as long to copy and is copied with each turn.
  return Object.freeze(
    whole ? copy : Object.fromEntries(Object.entries(copy).filter(([, kept]) => kept !== undefined)),
  );
}

/** One value at hand: ready to be read at once, or folded into its JSON, which takes a fraction of the memory. */
export class KeptValue<T> {
  #value: T | undefined;
  /** UTF-8, half of what a text with Chinese in it takes. */
  #json: GrownJson | undefined;

  private constructor(value: T | undefined, json?: GrownJson) {
    this.#value = value;
    this.#json = json;
  }

  static of<T>(value: T): KeptValue<T> {
    return new KeptValue<T>(keepable(value));
  }

  static ofJson<T>(json: string): KeptValue<T> {
    return new KeptValue<T>(frozenCopy(JSON.parse(json) as T));
  }

  /** What this one has become. Its JSON is made at once, with as much of this one's as is still the same. */
  grown(value: T): KeptValue<T> {
    const copy = keepable(value);
    return new KeptValue<T>(copy, writeJson(copy, this.#json));
  }

  /** Nobody can change it. */
  get value(): T {
    return this.#value ?? frozenCopy(JSON.parse(this.#json?.bytes.toString() ?? 'null') as T);
  }

  /** Made once and kept: whoever asks for it writes it somewhere, and may have to do so again. */
  get json(): Buffer {
    this.#json ??= writeJson(this.#value);
    return this.#json.bytes;
  }

  fold(): void {
    // Without the places of its parts, which would keep them alive.
    this.#json = { bytes: this.json, lists: new Map() };
    this.#value = undefined;
  }
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
