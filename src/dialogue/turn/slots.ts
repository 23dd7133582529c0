import type { Entity, ParseResult } from '../../nlu/intent-model.js';
import type { Application, SlotDefinition, SlotMapping } from '../app/types.js';
import { longestDigitRun } from '../digits.js';

/** What a message says about slots. Pure. */

export interface Fill {
  readonly slot: string;
  readonly value: unknown;
  /** 0..1 */
  readonly confidence: number;
  /** The whole text was taken because nothing better was there: a command wins over it. */
  readonly weak: boolean;
}

export interface FillScope {
  /** Form or flow that is active, and the slot it asks for. */
  readonly loop: string | null;
  readonly requested: string | undefined;
  /** Slots that some form or flow asks for: a bare yes or a whole text only fills them while they are asked. */
  readonly collected: ReadonlySet<string>;
}

/** Types whose answer is a digit string. */
const DIGIT_TYPES: ReadonlySet<string> = new Set([
  'digits',
  'order_number',
  'phone_number',
  'tracking_number',
  'id_number',
  'pin',
]);
const MAX_TEXT_CHARS = 1000;

export function isDigitSlot(slot: SlotDefinition): boolean {
  return DIGIT_TYPES.has(slot.voice.type);
}

/** All slots that this message fills. */
export function fillSlots(
  application: Application,
  parse: ParseResult,
  heard: number,
  scope: FillScope,
): ReadonlyMap<string, Fill> {
  const fills = new Map<string, Fill>();
  const heardOf = new Set(parse.entities.map((entity) => entity.entity));
  for (const { slot, needs } of needsOf(application)) {
    // Most slots wait for an entity that is not there.
    if (needs !== undefined && slot.name !== scope.requested && !needs.some((entity) => heardOf.has(entity))) continue;
    const fill = fillSlot(application, slot, parse, heard, scope);
    if (fill !== undefined) fills.set(slot.name, fill);
  }
  return fills;
}

interface Needs {
  readonly slot: SlotDefinition;
  /** Without one of these entities nothing fills it unless it is asked for; undefined: other things may. */
  readonly needs: readonly string[] | undefined;
}

const needs = new WeakMap<Application, readonly Needs[]>();

function needsOf(application: Application): readonly Needs[] {
  let all = needs.get(application);
  if (all === undefined) {
    all = [...application.domain.slots.values()].map((slot) => ({ slot, needs: neededFor(slot) }));
    needs.set(application, all);
  }
  return all;
}

function neededFor(slot: SlotDefinition): readonly string[] | undefined {
  const names: string[] = [];
  for (const mapping of slot.mappings) {
    if (mapping.type === 'from_entity') names.push(mapping.entity);
    else if (mapping.type === 'by_name') names.push(slot.name);
    else if (mapping.type !== 'custom') return undefined;
  }
  // A number is also read out of a quantity.
  return names.includes('number') ? [...names, 'quantity'] : names;
}

function fillSlot(
  application: Application,
  slot: SlotDefinition,
  parse: ParseResult,
  heard: number,
  scope: FillScope,
): Fill | undefined {
  const form = scope.loop === null ? undefined : application.domain.forms.get(scope.loop);
  if (form?.requiredSlots.includes(slot.name) && form.ignoredIntents.includes(parse.intent.name)) return undefined;
  for (const mapping of slot.mappings) {
    const found = fromMapping(application, slot, mapping, parse, scope);
    if (found === undefined) continue;
    const value = coerce(slot, found.value);
    if (value === undefined) continue;
    return { slot: slot.name, value, confidence: Math.min(heard, found.confidence), weak: found.weak };
  }
  if (scope.requested !== slot.name) return undefined;
  const byType = fromType(slot, parse);
  const value = byType === undefined ? undefined : coerce(slot, byType);
  return value === undefined ? undefined : { slot: slot.name, value, confidence: heard, weak: false };
}

interface Found {
  readonly value: unknown;
  readonly confidence: number;
  readonly weak: boolean;
}

function fromMapping(
  application: Application,
  slot: SlotDefinition,
  mapping: SlotMapping,
  parse: ParseResult,
  scope: FillScope,
): Found | undefined {
  const intent = parse.intent.name;
  if (!intentFits(mapping, intent)) return undefined;
  if (!mappingHolds(mapping, scope)) return undefined;
  const asked = scope.requested === slot.name;
  const free = asked || mapping.conditions.length > 0 || !scope.collected.has(slot.name);
  switch (mapping.type) {
    case 'from_entity': {
      const entities = entitiesOf(application, parse);
      const named = entities.filter((entity) => matches(entity, mapping));
      return fromEntities(slot, named.length === 0 && mapping.entity === 'number' ? counts(entities) : named);
    }
    case 'by_name':
      return (
        fromEntities(
          slot,
          parse.entities.filter((entity) => entity.entity === slot.name),
        ) ?? (asked && slot.type === 'text' && slot.voice.type === 'text' ? wholeText(parse) : undefined)
      );
    case 'from_text':
      return free ? wholeText(parse) : undefined;
    case 'from_intent':
      return free && mapping.intents.length > 0
        ? { value: mapping.value, confidence: parse.intent.confidence, weak: false }
        : undefined;
    default:
      return undefined;
  }
}

