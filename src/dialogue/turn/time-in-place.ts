import { extractEntities } from '../../nlu/entities/extract.js';
import { completeTime } from '../../nlu/entities/partial-times.js';
import type { ParseResult } from '../../nlu/intent-model.js';
import { askedByTop } from './beside.js';
import type { TurnContext } from './context.js';
import { fillScope } from './extract.js';
import { type Fill, fillSlots } from './slots.js';

/** "Yes, but make it four": where a time was told before, a number that takes something's place is an hour, which no question asks for any more. */

const IN_PLACE =
  /(?<!not |n't |never )\b(?:make (?:it|that)|change (?:it|that|the time) to|(?:can|could) we (?:do|say|make it)|let's (?:do|say|make it)|(?:how|what) about|rather)\s+(?=\S)|(?<![别不])(?:改[成到为]|换[成到])(?=\S)/giu;
const TIMES: ReadonlySet<string> = new Set(['date', 'time', 'datetime']);

/** The fills, with the time that takes the place of the one told before. */
export function timesInPlace(
  ctx: TurnContext,
  parse: ParseResult,
  fills: ReadonlyMap<string, Fill>,
): ReadonlyMap<string, Fill> {
  const marker = [...parse.text.matchAll(IN_PLACE)].at(-1);
  if (marker === undefined || parse.entities.some(({ entity }) => TIMES.has(entity))) return fills;
  const told = askedByTop(ctx).filter((name) => (ctx.state.slots[name] ?? null) !== null && !fills.has(name));
  if (told.length === 0) return fills;
  const start = marker.index + marker[0].length;
  const { timeZone } = ctx.application;
  const read = extractEntities(parse.text.slice(start), { expectedSlot: 'time', nowMs: ctx.nowMs, timeZone });
  const time = read.find(({ entity, start: at }) => TIMES.has(entity) && at === 0);
  if (time === undefined) return fills;
  const found = fillSlots(ctx.application, { ...parse, entities: [time] }, 1, fillScope(ctx));
  const completed = new Map(fills);
  for (const name of told) {
    const fill = found.get(name);
    if (fill === undefined || fill.weak || fill.value !== time.value) continue;
    completed.set(name, { ...fill, value: completeTime(ctx.state.slots[name], fill.value, time.text) ?? fill.value });
  }
  return completed;
}
