import { isEnglishDigits, randomEnglishDigits, spokenEnglish } from './english/text.js';
import { DIGITS, type PhrasePattern } from './phrase-graph.js';

/** What the graph builder wants to know of an application: plain values, so that any loader can give them. */
export interface ApplicationText {
  readonly examples: readonly {
    readonly text: string;
    readonly intent: string;
    readonly entities: readonly { readonly entity: string; readonly start: number; readonly end: number }[];
  }[];
  /** Words an entity may take, by entity name. */
  readonly lookups: readonly { readonly name: string; readonly values: readonly string[] }[];
  /** What the bot says, without markup: callers echo its words. */
  readonly responses: readonly string[];
  /** It has a slot for an e-mail address. */
  readonly asksForEmail?: boolean;
}

export interface WeightedSentence {
  readonly text: string;
  readonly weight: number;
}

/** What differs between languages in making spoken text of an application's. */
export interface SpokenLanguage {
  /** How a text is said, in the characters or words that the model prints; '' when it is in another language. */
  spoken(text: string): string;
  isDigits(spoken: string): boolean;
  /** Another number of as many digits. */
  randomDigits(random: () => number, like: string): string;
  /** The least that is worth listening for of what the bot says. */
  readonly leastLength: number;
  /** Stands between the parts of a sentence. */
  readonly gap: string;
}

const DIGIT_CHARS = '零一二三四五六七八九';
const SPOKEN_DIGITS_ONLY = /^[零〇一幺二两三四五六七八九]+$/u;
const HAN_ONLY = /^\p{Script=Han}+$/u;
const CLAUSE_ENDS_AND_SPACES = /[，。？！；：,.?!;:\s]|\{[^}]*\}|<[^>]*>/u;
const CLAUSE_ENDS = /[，。？！；：,.?!;:]|\{[^}]*\}|<[^>]*>/u;
/** An example with an entity of many words is repeated with at most this many of them. */
const MAX_EXPANSIONS = 40;
/** Random digit strings an example with a number is repeated with. */
const NUMBER_EXPANSIONS = 12;

/** Spaces and punctuation away, Arabic digits as they are read one by one; '' when other scripts remain. */
export function spokenForm(text: string): string {
  const read = text.replace(/\d/g, (d) => DIGIT_CHARS[Number(d)] ?? '').replace(/[\s\p{P}\p{S}]/gu, '');
  return HAN_ONLY.test(read) ? read : '';
}

const MANDARIN: SpokenLanguage = {
  spoken: spokenForm,
  isDigits: (spoken) => SPOKEN_DIGITS_ONLY.test(spoken),
  randomDigits: (random, like) => randomDigits(random, like.length),
  leastLength: 2,
  gap: '',
};
const ENGLISH: SpokenLanguage = {
  spoken: spokenEnglish,
  isDigits: isEnglishDigits,
  randomDigits: (random, like) => randomEnglishDigits(random, like.split(' ').length),
  leastLength: 4,
  gap: ' ',
};

export function spokenLanguage(language: 'zh' | 'en'): SpokenLanguage {
  return language === 'zh' ? MANDARIN : ENGLISH;
}

/** Sentences for the language model: examples, with their entities exchanged for the words and numbers they may take. */
export function sentencesOf(app: ApplicationText, language: SpokenLanguage = MANDARIN): readonly WeightedSentence[] {
  const out: WeightedSentence[] = [];
  const lookups = new Map(app.lookups.map(({ name, values }) => [name, values]));
  const random = sequence(12_345);
  for (const example of app.examples) {
    const plain = language.spoken(example.text);
    if (plain !== '') out.push({ text: plain, weight: 1 });
    for (const { entity, start, end } of example.entities) {
      const before = example.text.slice(0, start);
      const after = example.text.slice(end);
      const value = language.spoken(example.text.slice(start, end));
      const others = language.isDigits(value)
        ? Array.from({ length: NUMBER_EXPANSIONS }, () => language.randomDigits(random, value))
        : (lookups.get(entity) ?? []).slice(0, MAX_EXPANSIONS);
      for (const other of others) {
        const text = language.spoken(before + other + after);
        if (text !== '') out.push({ text, weight: 1 / others.length });
      }
    }
  }
  for (const { values } of app.lookups) {
    for (const value of values) {
      const text = language.spoken(value);
      if (text !== '') out.push({ text, weight: 0.5 });
    }
  }
  for (const response of app.responses) {
    // Placeholders and markup end a clause: what stands around them is not said in one breath by the caller.
    for (const clause of response.split(language.gap === '' ? CLAUSE_ENDS_AND_SPACES : CLAUSE_ENDS)) {
      const text = language.spoken(clause);
      if (text.length >= language.leastLength) out.push({ text, weight: 0.3 });
    }
  }
  return out;
}

/** Patterns of a grammar for numbers: bare digits, and every example that has a number in it, around the number. */
export function digitPatterns(app: ApplicationText, language: SpokenLanguage = MANDARIN): readonly PhrasePattern[] {
  const patterns = new Map<string, PhrasePattern>([[DIGITS, { text: DIGITS }]]);
  for (const example of app.examples) {
    for (const { start, end } of example.entities) {
      if (!language.isDigits(language.spoken(example.text.slice(start, end)))) continue;
      const before = language.spoken(example.text.slice(0, start));
      const after = language.spoken(example.text.slice(end));
      const rest = example.text.slice(0, start) + example.text.slice(end);
      if (language.spoken(rest) === '' && rest.trim() !== '') continue;
      const text = [before, DIGITS, after].filter((part) => part !== '').join(language.gap);
      patterns.set(text, { text, cost: 1 });
    }
  }
  patterns.set(DIGITS, { text: DIGITS });
  return Array.from(patterns.values());
}

/** Patterns of a closed grammar: every example of these intents, and the words of these lookups. */
export function phrasePatterns(
  app: ApplicationText,
  intents: ReadonlySet<string>,
  lookups: ReadonlySet<string>,
  language: SpokenLanguage = MANDARIN,
): readonly PhrasePattern[] {
  const texts = new Set<string>();
  for (const example of app.examples) if (intents.has(example.intent)) texts.add(language.spoken(example.text));
  for (const { name, values } of app.lookups)
    if (lookups.has(name)) for (const value of values) texts.add(language.spoken(value));
  texts.delete('');
  return Array.from(texts, (text) => ({ text }));
}

function randomDigits(random: () => number, length: number): string {
  return Array.from({ length }, () => DIGIT_CHARS[Math.floor(random() * 10)]).join('');
}

/** Park and Miller's generator (CACM 31, 1988): the same graph from the same files. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
