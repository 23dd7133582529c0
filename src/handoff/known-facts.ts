import type { SlotDefinition } from '../dialogue/app/types.js';

/** What a conversation knows, for the person who takes it over: what the caller said and what the application marks, in words. */

export interface KnownFact {
  readonly label: string;
  readonly text: string;
}

/** Longer values are cut: a summary has room for several. */
const MAX_VALUE_CHARS = 120;

type Slots = Readonly<Record<string, unknown>>;
type Definitions = ReadonlyMap<string, Pick<SlotDefinition, 'name' | 'agent'>>;

/** Of the slots that have a value those that are for people, not for the steps of a flow. */
export function slotsForAgent(definitions: Definitions, slots: Slots): Slots {
  return Object.fromEntries(Object.entries(slots).filter(([name]) => definitions.get(name)?.agent.told === true));
}

/** The same in words of a language (BCP 47), where the application has them: else the slot's own name and value. */
export function knownFacts(definitions: Definitions, slots: Slots, language: string): readonly KnownFact[] {
  return Object.entries(slotsForAgent(definitions, slots)).flatMap(([name, value]) => {
    const words = wordsFor(definitions.get(name), language);
    const text = words?.values.get(String(value)) ?? valueText(value, language);
    if (text === '') return [];
    const label = words?.label ?? name.replaceAll('_', ' ');
    return [{ label, text: text.length > MAX_VALUE_CHARS ? `${text.slice(0, MAX_VALUE_CHARS - 1)}…` : text }];
  });
}

/** In this language, else in one near it (`zh-TW`: `zh-CN`), else in the application's own. */
function wordsFor(slot: Pick<SlotDefinition, 'agent'> | undefined, language: string) {
  const all = [...(slot?.agent.words ?? [])];
  const base = (tag: string): string => tag.split('-')[0] ?? tag;
  const [, words] =
    all.find(([tag]) => tag === language) ??
    all.find(([tag]) => tag !== '' && base(tag) === base(language)) ??
    all.find(([tag]) => tag === '') ??
    [];
  return words;
}

function valueText(value: unknown, language: string): string {
  const chinese = language.startsWith('zh');
  if (typeof value === 'boolean') return chinese ? (value ? '是' : '否') : value ? 'yes' : 'no';
  if (Array.isArray(value)) {
    const texts = value.map((each) => valueText(each, language)).filter((text) => text !== '');
    return texts.join(chinese ? '、' : ', ');
  }
  if (typeof value === 'object' && value !== null) {
    // An amount of money; what other objects there are means nothing to people.
    const { amount, currency } = value as { readonly amount?: unknown; readonly currency?: unknown };
    return typeof amount === 'number' && typeof currency === 'string' ? `${amount} ${currency}` : '';
  }
  return String(value ?? '').trim();
}
