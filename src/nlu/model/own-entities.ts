import { z } from 'zod';
import { plainText } from '../entities/plain.js';
import type { Candidate } from '../entities/types.js';
import { isHan } from '../features/normalize.js';

export const ownEntitiesSchema = z.object({
  synonyms: z.record(z.string(), z.string()),
  regexes: z.array(z.object({ name: z.string(), values: z.array(z.string()) })),
  lookups: z.array(z.object({ name: z.string(), values: z.array(z.string()) })),
});
export type OwnEntitiesData = z.infer<typeof ownEntitiesSchema>;

const MAX_MATCHES = 50;
/** A user's regex runs on at most this much text: a slow pattern must not hold up a turn. */
const MAX_REGEX_CHARS = 300;

/** The entities an application defines itself: regular expressions, lookup lists and synonyms of its training data. */
export class OwnEntities {
  readonly #synonyms: ReadonlyMap<string, string>;
  readonly #regexes: readonly { name: string; pattern: RegExp }[];
  /** First character → phrases, longest first. */
  readonly #lookups = new Map<string, { phrase: string; name: string }[]>();

  constructor(data: OwnEntitiesData) {
    this.#synonyms = new Map(Object.entries(data.synonyms).map(([said, value]) => [plainText(said), value]));
    this.#regexes = data.regexes.flatMap(({ name, values }) =>
      values.map((value) => ({ name, pattern: compile(value) })),
    );
    for (const { name, values } of data.lookups) {
      for (const value of values) this.#addPhrase(plainText(value.trim()), name);
      // What is a synonym of a listed value is on the list too.
      const listed = new Set(values.map((value) => plainText(value)));
      for (const [said, value] of this.#synonyms) if (listed.has(plainText(value))) this.#addPhrase(said, name);
    }
    for (const phrases of this.#lookups.values()) phrases.sort((a, b) => b.phrase.length - a.phrase.length);
  }

  #addPhrase(phrase: string, name: string): void {
    const first = phrase[0];
    if (first === undefined) return;
    const list = this.#lookups.get(first) ?? [];
    if (!list.some((entry) => entry.phrase === phrase && entry.name === name)) list.push({ phrase, name });
    this.#lookups.set(first, list);
  }

  /** Canonical value of what was said, where a synonym names one. */
  canonical(said: string): string {
    return this.#synonyms.get(plainText(said)) ?? said;
  }

  find(text: string): Candidate[] {
    return [...this.#matchLookups(text), ...this.#matchRegexes(text)];
  }

  #matchRegexes(text: string): Candidate[] {
    const cut = text.slice(0, MAX_REGEX_CHARS);
    const out: Candidate[] = [];
    for (const { name, pattern } of this.#regexes) {
      for (const match of cut.matchAll(pattern)) {
        if (match[0] === '' || out.length >= MAX_MATCHES) continue;
        out.push(this.#candidate(text, name, match.index, match.index + match[0].length, 'regex', 88));
      }
    }
    return out;
  }

  #matchLookups(text: string): Candidate[] {
    const plain = plainText(text);
    const out: Candidate[] = [];
    for (let at = 0; at < plain.length && out.length < MAX_MATCHES; at++) {
      const found = (this.#lookups.get(plain[at] ?? '') ?? []).find(
        ({ phrase }) => plain.startsWith(phrase, at) && standsAlone(plain, at, phrase),
      );
      if (!found) continue;
      out.push(this.#candidate(text, found.name, at, at + found.phrase.length, 'lookup', 75));
      at += found.phrase.length - 1;
    }
    return out;
  }

  #candidate(text: string, entity: string, start: number, end: number, extractor: string, priority: number): Candidate {
    const words = text.slice(start, end);
    return { entity, value: this.canonical(words), start, end, text: words, confidence: 0.95, extractor, priority };
  }
}

/** Words of a spaced script match whole: "tea" is not in "steam". */
function standsAlone(plain: string, at: number, phrase: string): boolean {
  const letter = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}]/u.test(char) && !isHan(char);
  const firstIsLetter = letter(phrase[0]);
  const lastIsLetter = letter(phrase.at(-1));
  return !(firstIsLetter && letter(plain[at - 1])) && !(lastIsLetter && letter(plain[at + phrase.length]));
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source, 'giu');
  } catch {
    return new RegExp(source, 'gi');
  }
}
