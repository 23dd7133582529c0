import type { Entity, ParseResult } from '../nlu/intent-model.js';
import type { Application } from './app/types.js';

const PAYLOAD = /^\/([\w/-]{1,100})\s*(\{.{0,1000}\})?$/su;

/**
 * Rasa's short form of a message, as buttons send it: `/order_status{"order_number": "8765"}`. Undefined when the text is none or names an intent
 * that the domain does not have: then it is what somebody typed.
 */
export function readPayload(text: string, application: Application): ParseResult | undefined {
  const match = PAYLOAD.exec(text.trim());
  const name = match?.[1];
  if (name === undefined || !knows(application, name)) return undefined;
  const entities = readEntities(match?.[2]);
  if (entities === undefined) return undefined;
  const intent = { name, confidence: 1 };
  return { text, intent, ranking: [intent], entities, sentiment: 0, model: 'payload' };
}

/** `faq/ask_hours` belongs to the retrieval intent `faq`. */
function knows({ domain }: Application, intent: string): boolean {
  return domain.intents.has(intent) || domain.intents.has(intent.split('/')[0] ?? '');
}

/** Names that every object has mean something to JavaScript (one with a `toString` of its own can't even be written down): anybody may type this, so they are left out. */
function readEntities(json: string | undefined): Entity[] | undefined {
  if (json === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(json, (key, item: unknown) => (key in Object.prototype ? undefined : item));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value)
    .slice(0, 20)
    .flatMap(([entity, item]) =>
      (Array.isArray(item) ? item : [item]).slice(0, 20).map((each: unknown) => ({
        entity,
        value: each,
        start: 0,
        end: 0,
        text: String(each),
        confidence: 1,
        extractor: 'payload',
      })),
    );
}
