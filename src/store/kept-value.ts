import { type Change, changed, changeOf } from './json-change.js';

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
    const copy = keepable(value);
    const change = this.#value === undefined ? undefined : changeOf(this.#value, copy);
    if (change === undefined) return new KeptValue<T>(copy);
    const parts = [...this.parts, Buffer.from(JSON.stringify(change))];
    const [whole, ...changes] = parts.map(({ length }) => length);
    const most = Math.max(whole ?? 0, CHANGES_BYTES);
    const tooMuch = changes.length > MOST_CHANGES || changes.reduce((sum, length) => sum + length, 0) > most;
    return new KeptValue<T>(copy, tooMuch ? [] : parts);
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

  fold(): void {
    this.#parts = this.parts;
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
