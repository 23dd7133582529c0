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

/** `changed(before, changeOf(before, after))` is `after`, order of the members included. Undefined when they have nothing in common, or too little to tell. */
export function changeOf(before: unknown, after: unknown): Change | undefined {
  const difference = differenceOf(before, after);
  return difference === 'same' ? {} : difference === 'other' ? undefined : difference;
}

function differenceOf(before: unknown, after: unknown): Change | 'same' | 'other' {
  if (before === after) return 'same';
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) return 'other';
  if (Array.isArray(before) !== Array.isArray(after)) return 'other';
  return Array.isArray(before)
    ? listDifference(before, after as readonly unknown[])
    : recordDifference(before as JsonRecord, after as JsonRecord);
}

function recordDifference(before: JsonRecord, after: JsonRecord): Change | 'same' | 'other' {
  const names = Object.keys(before);
  const set: [string, unknown][] = [];
  const inside: [string, Change][] = [];
  const gone: string[] = [];
  let at = 0;
  let added = false;
  for (const name of Object.keys(after)) {
    if (names[at] !== name) {
      if (!Object.hasOwn(before, name)) {
        added = true;
        set.push([name, after[name]]);
        continue;
      }
      for (; names[at] !== name; at++) {
        const passed = names[at];
        // The order has changed: that can't be said.
        if (passed === undefined || Object.hasOwn(after, passed)) return 'other';
        gone.push(passed);
      }
    }
    if (added) return 'other';
    at++;
    const difference = differenceOf(before[name], after[name]);
    if (difference === 'other') set.push([name, after[name]]);
    else if (difference !== 'same') inside.push([name, difference]);
  }
  gone.push(...names.slice(at));
  if (gone.length === names.length && names.length > 0) return 'other';
  if (set.length === 0 && inside.length === 0 && gone.length === 0) return 'same';
  return {
    ...(set.length === 0 ? {} : { set: Object.fromEntries(set) }),
    ...(inside.length === 0 ? {} : { in: Object.fromEntries(inside) }),
    ...(gone.length === 0 ? {} : { gone }),
  };
}

function listDifference(before: readonly unknown[], after: readonly unknown[]): Change | 'same' | 'other' {
  if (before.length > LONGEST_LIST || after.length > LONGEST_LIST) return 'other';
  const list: (Piece | readonly unknown[])[] = [];
  let kept = 0;
  let next = 0;
  for (let at = 0; at < after.length; ) {
    const from = before.indexOf(after[at], next);
    let count = 0;
    if (from >= 0) for (; at + count < after.length && before[from + count] === after[at + count]; count++);
    list.push([from < 0 ? 0 : from, count]);
    kept += count;
    at += count;
    if (from >= 0) next = from + count;
    const added: unknown[] = [];
    for (; at < after.length && before.indexOf(after[at], next) < 0; at++) added.push(after[at]);
    list.push(added);
  }
  if (kept === before.length && kept === after.length) return 'same';
  return kept === 0 ? 'other' : { list };
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
