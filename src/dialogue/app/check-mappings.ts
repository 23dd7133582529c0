import { hasIntent } from './known-intents.js';
import { didYouMean } from './nearest.js';
import type { Application, SlotDefinition, SlotMapping } from './types.js';
import type { YamlReader } from './yaml.js';

/** Names in a slot's mapping that point nowhere: the mapping never fills the slot then. */
export function checkMapping(
  { domain, flows }: Application,
  reader: YamlReader,
  slot: SlotDefinition,
  mapping: SlotMapping,
): void {
  const tell = (what: string, name: string, known: Iterable<string>, hint: string): void =>
    reader.warning(
      slot.file,
      slot.line,
      `a mapping of the slot "${slot.name}" names the ${what} "${name}", which there is not`,
      `${hint}${didYouMean(name, known)}`,
    );
  for (const intent of [...mapping.intents, ...mapping.notIntents])
    if (!hasIntent(domain, intent))
      tell('intent', intent, domain.intents.keys(), 'Add it to "intents:" of the domain, or correct the name.');
  for (const { activeLoop, requestedSlot } of mapping.conditions) {
    if (activeLoop !== null && !domain.forms.has(activeLoop) && !flows.has(activeLoop))
      tell('form or flow', activeLoop, [...domain.forms.keys(), ...flows.keys()], 'Add it, or correct the name.');
    if (requestedSlot !== undefined && !domain.slots.has(requestedSlot))
      tell('slot', requestedSlot, domain.slots.keys(), 'Add it to "slots:" of the domain, or correct the name.');
  }
  if (mapping.type === 'custom' && mapping.action !== undefined && !domain.actions.has(mapping.action))
    tell('action', mapping.action, domain.actions, 'It is never run: add it to "actions:" of the domain.');
}
