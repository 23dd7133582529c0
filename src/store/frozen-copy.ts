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
  // Dates and other classes are what JSON makes of them.
  if (!isPlainRecord(value)) return copied(JSON.parse(JSON.stringify(value) ?? 'null'), depth + 1);
  return Object.isFrozen(value) ? value : copiedRecord(value, depth);
}

/** A record whose members are all there is to it. */
export function isPlainRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const shape: unknown = Object.getPrototypeOf(value);
  return (shape === Object.prototype || shape === null) && !('toJSON' in value);
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
  return Object.freeze(whole ? copy : withoutUndefined(copy));
}

/** Made anew: to delete a member would make a dictionary of it, which takes ten times as long to copy and is copied with each turn. */
export function withoutUndefined(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, kept]) => kept !== undefined));
}
