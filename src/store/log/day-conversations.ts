import { stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { linesWith } from './day-files.js';

/** The conversation's id as its line begins with it, in JSON. */
const ID = /^\{"conversationId":("(?:[^"\\]|\\.)*")/;

interface Day {
  readonly size: number;
  readonly changedMs: number;
  readonly ids: ReadonlySet<number>;
}

/**
 * Which conversations a day's file has lines of. A day that is over does not change: it is read once, and later questions about other conversations do not open it. Of an id 32 bits are
 * kept: a "yes" may be wrong once in a billion times, a "no" never is.
 */
export class DayConversations {
  readonly #days = new Map<string, Day>();

  /** `file` must be there. Rejects when it can't be read. */
  async mayHold(file: string, conversationId: string): Promise<boolean> {
    const { size, mtimeMs } = await stat(file);
    let day = this.#days.get(file);
    if (day?.size !== size || day.changedMs !== mtimeMs) {
      day = { size, changedMs: mtimeMs, ids: await idsOf(file) };
      this.#days.set(file, day);
    }
    return day.ids.has(crc32(JSON.stringify(conversationId)));
  }

  /** Days that are not among these are forgotten. */
  keepOnly(files: ReadonlySet<string>): void {
    for (const file of this.#days.keys()) if (!files.has(file)) this.#days.delete(file);
  }
}

async function idsOf(file: string): Promise<ReadonlySet<number>> {
  const ids = new Set<number>();
  for await (const line of linesWith(file, '"conversationId"')) {
    const id = ID.exec(line)?.[1] ?? idIn(line);
    if (id !== undefined) ids.add(crc32(id));
  }
  return ids;
}

/** For a line that begins with something else. */
function idIn(line: string): string | undefined {
  try {
    return JSON.stringify((JSON.parse(line) as { conversationId?: unknown }).conversationId);
  } catch {
    return undefined;
  }
}
