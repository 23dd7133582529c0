import { distance } from 'fastest-levenshtein';
import { expectedKind } from '../../nlu/entities/expected.js';
import { BUILT_IN_ENTITIES } from '../../nlu/entities/types.js';
import { didYouMean, nearest } from './nearest.js';
import type { Predicate } from './predicate.js';
import { fitted, whatFits } from './slot-values.js';
import type { Application, Flow, Located, SlotDefinition } from './types.js';
import type { YamlReader } from './yaml.js';

/** Kinds of answers besides those that are entities: what `voice: {type: …}` may be in every application. */
const VOICE_TYPES: readonly string[] = [...BUILT_IN_ENTITIES, 'pin', 'amount', 'confirm', 'text'];

/** Values of flows that their slots never hold. */
export function checkFlowValues(application: Application, reader: YamlReader, flow: Flow): void {
  const { slots } = application.domain;
  if (flow.guard !== undefined) checkCondition(application, reader, flow.guard, flow, true);
  for (const step of flow.steps.values()) {
    for (const { when } of step.next) if (when !== undefined) checkCondition(application, reader, when, step, false);
    if (step.kind === 'collect')
      for (const { when } of step.rejections) checkCondition(application, reader, when, step, true);
    if (step.kind !== 'set_slots') continue;
    for (const { name, value } of step.slots) {
      const slot = slots.get(name);
      if (slot !== undefined && fitted(slot, value) === undefined)
        tellMisfit(reader, step, `this step sets the ${slot.type} slot "${name}" to ${shown(value)}`, slot, value);
    }
  }
}

/** `names`: slots that are not there are told as well (those of branches are told elsewhere). */
function checkCondition(
  { domain: { slots } }: Application,
  reader: YamlReader,
  condition: Predicate,
  place: Located,
  names: boolean,
): void {
  for (const name of names ? condition.slots.filter((each) => !slots.has(each)) : [])
    reader.warning(
      place.file,
      place.line,
      `the condition "${condition.source}" looks at the slot "${name}", which there is not`,
      `Add it to "slots:" of the domain, or correct the name.${didYouMean(name, slots.keys())}`,
    );
  for (const { slot: name, literal } of condition.comparisons) {
    const slot = slots.get(name);
    if (slot !== undefined && !canEqual(slot, literal))
      tellMisfit(
        reader,
        place,
        `the condition "${condition.source}" compares "${name}" with ${shown(literal)}`,
        slot,
        literal,
      );
  }
}

/** Conditions compare letter by letter, where code may write "TRUE" for true. */
function canEqual(slot: SlotDefinition, literal: unknown): boolean {
  const value = fitted(slot, literal);
  return value === null || (value !== undefined && (slot.type === 'list' || String(value) === String(literal)));
}

function tellMisfit(
  reader: YamlReader,
  { file, line }: Located,
  what: string,
  slot: SlotDefinition,
  value: unknown,
): void {
  const near = slot.type === 'categorical' ? didYouMean(String(value), slot.values.map(String)) : '';
  reader.warning(file, line, `${what}, which it never holds`, `It holds ${whatFits(slot)}.${near}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

const PERSONS_NAME =
  /^(?:sur|nick)?name$|(?:^|_)(?:first|last|family|given|full|sur|your|my|customer|caller|contact|holder|owner|client|user|patient|guest|member|person|recipient|tenant)s?_?name$|(?:^|_)(?:caller|contact_person)$/i;

/** Any words answer it, as they were said. */
function takesWhole({ type, mappings }: SlotDefinition): boolean {
  return (
    type === 'text' &&
    mappings.some((mapping) => mapping.type === 'from_text' || mapping.type === 'by_name') &&
    !mappings.some((mapping) => mapping.type === 'from_entity')
  );
}

function mistyped(type: string): string {
  const near = nearest(type, VOICE_TYPES);
  return near !== undefined && distance(type, near) === 1 ? ` Did you mean "${near}"?` : '';
}

/** A kind of answer that nothing reads, and slots that make each other unknown. */
export function checkSlotKinds({ domain }: Application, reader: YamlReader, slot: SlotDefinition): void {
  const { name, file, line } = slot;
  const { type } = slot.voice;
  const meant = mistyped(type);
  // A name that tells the kind ("departure_date") is heard as that; one that is nearly a kind is mistyped.
  if (!VOICE_TYPES.includes(type) && !domain.entities.has(type) && (expectedKind(type) === undefined || meant !== ''))
    reader.warning(
      file,
      line,
      `the slot "${name}" is asked for as "${type}", which is no kind of answer`,
      `It is heard like any words. Write an entity of the domain or one of ${VOICE_TYPES.join(', ')}.${meant}`,
    );
  if (PERSONS_NAME.test(name) && type === 'text' && !slot.voice.typed && takesWhole(slot))
    reader.warning(
      file,
      line,
      `the slot "${name}" looks like a person's name, and "my name is Li Wei" would be its value as a whole`,
      'Fill it from the entity "person" ("mappings: [{type: from_entity, entity: person}, {type: from_text}]" takes a name where there is one); or write "voice: {type: text}" to keep the words.',
    );
  if (dependsOn(domain.slots, slot, name, new Set()))
    reader.warning(
      file,
      line,
      `the slot "${name}" depends on itself`,
      'It would become unknown whenever it changes. Take it out of "depends_on", or break the circle.',
    );
}

function dependsOn(
  slots: ReadonlyMap<string, SlotDefinition>,
  slot: SlotDefinition,
  wanted: string,
  seen: Set<string>,
): boolean {
  return slot.dependsOn.some((name) => {
    if (name === wanted) return true;
    const other = slots.get(name);
    if (other === undefined || seen.has(name)) return false;
    seen.add(name);
    return dependsOn(slots, other, wanted, seen);
  });
}
