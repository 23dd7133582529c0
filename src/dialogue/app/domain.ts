import { readForm, readIntent } from './domain-forms.js';
import { readResponse } from './domain-responses.js';
import { readSlot } from './domain-slots.js';
import type {
  Domain,
  FormDefinition,
  IntentDefinition,
  ResponseDefinition,
  SlotDefinition,
  SlotMapping,
} from './types.js';
import { isMapValue, type YamlMap, type YamlReader } from './yaml.js';

/** Top keys that make a file part of the domain. */
export const DOMAIN_KEYS: ReadonlySet<string> = new Set([
  'intents',
  'entities',
  'slots',
  'forms',
  'responses',
  'actions',
  'e2e_actions',
  'session_config',
]);

const DEFAULT_SESSION_MINUTES = 60;

/** Joins the domain parts of all files, as Rasa does: a name that stands in two files is taken from the later one, with a warning. */
export class DomainBuilder {
  readonly #reader: YamlReader;
  readonly #intents = new Map<string, IntentDefinition>();
  readonly #entities = new Set<string>();
  readonly #slots = new Map<string, SlotDefinition>();
  readonly #forms = new Map<string, FormDefinition>();
  readonly #responses = new Map<string, ResponseDefinition>();
  readonly #actions = new Set<string>();
  /** 2.x forms carry mappings of their slots. */
  readonly #formMappings = new Map<string, SlotMapping[]>();
  #sessionExpiryMs = DEFAULT_SESSION_MINUTES * 60_000;
  #carryOverSlots = true;

  constructor(reader: YamlReader) {
    this.#reader = reader;
  }

  add(root: YamlMap): void {
    this.#list(root, 'intents', (item, index, list) => {
      const intent = readIntent(this.#reader, item, index, list);
      if (intent !== undefined) this.#intents.set(intent.name, intent);
    });
    this.#list(root, 'entities', (item, index, list) => {
      const name = typeof item === 'string' ? item : isMapValue(item) ? Object.keys(item)[0] : undefined;
      if (name === undefined) this.#reader.wrong(list, index, 'an entity is a name', 'Write "- order_number".');
      else this.#entities.add(name);
    });
    for (const key of ['actions', 'e2e_actions']) {
      this.#list(root, key, (item, index, list) => {
        const name = typeof item === 'string' ? item : isMapValue(item) ? Object.keys(item)[0] : undefined;
        if (name === undefined) this.#reader.wrong(list, index, 'an action is a name', 'Write "- action_look_up".');
        else this.#actions.add(name);
      });
    }
    this.#map(root, 'slots', (name, value, map) => {
      this.#duplicate(this.#slots, 'slot', name, map);
      const slot = readSlot(this.#reader, name, value, map);
      if (slot !== undefined) this.#slots.set(name, slot);
    });
    this.#map(root, 'responses', (name, value, map) => {
      this.#duplicate(this.#responses, 'response', name, map);
      const response = readResponse(this.#reader, name, value, map);
      if (response !== undefined) this.#responses.set(name, response);
    });
    this.#map(root, 'forms', (name, value, map) => {
      this.#duplicate(this.#forms, 'form', name, map);
      const form = readForm(this.#reader, name, value, map);
      this.#forms.set(name, form.definition);
      for (const [slot, mappings] of form.mappings) {
        this.#formMappings.set(slot, [...(this.#formMappings.get(slot) ?? []), ...mappings]);
      }
    });
    this.#session(root);
  }

  build(): Domain {
    for (const [name, mappings] of this.#formMappings) {
      const slot = this.#slots.get(name);
      if (slot !== undefined) this.#slots.set(name, { ...slot, mappings: [...slot.mappings, ...mappings] });
    }
    return {
      intents: this.#intents,
      entities: this.#entities,
      slots: this.#slots,
      forms: this.#forms,
      responses: this.#responses,
      actions: this.#actions,
      sessionExpiryMs: this.#sessionExpiryMs,
      carryOverSlots: this.#carryOverSlots,
    };
  }

  #session(root: YamlMap): void {
    const session = root.session_config;
    if (!isMapValue(session)) return;
    const minutes = session.session_expiration_time;
    if (typeof minutes === 'number' && minutes >= 0) this.#sessionExpiryMs = minutes * 60_000;
    else if (minutes !== undefined) {
      this.#reader.wrong(
        session,
        'session_expiration_time',
        'it must be a number of minutes',
        'Write 60, or 0 for never.',
      );
    }
    if (session.carry_over_slots_to_new_session === false) this.#carryOverSlots = false;
  }

  #list(root: YamlMap, key: string, each: (item: unknown, index: number, list: readonly unknown[]) => void): void {
    const list = root[key];
    if (list === undefined || list === null) return;
    if (!Array.isArray(list)) {
      this.#reader.wrong(root, key, `"${key}" must be a list`, 'Write one "- name" a line.');
      return;
    }
    list.forEach((item, index) => {
      each(item, index, list);
    });
  }

  #map(root: YamlMap, key: string, each: (name: string, value: unknown, map: YamlMap) => void): void {
    const map = root[key];
    if (map === undefined || map === null) return;
    // An empty list is what Rasa's own examples write for "none".
    if (Array.isArray(map) && map.length === 0) return;
    if (!isMapValue(map)) {
      this.#reader.wrong(
        root,
        key,
        `"${key}" must hold names with their definitions`,
        'Write "name:" and indent what belongs to it.',
      );
      return;
    }
    for (const [name, value] of Object.entries(map)) each(name, value, map);
  }

  #duplicate(
    known: ReadonlyMap<string, { readonly file: string; readonly line: number }>,
    kind: string,
    name: string,
    map: YamlMap,
  ): void {
    const earlier = known.get(name);
    if (earlier === undefined) return;
    this.#reader.warn(
      map,
      name,
      `${kind} "${name}" is defined in ${earlier.file}:${earlier.line} too`,
      'This one is used. Remove one of them.',
    );
  }
}
