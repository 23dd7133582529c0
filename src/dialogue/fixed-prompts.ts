import type { Application } from './app/types.js';
import { isFixed, respond } from './responses/respond.js';
import { isDigitSlot } from './turn/slots.js';

/** What an application always says in the same words, in one language, as it is spoken: to be rendered ahead of time. */
export function fixedPrompts(application: Application, language: string): readonly string[] {
  const digitSlots = new Set([...application.domain.slots.values()].filter(isDigitSlot).map((slot) => slot.name));
  const texts = new Set<string>();
  for (const definition of application.domain.responses.values()) {
    for (const variation of definition.variations) {
      if ((variation.language ?? application.language).split('-')[0] !== language.split('-')[0]) continue;
      const worded = respond(
        { ...definition, variations: [variation] },
        {
          conversationId: '',
          turn: 0,
          language,
          ownLanguage: application.language,
          channel: 'voice',
          slots: Object.fromEntries(variation.conditions.map((condition) => [condition.slot, condition.value])),
          last: undefined,
          digitSlots,
        },
      );
      if (worded !== undefined && isFixed(variation.speech ?? variation.text) && worded.speech !== '')
        texts.add(worded.speech);
    }
  }
  return [...texts];
}
