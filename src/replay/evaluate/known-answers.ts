import type { Application } from '../../dialogue/app/types.js';

/** What an application knows to say: the named answers of its domain, as far as they are told or recognised by their words. */
export interface KnownAnswers {
  readonly names: readonly string[];
  /** The answer that these words are; undefined for what is not one of them. */
  nameOf(text: string): string | undefined;
}

/** A prompt is no longer than this; longer texts are not searched. */
const LONGEST_TEXT = 2000;

/** The answers of an application, with all their variations and languages; `{slot}` in them stands for anything. */
export function knownAnswers({ domain }: Pick<Application, 'domain'>): KnownAnswers {
  const exact = new Map<string, string>();
  const patterns: { readonly name: string; readonly pattern: RegExp }[] = [];
  for (const { name, variations } of domain.responses.values()) {
    for (const { text } of variations) {
      const parts = text.trim().split(/\{[^{}]*\}/);
      if (parts.length === 1) exact.set(text.trim(), name);
      // Nothing but slots would be everything.
      else if (parts.join('').length >= 2)
        patterns.push({ name, pattern: new RegExp(`^${parts.map(escaped).join('[^]{0,200}?')}$`) });
    }
  }
  return {
    names: [...domain.responses.keys()].sort(),
    nameOf: (text) => {
      const said = text.trim();
      if (said.length > LONGEST_TEXT) return undefined;
      return exact.get(said) ?? patterns.find(({ pattern }) => pattern.test(said))?.name;
    },
  };
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
