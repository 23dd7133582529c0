import { readMappings } from './domain-slots.js';
import type { FormDefinition, IntentDefinition, SlotMapping } from './types.js';
import { isMapValue, type YamlMap, type YamlReader } from './yaml.js';

/** `- greet`, `- greet: {use_entities: […]}` or `- greet: {ignore_entities: […]}`. */
export function readIntent(
  reader: YamlReader,
  item: unknown,
  index: number,
  list: readonly unknown[],
): IntentDefinition | undefined {
  if (typeof item === 'string') return { name: item, useEntities: undefined, ignoreEntities: [] };
  const name = isMapValue(item) ? Object.keys(item)[0] : undefined;
  if (!isMapValue(item) || name === undefined) {
    reader.wrong(list, index, 'an intent is a name', 'Write "- greet", or "- greet:" with use_entities below it.');
    return undefined;
  }
  const options = item[name];
  if (!isMapValue(options)) return { name, useEntities: undefined, ignoreEntities: [] };
  const use = options.use_entities;
  return {
    name,
    useEntities: Array.isArray(use) ? names(use) : use === false ? [] : undefined,
    ignoreEntities: names(options.ignore_entities),
  };
}

/** 3.x: `required_slots` is a list. 2.x: slots with their mappings, below `required_slots` or directly below the form. */
export function readForm(
  reader: YamlReader,
  name: string,
  value: unknown,
  map: YamlMap,
): { readonly definition: FormDefinition; readonly mappings: ReadonlyMap<string, readonly SlotMapping[]> } {
  const mappings = new Map<string, readonly SlotMapping[]>();
  const body = isMapValue(value) ? value : {};
  const required = body.required_slots ?? without(body, 'ignored_intents');
  let requiredSlots: string[] = [];
  if (Array.isArray(required)) requiredSlots = names(required);
  else if (isMapValue(required)) {
    requiredSlots = Object.keys(required);
    for (const [slot, slotMappings] of Object.entries(required)) {
      const read = readMappings(reader, slotMappings, required, slot);
      mappings.set(
        slot,
        read.map((mapping) =>
          mapping.conditions.length > 0
            ? mapping
            : { ...mapping, conditions: [{ activeLoop: name, requestedSlot: slot }] },
        ),
      );
    }
  } else {
    reader.wrong(
      map,
      name,
      `form "${name}" has no required_slots`,
      'List the slots it asks for: "required_slots: [amount, date]".',
    );
  }
  return {
    definition: { name, requiredSlots, ignoredIntents: names(body.ignored_intents), ...reader.place(map, name) },
    mappings,
  };
}

function names(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function without(map: YamlMap, key: string): YamlMap | undefined {
  const entries = Object.entries(map).filter(([name]) => name !== key);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
