import { readForAgent, toldByCaller } from './slot-for-agent.js';
import { fitted, whatFits } from './slot-values.js';
import type { MappingCondition, SlotDefinition, SlotMapping, SlotType, SlotVoice } from './types.js';
import { tellUnknownKeys } from './unknown-keys.js';
import { isMapValue, type YamlMap, type YamlReader } from './yaml.js';

const TYPES: ReadonlySet<string> = new Set(['text', 'bool', 'categorical', 'float', 'list', 'any']);
const MAPPINGS: ReadonlySet<string> = new Set([
  'from_entity',
  'from_text',
  'from_intent',
  'from_trigger_intent',
  'custom',
  'controlled',
  'from_llm',
]);

const SLOT_KEYS = [
  'type',
  'values',
  'initial_value',
  'min_value',
  'max_value',
  'influence_conversation',
  'mappings',
  'voice',
  'depends_on',
  'agent',
  'profile',
];
const RASA_SLOT_KEYS = [
  'auto_fill',
  'value_reset_delay',
  'shared_for_coexistence',
  'validation',
  'refill_utter',
  'description',
  'metadata',
  'is_builtin',
];
const VOICE_KEYS = ['type', 'length', 'confirm', 'implicit_from', 'ask_again_below', 'keypad'];

/** Read-back by confidence: at least this sure is repeated in passing, below the second it is asked again. */
const IMPLICIT_FROM = 0.85;
const ASK_AGAIN_BELOW = 0.35;

export function readSlot(reader: YamlReader, name: string, value: unknown, map: YamlMap): SlotDefinition | undefined {
  if (!isMapValue(value)) {
    reader.wrong(
      map,
      name,
      `slot "${name}" has no type`,
      `Write "type: text" below it (one of ${[...TYPES].join(', ')}).`,
    );
    return undefined;
  }
  // 2.x: `unfeaturized` is today's `any` that does not influence the conversation.
  const written = value.type === 'unfeaturized' ? 'any' : value.type;
  if (typeof written !== 'string' || !TYPES.has(written)) {
    reader.wrong(
      value,
      'type',
      `slot "${name}" has the type "${String(written)}"`,
      `Use one of ${[...TYPES].join(', ')}.`,
    );
    return undefined;
  }
  tellUnknownKeys(reader, value, `slot "${name}"`, SLOT_KEYS, RASA_SLOT_KEYS);
  const values = Array.isArray(value.values) ? value.values : [];
  if (written === 'categorical' && values.length === 0) {
    reader.wrong(
      value,
      undefined,
      `categorical slot "${name}" lists no values`,
      'Add "values:" with one "- value" a line.',
    );
  }
  const influences = value.influence_conversation ?? (value.type !== 'unfeaturized' && written !== 'any');
  const mappings = value.mappings === undefined ? [byName()] : readMappings(reader, value.mappings, value, 'mappings');
  const voice = readVoice(reader, value, written as SlotType, mappings);
  return {
    name,
    type: written as SlotType,
    initialValue: readInitial(reader, value, name, { type: written as SlotType, values }),
    influenceConversation: influences !== false,
    values,
    minValue: typeof value.min_value === 'number' ? value.min_value : undefined,
    maxValue: typeof value.max_value === 'number' ? value.max_value : undefined,
    mappings,
    voice,
    dependsOn: strings(value.depends_on),
    spoken: value.voice !== undefined,
    profile: value.profile === true,
    agent: readForAgent(reader, value, toldByCaller(mappings) && voice.type !== 'pin'),
    ...reader.place(map, name),
  };
}

/** What clearly means a value of the slot's type becomes one; anything else is told and kept, as Rasa keeps it. */
function readInitial(
  reader: YamlReader,
  value: YamlMap,
  name: string,
  slot: Pick<SlotDefinition, 'type' | 'values'>,
): unknown {
  const initial = value.initial_value ?? null;
  const fits = fitted(slot, initial);
  if (fits !== undefined) return fits;
  reader.warn(
    value,
    'initial_value',
    `the ${slot.type} slot "${name}" begins with ${JSON.stringify(initial)}, which does not fit it`,
    `Write ${whatFits(slot)}, or leave "initial_value" out.`,
  );
  return initial;
}

