import { matchesOf } from './entities/matches.js';
import { completeTime } from './entities/partial-times.js';
import { plainText } from './entities/plain.js';
import type { Entity } from './intent-model.js';

/** What an utterance takes back, and what it puts in its place. */
export interface Corrected {
  /** What holds now; those that replace something said before carry `corrects`. */
  readonly entities: readonly Entity[];
  readonly retracted: readonly Entity[];
  readonly correction: boolean;
}

/** Words that take back what was said before them. */
const MARKER =
  /(?:我?(?:刚才|刚刚|前面)?(?:说|报|念|讲|记|看)错了?|弄错了|错了|不对(?!吗)|不不+|(?<=^|[\s，,])不(?=[\s，,])|(?<=[点半刻分])不(?=[零一二三四五六七八九十两\d]{1,3}点)|[哦噢喔啊]不|更正(?:一下)?|纠正(?:一下)?|改成|改为|改一下|应该是|应该说|我(?:是说|指的)是?|(?<![是要])不是(?!的?吗|[^，,。 ]{0,4}吗))|\b(?:no+|nope|sorry|i (?:mean|meant)|actually|scratch that|correction|make (?:that|it)|change (?:that|it) to|i misspoke|should (?:be|have been)|i said it wrong|that'?s (?:wrong|not right)|let me correct|rather|wait)\b/g;
/** These alone, with nothing to replace, still say that something was wrong. */
const SURE =
  /错了|更正|纠正|不对|应该是|i (?:meant|misspoke)|scratch that|correction|said it wrong|wrong|let me correct|should (?:be|have been)|改成|改为/;
/** Taking back needs something on both sides. */
const WEAK = /^(?:不|wait|sorry|actually|rather|改一下|make (?:that|it)|no+|nope)$/;
const NEGATED = /(?:(?<!是)不是|不要|并非|\bnot(?: the)?|\bisn'?t)\s*$/;
const AFTER_NOT = /^\s*(?:是|而是|[,，、 ]*(?:是|应该是|改成)|[,，]?\s*(?:but|it'?s|it is|i meant))/;

/** Types that can stand in for one another. */
const GROUPS: readonly (readonly string[])[] = [
  ['digits', 'order_number', 'tracking_number', 'phone_number', 'id_number', 'number'],
  ['date', 'time', 'datetime', 'duration'],
  ['money', 'quantity', 'percentage', 'number'],
];

/**
 * Reads corrections inside an utterance ("八七六四，不对，是八七六五", "not Monday but Tuesday") and across turns ("no, I meant Tuesday").
 */
export function readCorrections(text: string, entities: readonly Entity[]): Corrected {
  const plain = plainText(text);
  const markers = matchesOf(MARKER, plain).map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    words: match[0],
  }));
  const retracted = new Set<Entity>();
  const correcting = new Set<Entity>();
  retractNegated(plain, entities, retracted, correcting);
  for (const marker of markers) {
    const before = entities.filter((entity) => entity.end <= marker.start);
    const after = entities.filter((entity) => entity.start >= marker.end && !retracted.has(entity));
    const first = after[0];
    if (first === undefined) continue;
    const replaced = before.filter((entity) => after.some((other) => compatible(entity, other)));
    for (const entity of replaced) if (!correcting.has(entity)) retracted.add(entity);
    // A weak word inside a sentence corrects only what it replaces; at the beginning ("no, Tuesday") it answers the turn before.
    const opens = /^[\s,，。!！嗯哦噢uhm]*$/.test(plain.slice(0, marker.start));
    if (replaced.length === 0 && WEAK.test(marker.words) && !opens) continue;
    if (replaced.length === 0 && !opens && before.length > 0) continue;
    for (const entity of after)
      if (replaced.length === 0 ? entity === first : replaced.some((old) => compatible(old, entity)))
        correcting.add(entity);
  }
  const kept = entities
    .filter((entity) => !retracted.has(entity))
    .map((entity) =>
      correcting.has(entity) ? { ...completed(entity, retracted, correcting), corrects: true } : entity,
    );
  const said = markers.some((marker) => SURE.test(marker.words));
  return {
    entities: kept,
    retracted: [...retracted],
    correction: correcting.size > 0 || (said && entities.length === retracted.size),
  };
}

const TIMES: ReadonlySet<string> = new Set(['date', 'time', 'datetime']);

/** Of a date or time put in place of another, what it leaves open is as it was ("下午三点 不 四点"). */
function completed(entity: Entity, retracted: ReadonlySet<Entity>, correcting: ReadonlySet<Entity>): Entity {
  const times = [...correcting].filter((other) => TIMES.has(other.entity));
  const before = [...retracted].filter((other) => TIMES.has(other.entity)).sort((a, b) => a.start - b.start);
  if (!TIMES.has(entity.entity) || times.length !== 1) return entity;
  // "Tuesday … half past three … no, Wednesday": each part may have been said for itself.
  const value = before.reduceRight<unknown>(
    (said, old) => completeTime(old.value, said, entity.text) ?? said,
    entity.value,
  );
  if (value === entity.value) return entity;
  return { ...entity, value, entity: String(value).includes('T') ? 'datetime' : entity.entity };
}

/** "不是一是七", "是八不是九", "not one but seven". */
function retractNegated(
  plain: string,
  entities: readonly Entity[],
  retracted: Set<Entity>,
  correcting: Set<Entity>,
): void {
  entities.forEach((entity, index) => {
    if (!NEGATED.test(plain.slice(Math.max(0, entity.start - 10), entity.start))) return;
    const next = entities[index + 1];
    const previous = entities[index - 1];
    const other =
      next && AFTER_NOT.test(plain.slice(entity.end)) && compatible(entity, next)
        ? next
        : previous && compatible(entity, previous)
          ? previous
          : undefined;
    if (!other) return;
    retracted.add(entity);
    retracted.delete(other);
    correcting.add(other);
  });
}

function compatible(a: Entity, b: Entity): boolean {
  return a.entity === b.entity || GROUPS.some((group) => group.includes(a.entity) && group.includes(b.entity));
}
