import { z } from 'zod';
import { plainText } from '../entities/plain.js';
import type { Candidate } from '../entities/types.js';
import { UserPatterns, type UserPatternsOptions } from '../entities/user-patterns.js';
import { isHan } from '../features/normalize.js';

export const ownEntitiesSchema = z.object({
  synonyms: z.record(z.string(), z.string()),
  regexes: z.array(z.object({ name: z.string(), values: z.array(z.string()) })),
  lookups: z.array(z.object({ name: z.string(), values: z.array(z.string()) })),
  /** What order numbers look like in this application. */
  codes: z
    .object({
      orderNumberLength: z.tuple([z.number(), z.number()]).readonly().optional(),
      orderNumberChecksum: z.enum(['none', 'luhn']).optional(),
    })
    .default({}),
});
export type OwnEntitiesData = z.infer<typeof ownEntitiesSchema>;

const MAX_MATCHES = 50;

/** The entities an application defines itself: regular expressions, lookup lists and synonyms of its training data. */
export class OwnEntities {
  readonly #synonyms: ReadonlyMap<string, string>;
  readonly #patterns: UserPatterns;
  /** First character → phrases, longest first. */
  readonly #lookups = new Map<string, { phrase: string; name: string }[]>();

  /** Throws SyntaxError for a regular expression that is none. */
  constructor(data: Omit<OwnEntitiesData, 'codes'>, options: UserPatternsOptions = {}) {
    this.#synonyms = new Map(Object.entries(data.synonyms).map(([said, value]) => [plainText(said), value]));
    this.#patterns = new UserPatterns(
      data.regexes.flatMap(({ name, values }) => values.map((source) => ({ name, source }))),
      options,
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
    return this.#patterns
      .find(text)
      .map(({ name, start, end }) => this.#candidate(text, name, start, end, 'regex', 88));
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