/** Whether a mapping counts for a message of this intent. */
export function intentFits({ intents, notIntents }: SlotMapping, intent: string): boolean {
  return (intents.length === 0 || intents.includes(intent)) && !notIntents.includes(intent);
}

/** Whether a mapping counts now, by the loop that is active. */
export function mappingHolds(mapping: SlotMapping, scope: FillScope): boolean {
  return mapping.conditions.length === 0 || mapping.conditions.some((condition) => conditionHolds(condition, scope));
}

function conditionHolds(
  condition: { readonly activeLoop: string | null; readonly requestedSlot?: string },
  scope: FillScope,
): boolean {
  if (condition.activeLoop !== scope.loop) return false;
  return condition.requestedSlot === undefined || condition.requestedSlot === scope.requested;
}

function entitiesOf(application: Application, parse: ParseResult): readonly Entity[] {
  const intent = application.domain.intents.get(parse.intent.name);
  if (intent === undefined) return parse.entities;
  return parse.entities.filter(
    (entity) =>
      !intent.ignoreEntities.includes(entity.entity) &&
      (intent.useEntities === undefined || intent.useEntities.includes(entity.entity)),
  );
}

/** "Three people" is read as a quantity; who asks for a number means its three, as Rasa's number extractors give it. */
function counts(entities: readonly Entity[]): Entity[] {
  return entities.flatMap((entity) => {
    const { value } = entity;
    const amount =
      entity.entity === 'quantity' && typeof value === 'object' && value !== null && 'amount' in value
        ? value.amount
        : undefined;
    return typeof amount === 'number' ? [{ ...entity, entity: 'number', value: amount }] : [];
  });
}

function matches(entity: Entity, mapping: SlotMapping & { readonly type: 'from_entity' }): boolean {
  return (
    entity.entity === mapping.entity &&
    (mapping.role === undefined || entity.role === mapping.role) &&
    (mapping.group === undefined || entity.group === mapping.group)
  );
}

function fromEntities(slot: SlotDefinition, entities: readonly Entity[]): Found | undefined {
  if (entities.length === 0) return undefined;
  const confidence = Math.min(...entities.map((entity) => entity.confidence));
  if (slot.type === 'list') return { value: entities.map((entity) => entity.value), confidence, weak: false };
  const held = (entity: Entity): unknown => (slot.type === 'text' ? inWords(entity) : entity.value);
  // The last one: "不是 8765，是 8766".
  const fitting = entities.filter((entity) => coerce(slot, held(entity)) !== undefined);
  const last = fitting.at(-1);
  return last === undefined ? undefined : { value: held(last), confidence: last.confidence, weak: false };
}

/** An address or an amount of money has parts; in a text slot, which is read out and written down, it is the words that were said. */
function inWords({ value, text, extractor }: Entity): unknown {
  const said = typeof value === 'object' && value !== null && extractor !== 'payload' && extractor !== 'earlier';
  return said && text.trim() !== '' ? text.trim() : value;
}

function wholeText(parse: ParseResult): Found | undefined {
  const text = parse.text.trim();
  return text === '' ? undefined : { value: text.slice(0, MAX_TEXT_CHARS), confidence: 1, weak: true };
}

/** The answer to a question whose type is known, where no entity was found. */
function fromType(slot: SlotDefinition, parse: ParseResult): unknown {
  if (isDigitSlot(slot)) return longestDigitRun(parse.text)?.digits;
  if (slot.type === 'bool') {
    if (parse.intent.name === 'affirm') return true;
    return parse.intent.name === 'deny' ? false : undefined;
  }
  if (slot.type === 'categorical') {
    const text = parse.text.toLowerCase();
    return slot.values.find((value) => text.includes(String(value).toLowerCase()));
  }
  if (slot.type === 'float') return longestDigitRun(parse.text)?.digits;
  return undefined;
}

/** The value in the slot's type, undefined when it does not fit. */
export function coerce(slot: SlotDefinition, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (isDigitSlot(slot)) {
    const digits =
      typeof value === 'string' || typeof value === 'number' ? (longestDigitRun(String(value))?.digits ?? '') : '';
    return digits !== '' && fitsLength(slot, digits.length) ? digits : undefined;
  }
  switch (slot.type) {
    case 'bool':
      return typeof value === 'boolean'
        ? value
        : /^(true|yes|1)$/i.test(String(value))
          ? true
          : /^(false|no|0)$/i.test(String(value))
            ? false
            : undefined;
    case 'float': {
      const number = Number(value);
      if (!Number.isFinite(number)) return undefined;
      return number >= (slot.minValue ?? Number.NEGATIVE_INFINITY) &&
        number <= (slot.maxValue ?? Number.POSITIVE_INFINITY)
        ? number
        : undefined;
    }
    case 'categorical':
      return (
        slot.values.find((each) => String(each).toLowerCase() === String(value).toLowerCase()) ??
        (slot.values.includes('__other__') ? '__other__' : undefined)
      );
    case 'list':
      return Array.isArray(value) ? value : [value];
    case 'text':
      return typeof value === 'object'
        ? JSON.stringify(value).slice(0, MAX_TEXT_CHARS)
        : String(value).slice(0, MAX_TEXT_CHARS);
    default:
      return value;
  }
}

function fitsLength(slot: SlotDefinition, length: number): boolean {
  return slot.voice.lengths.length === 0 || slot.voice.lengths.includes(length);
}
