import type { SlotForAgent, SlotMapping } from './types.js';
import { tellUnknownKeys } from './unknown-keys.js';
import { isMapValue, type YamlMap, type YamlReader } from './yaml.js';

/**
 * The `agent` key of a slot: what the person who takes over is told of it. `false`: nothing. `true`: its value, under the slot's name. A text is its label; a mapping has `label`,
 * `values` (words for values) and `translation` with the same for other languages. Without the key: what the caller said is told, what actions found out is not.
 */
export function readForAgent(reader: YamlReader, slot: YamlMap, saidByCaller: boolean): SlotForAgent {
  const { agent } = slot;
  if (agent === undefined || agent === null) return { told: saidByCaller, words: new Map() };
  if (typeof agent === 'boolean') return { told: agent, words: new Map() };
  if (typeof agent !== 'string' && !isMapValue(agent)) {
    reader.wrong(slot, 'agent', '"agent" says what the person who takes over is told', HINT);
    return { told: saidByCaller, words: new Map() };
  }
  if (isMapValue(agent)) tellAgentKeys(reader, agent);
  const translations = isMapValue(agent) && isMapValue(agent.translation) ? Object.entries(agent.translation) : [];
  return {
    told: true,
    words: new Map([['', readWords(agent)], ...translations.map(([tag, words]) => [tag, readWords(words)] as const)]),
  };
}

function tellAgentKeys(reader: YamlReader, agent: YamlMap): void {
  tellUnknownKeys(reader, agent, '"agent"', ['label', 'values', 'translation']);
  for (const words of isMapValue(agent.translation) ? Object.values(agent.translation) : [])
    if (isMapValue(words)) tellUnknownKeys(reader, words, 'this translation', ['label', 'values']);
}

const HINT = 'Write "agent: {label: order, translation: {zh-CN: 订单号}}", or "agent: false".';

function readWords(value: unknown): { readonly label?: string; readonly values: ReadonlyMap<string, string> } {
  if (!isMapValue(value)) return { ...(typeof value === 'string' ? { label: value } : {}), values: new Map() };
  const values = isMapValue(value.values) ? Object.entries(value.values) : [];
  return {
    ...(typeof value.label === 'string' ? { label: value.label } : {}),
    values: new Map(values.map(([name, words]) => [name, String(words)])),
  };
}

/** Something that a caller says fills it, and not only an action. */
export function toldByCaller(mappings: readonly SlotMapping[]): boolean {
  return mappings.some(({ type }) => type !== 'custom');
}