export function readMappings(reader: YamlReader, value: unknown, holder: YamlMap, key: string): SlotMapping[] {
  const list = Array.isArray(value) ? value : isMapValue(value) ? [value] : [];
  const read: SlotMapping[] = [];
  for (const item of list) {
    if (!isMapValue(item) || typeof item.type !== 'string' || !MAPPINGS.has(item.type)) {
      reader.wrong(
        isMapValue(item) ? item : holder,
        isMapValue(item) ? 'type' : key,
        'this slot mapping has no type that is known',
        `Use one of ${[...MAPPINGS].join(', ')}.`,
      );
      continue;
    }
    const base = {
      intents: strings(item.intent),
      notIntents: strings(item.not_intent),
      conditions: readConditions(item.conditions),
    };
    if (item.type === 'from_entity') {
      if (typeof item.entity !== 'string') {
        reader.wrong(item, undefined, 'a from_entity mapping names no entity', 'Add "entity: order_number".');
        continue;
      }
      read.push({
        ...base,
        type: 'from_entity',
        entity: item.entity,
        ...(typeof item.role === 'string' ? { role: item.role } : {}),
        ...(typeof item.group === 'string' ? { group: item.group } : {}),
      });
    } else if (item.type === 'from_text') read.push({ ...base, type: 'from_text' });
    else if (item.type === 'from_intent' || item.type === 'from_trigger_intent') {
      read.push({ ...base, type: item.type, value: item.value ?? null });
    } else if (item.type === 'from_llm') read.push({ ...base, type: 'by_name' });
    else read.push({ ...base, type: 'custom', ...(typeof item.action === 'string' ? { action: item.action } : {}) });
  }
  return read;
}

function readConditions(value: unknown): MappingCondition[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isMapValue).map((item) => ({
    activeLoop: typeof item.active_loop === 'string' ? item.active_loop : null,
    ...(typeof item.requested_slot === 'string' ? { requestedSlot: item.requested_slot } : {}),
  }));
}

/** Entities that are a kind of answer by themselves. Digit strings are not among them: an application's own order numbers may have letters. */
const ANSWERS: ReadonlySet<string> = new Set(['person', 'date', 'time', 'datetime', 'duration', 'address', 'email']);

/** What a slot without `voice.type` is asked for as: a bare "Li Wei" is only read as a name where one is expected. */
function defaultType(type: SlotType, mappings: readonly SlotMapping[]): string {
  if (type === 'bool') return 'confirm';
  if (type === 'float') return 'number';
  const entities = new Set(mappings.flatMap((mapping) => (mapping.type === 'from_entity' ? [mapping.entity] : [])));
  const [entity] = entities;
  return type === 'text' && entities.size === 1 && entity !== undefined && ANSWERS.has(entity) ? entity : 'text';
}

function readVoice(reader: YamlReader, slot: YamlMap, type: SlotType, mappings: readonly SlotMapping[]): SlotVoice {
  const defaults: SlotVoice = {
    type: defaultType(type, mappings),
    typed: false,
    lengths: [],
    confirm: type === 'bool' || type === 'categorical' ? 'never' : 'auto',
    implicitFrom: IMPLICIT_FROM,
    askAgainBelow: ASK_AGAIN_BELOW,
    keypad: new Map(),
  };
  const voice = slot.voice;
  if (voice === undefined) return defaults;
  if (!isMapValue(voice)) {
    reader.wrong(slot, 'voice', '"voice" must hold keys', 'Write "voice: {type: digits, length: 8}".');
    return defaults;
  }
  tellUnknownKeys(reader, voice, '"voice"', VOICE_KEYS);
  const lengths = (Array.isArray(voice.length) ? voice.length : [voice.length])
    .filter((item): item is number => Number.isInteger(item) && (item as number) > 0)
    .sort((a, b) => a - b);
  const confirm = voice.confirm ?? defaults.confirm;
  if (confirm !== 'auto' && confirm !== 'always' && confirm !== 'never') {
    reader.wrong(voice, 'confirm', `confirm is "${String(confirm)}"`, 'Use auto, always or never.');
    return defaults;
  }
  return {
    type: typeof voice.type === 'string' ? voice.type : defaults.type,
    typed: typeof voice.type === 'string',
    lengths,
    confirm,
    implicitFrom: typeof voice.implicit_from === 'number' ? voice.implicit_from : IMPLICIT_FROM,
    askAgainBelow: typeof voice.ask_again_below === 'number' ? voice.ask_again_below : ASK_AGAIN_BELOW,
    keypad: readKeypad(reader, voice),
  };
}

function readKeypad(reader: YamlReader, voice: YamlMap): ReadonlyMap<string, unknown> {
  if (voice.keypad === undefined) return new Map();
  const entries = isMapValue(voice.keypad) ? Object.entries(voice.keypad) : [];
  if (entries.length === 0 || entries.some(([keys]) => !/^\d{1,4}$/.test(keys))) {
    reader.wrong(
      voice,
      'keypad',
      '"keypad" says which keys stand for which answer',
      'Write "keypad: {1: broken, 2: late}".',
    );
    return new Map();
  }
  return new Map(entries);
}

function byName(): SlotMapping {
  return { type: 'by_name', intents: [], notIntents: [], conditions: [] };
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
