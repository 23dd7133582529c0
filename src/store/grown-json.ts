/**
 * The JSON of a value that has grown out of another one: a conversation is written with every turn, and most of it (the events and replies so far) is what was written the turn
 * before. Those bytes are copied instead of being made again.
 */

export interface GrownJson {
  /** UTF-8. */
  readonly bytes: Buffer;
  /** Where the elements of its lists lie, by the name of the member. */
  readonly lists: ReadonlyMap<string, WrittenList>;
}

interface WrittenList {
  readonly elements: readonly unknown[];
  /** First byte of each element. */
  readonly starts: readonly number[];
  /** After the last byte of each element. */
  readonly ends: readonly number[];
}

/** Lists shorter than this are not worth the looking. */
const SHORTEST = 4;

/**
 * Writes a frozen value as `JSON.stringify` would. Elements of lists that are members of the value itself, and that are the very objects `before` was written with, are taken from there:
 * they must not have changed since, so both values must be frozen all through.
 */
export function writeJson(value: unknown, before?: GrownJson): GrownJson {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { bytes: Buffer.from(JSON.stringify(value)), lists: new Map() };
  writer.clear();
  const lists = new Map<string, WrittenList>();
  let text = '{';
  for (const [name, member] of Object.entries(value)) {
    text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:`;
    if (Array.isArray(member) && member.length >= SHORTEST) {
      writer.text(`${text}[`);
      lists.set(name, writeList(member, before?.bytes, before?.lists.get(name)));
      text = ']';
    } else text += JSON.stringify(member);
  }
  writer.text(`${text}}`);
  return { bytes: writer.taken(), lists };
}

function writeList(elements: readonly unknown[], bytes: Buffer | undefined, old: WrittenList | undefined): WrittenList {
  const starts: number[] = [];
  const ends: number[] = [];
  const { at, count } = sharedRun(elements, old);
  if (count > 0 && bytes !== undefined && old !== undefined) {
    const from = old.starts[at] ?? 0;
    const moved = writer.length - from;
    writer.copy(bytes.subarray(from, old.ends[at + count - 1]));
    for (let index = at; index < at + count; index++) {
      starts.push((old.starts[index] ?? 0) + moved);
      ends.push((old.ends[index] ?? 0) + moved);
    }
  }
  for (let index = count; index < elements.length; index++) {
    const comma = index > 0 ? ',' : '';
    starts.push(writer.length + comma.length);
    writer.text(comma + JSON.stringify(elements[index]));
    ends.push(writer.length);
  }
  return { elements, starts, ends };
}

/** The beginning of the list as a piece of the old one, which may have lost its own beginning since. */
function sharedRun(elements: readonly unknown[], old: WrittenList | undefined): { at: number; count: number } {
  const [first] = elements;
  if (old === undefined || typeof first !== 'object' || first === null) return { at: 0, count: 0 };
  const at = old.elements.indexOf(first);
  if (at < 0) return { at: 0, count: 0 };
  let count = 1;
  while (count < elements.length && isSameObject(elements[count], old.elements[at + count])) count++;
  return { at, count };
}

function isSameObject(one: unknown, other: unknown): boolean {
  return typeof one === 'object' && one !== null && one === other;
}

/** Bytes of a writer that has no more to hold; most values stay below. */
const FIRST_BYTES = 65_536;
/** UTF-8 of one UTF-16 unit. */
const MOST_BYTES_A_UNIT = 3;

/** Where values are put together before they are copied out in one piece: nothing else is allocated for one. */
class Writer {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  length = 0;

  text(part: string): void {
    this.#makeRoom(part.length * MOST_BYTES_A_UNIT);
    this.length += this.#bytes.write(part, this.length);
  }

  copy(part: Buffer): void {
    this.#makeRoom(part.length);
    this.length += part.copy(this.#bytes, this.length);
  }

  /** What was written, which is the caller's own. */
  taken(): Buffer {
    const all = Buffer.allocUnsafe(this.length);
    this.#bytes.copy(all, 0, 0, this.length);
    return all;
  }

  /** Begins anew. A single huge value does not keep its room. */
  clear(): void {
    this.length = 0;
    if (this.#bytes.length > 16 * FIRST_BYTES) this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  #makeRoom(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.length + more));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
  }
}

/** Writing is done in one go, never while another value is being written. */
const writer = new Writer();
