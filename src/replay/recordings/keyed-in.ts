import { z } from 'zod';
import type { RecordedEvent } from '../../call/record.js';

/** Keys further apart than this are two answers: about what the service waits for another key. */
const APART_MS = 3000;
/** From key to key where a record tells only the whole number. */
const KEY_MS = 150;

const keySchema = z.object({ atMs: z.number(), type: z.literal('key'), digit: z.string().regex(/^[0-9*#A-D]$/) });
const numberSchema = z.object({
  atMs: z.number(),
  type: z.literal('turn'),
  input: z.object({ type: z.literal('dtmf'), digits: z.string().regex(/^[0-9*#A-D]{1,64}$/) }),
});

export interface KeyedIn {
  readonly startMs: number;
  readonly endMs: number;
  readonly keys: string;
}

/** What a caller keyed in, by the call's record: key by key, or from the turns where the record has no keys. */
export function keyedIn(events: readonly RecordedEvent[]): readonly KeyedIn[] {
  const keys = events.flatMap((event) => keySchema.safeParse(event).data ?? []);
  if (keys.length === 0) {
    return events.flatMap((event) => {
      const turn = numberSchema.safeParse(event).data;
      if (!turn) return [];
      const { digits } = turn.input;
      const endMs = Math.max(KEY_MS * digits.length, turn.atMs - KEY_MS);
      return [{ startMs: endMs - KEY_MS * digits.length, endMs, keys: digits }];
    });
  }
  const groups: { startMs: number; endMs: number; keys: string }[] = [];
  for (const { atMs, digit } of keys) {
    const last = groups.at(-1);
    if (last && atMs - last.endMs < APART_MS) {
      last.keys += digit;
      last.endMs = Math.max(last.endMs + 1, atMs);
    } else groups.push({ startMs: atMs, endMs: atMs + 1, keys: digit });
  }
  return groups;
}

/** When each of some keys is pressed: the first at the begin, the last at the end, evenly between. */
export function keyTimes({
  startMs,
  endMs,
  keys,
}: KeyedIn): readonly { readonly atMs: number; readonly key: string }[] {
  const step = keys.length < 2 ? 0 : (endMs - startMs) / (keys.length - 1);
  return Array.from(keys, (key, index) => ({ atMs: startMs + index * step, key }));
}
