import { frozenCopy, isPlainRecord, withoutUndefined } from './frozen-copy.js';

/**
 * What has changed from one JSON value to the next: a conversation is stored with every turn, and most of it is what it was the turn before. Works on frozen values that share what
 * is the same, as `frozenCopy` makes them: parts that are one and the same object are passed over unread.
 */

/** Lists: pieces of the old one and new elements in turns. Elements keep their order: what has moved is written anew. */
interface ListChange {
  readonly list: readonly (Piece | readonly unknown[])[];
}

type Piece = readonly [from: number, count: number];

/** Members of a record: written anew, changed themselves, or gone. New ones stand behind the others. */
interface RecordChange {
  readonly set?: Readonly<Record<string, unknown>>;
  readonly in?: Readonly<Record<string, Change>>;
  readonly gone?: readonly string[];
}

export type Change = ListChange | RecordChange;

type JsonRecord = Readonly<Record<string, unknown>>;

/** Longer lists would take too long to compare: they are written as a whole. */
const LONGEST_LIST = 500;
/** As deep as a kept value may be. */
const DEEPEST = 100;

export interface Grown {
  /** As `frozenCopy` makes it, with all that was there before as it was. */
  readonly copy: unknown;
  /** `changed(before, change)` is the copy, order of the members included. Undefined when they have nothing in common, or too little to tell. To be written at once: it holds parts of what was given. */
  readonly change: Change | undefined;
}

/** A frozen copy of what a frozen value has become, and how it differs. Throws TypeError as `frozenCopy` does. */
export function grownFrom(before: unknown, value: unknown): Grown {
  const { copy, change } = differing(before, value, 0);
  return { copy, change: change === SAME ? {} : change };
}

/** No difference. */
const SAME = Symbol('same');

interface Difference {
  readonly copy: unknown;
  /** Undefined: it has to be written anew. */
  readonly change: Change | typeof SAME | undefined;
}

function differing(before: unknown, value: unknown, depth: number): Difference {
  if (value === before && isKept(value)) return { copy: value, change: SAME };
  if (depth <= DEEPEST && typeof before === 'object' && before !== null) {
    if (Array.isArray(before)) {
      if (Array.isArray(value)) return differingList(before, value);
    } else if (isPlainRecord(value)) return differingRecord(before as JsonRecord, value, depth);
  }
  const copy = frozenCopy(value);
  return { copy, change: copy === before && copy !== undefined ? SAME : undefined };
}

/** It needs no copy. */
function isKept(value: unknown): boolean {
  if (typeof value === 'object') return value === null || Object.isFrozen(value);
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function differingRecord(before: JsonRecord, value: JsonRecord, depth: number): Difference {
  const names = Object.keys(before);
  const frozen = Object.isFrozen(value);
  // A spread keeps the engine's short way of holding it.
  const copy: Record<string, unknown> = frozen ? value : { ...value };
  const set: Record<string, unknown> = {};
  const inside: Record<string, Change> = {};
  const gone: string[] = [];
  let sets = 0;
  let changes = 0;
  let added = false;
  let whole = true;
  // What can't be told: another order, and a name that means something else in JavaScript.
  let other = false;
  let at = 0;
  for (const name of Object.keys(copy)) {
    const member = copy[name];
    const known = names[at] === name || Object.hasOwn(before, name);
    const difference = differing(known ? before[name] : undefined, member, depth + 1);
    if (!frozen && difference.copy !== member) copy[name] = difference.copy;
    if (difference.copy === undefined) {
      whole = false;
      continue;
    }
    if (!known) added = true;
    else if (added) other = true;
    else {
      for (; names[at] !== name && at < names.length; at++) {
        const passed = names[at] as string;
        if (copy[passed] !== undefined) other = true;
        gone.push(passed);
      }
      at++;
    }
    if (name === '__proto__') other = true;
    else if (difference.change === undefined) {
      set[name] = member;
      sets++;
    } else if (difference.change !== SAME) {
      inside[name] = difference.change;
      changes++;
    }
  }
  if (at < names.length) gone.push(...names.slice(at));
  const kept = frozen ? value : Object.freeze(whole ? copy : withoutUndefined(copy));
  if (other || (gone.length === names.length && names.length > 0)) return { copy: kept, change: undefined };
  if (sets + changes + gone.length === 0) return { copy: kept, change: SAME };
  const change: RecordChange = {
    ...(sets === 0 ? {} : { set }),
    ...(changes === 0 ? {} : { in: inside }),
    ...(gone.length === 0 ? {} : { gone }),
  };
  return { copy: kept, change };
}

function differingList(before: readonly unknown[], value: readonly unknown[]): Difference {
  if (before.length > LONGEST_LIST || value.length > LONGEST_LIST)
    return { copy: frozenCopy(value), change: undefined };
  const list: (Piece | readonly unknown[])[] = [];
  const copy: unknown[] = [];
  let kept = 0;
  let next = 0;
  for (let at = 0; at < value.length; ) {
    const from = keptAt(before, value[at], next);
    let count = 0;
    if (from >= 0)
      for (; at < value.length && isSameElement(before[from + count], value[at]); count++) copy.push(value[at++]);
    list.push([from < 0 ? 0 : from, count]);
    kept += count;
    if (from >= 0) next = from + count;
    const added: unknown[] = [];
    for (; at < value.length && keptAt(before, value[at], next) < 0; at++) {
      added.push(value[at]);
      copy.push(frozenCopy(value[at]) ?? null);
    }
    list.push(added);
  }
  const same = kept === before.length && kept === value.length;
  return {
    copy: same ? before : Object.isFrozen(value) ? value : Object.freeze(copy),
    change: same ? SAME : kept === 0 ? undefined : { list },
  };
}

/** Where a list still has this very element, from a place on; -1 where it has not. */
function keptAt(list: readonly unknown[], element: unknown, from: number): number {
  const at = list.indexOf(element, from);
  return at >= 0 && isKept(element) ? at : -1;
}

function isSameElement(one: unknown, other: unknown): boolean {
  return one === other && isKept(one);
}

/** Throws TypeError for a change of something else. */
export function changed(before: unknown, change: Change, depth = 0): unknown {
  if (depth > DEEPEST) throw new TypeError('That change is too deep.');
  if (Object.keys(change).length === 0) return before;
  if ('list' in change) {
    if (!Array.isArray(before)) throw new TypeError('That is a change of a list.');
    return change.list.flatMap((part, at) => (at % 2 === 0 ? piece(before, part as Piece) : part));
  }
  if (typeof before !== 'object' || before === null || Array.isArray(before))
    throw new TypeError('That is a change of a record.');
  const gone = new Set(change.gone);
  const left = Object.entries(before).filter(([name]) => !gone.has(name));
  const inside = new Map(Object.entries(change.in ?? {}));
  const set = new Map(Object.entries(change.set ?? {}));
  const members = left.map(([name, value]): [string, unknown] => {
    const within = inside.get(name);
    inside.delete(name);
    if (within !== undefined) return [name, changed(value, within, depth + 1)];
    if (!set.has(name)) return [name, value];
    const anew = set.get(name);
    set.delete(name);
    return [name, anew];
  });
  if (inside.size > 0) throw new TypeError(`There is no ${[...inside.keys()]} to be changed.`);
  return Object.fromEntries([...members, ...set]);
}

function piece(before: readonly unknown[], [from, count]: Piece): readonly unknown[] {
  const found = before.slice(from, from + count);
  if (found.length !== count) throw new TypeError('That change is of a longer list.');
  return found;
}
