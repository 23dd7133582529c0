import {
  type ApplicationText,
  digitPatterns,
  phrasePatterns,
  sentencesOf,
  spokenLanguage,
  type WeightedSentence,
} from './application.js';
import { type BaseText, NO_BASE } from './base-text.js';
import { buildEmailGraph } from './email/graph.js';
import type { EnglishDictionary } from './english/dictionary.js';
import { Lexicon, speak } from './lexicon.js';
import { NgramModel } from './ngram.js';
import { type BuiltGraph, buildNgramGraph, type NgramGraphOptions } from './ngram-graph.js';
import { buildPhraseGraph, type PhraseGraphOptions } from './phrase-graph.js';
import type { Way } from './speller.js';
import type { PhoneUnits } from './units.js';
import { buildWordGraph } from './word-graph.js';

export interface ApplicationGraphOptions {
  /** How much an application's sentence counts against one of the base text. */
  readonly applicationWeight?: number;
  readonly general?: NgramGraphOptions;
  readonly digits?: PhraseGraphOptions;
  readonly confirm?: PhraseGraphOptions;
  /** Intents whose examples are the answers to yes/no questions and menus. */
  readonly confirmIntents?: readonly string[];
  /** Lookups whose words are menu choices. */
  readonly confirmLookups?: readonly string[];
}

export interface ApplicationGraphs {
  /** Anything a caller may say: trigrams over the application's sentences and the base text. */
  readonly general: BuiltGraph;
  /** Digit strings, alone or with the words that go around them in the application; anything else comes out empty. */
  readonly digits: BuiltGraph;
  /** Yes, no, and the words of menus; anything else comes out empty. */
  readonly confirm: BuiltGraph;
  /** Spoken e-mail addresses; undefined when the application never asks for one, and for a model that can't print them. */
  readonly email: BuiltGraph | undefined;
  /** Sentences that hold something the model cannot print. */
  readonly skipped: readonly string[];
}

/** Short answers that any bot understands, by the intents' usual names. */
export const CONFIRM_INTENTS: readonly string[] = [
  'affirm',
  'deny',
  'human',
  'repeat',
  'slower',
  'go_back',
  'start_over',
  'cancel',
  'goodbye',
  'thanks',
];
const APPLICATION_WEIGHT = 5;
/**
 * With these nearly every sentence of strangers outside a grammar came out empty, and no short answer inside it was lost; of
 * whole read sentences about one in ten is (bench:models shows both).
 */
const GARBAGE = { garbageCost: 2, garbagePhoneCost: 3 };

/** The graphs of one application for one model. Throws APP_INVALID when the application has no sentence for the model. */
export function buildApplicationGraphs(
  app: ApplicationText,
  units: PhoneUnits,
  base: BaseText = NO_BASE,
  options: ApplicationGraphOptions = {},
): ApplicationGraphs {
  const skipped: string[] = [];
  const skip = (text: string): void => void skipped.push(text);
  const weight = options.applicationWeight ?? APPLICATION_WEIGHT;
  const language = spokenLanguage(units.language);
  const sentences = sentencesOf(app, language).map((s) => ({ text: s.text, weight: s.weight * weight }));
  const intents = new Set(options.confirmIntents ?? CONFIRM_INTENTS);
  const lookups = new Set(options.confirmLookups ?? []);
  return {
    general: buildTextGraph(sentences, units, base, options.general, skip),
    digits: buildPhraseGraph(digitPatterns(app, language), units, { ...GARBAGE, ...options.digits }, skip),
    confirm: buildPhraseGraph(
      phrasePatterns(app, intents, lookups, language),
      units,
      { ...GARBAGE, ...options.confirm },
      skip,
    ),
    email: app.asksForEmail === true ? buildEmailGraph(units, GARBAGE) : undefined,
    skipped,
  };
}

/**
 * A trigram graph over sentences in spoken form, added to the counts of a base text: of characters for a Mandarin model, of words for an
 * English one. Sentences that the model cannot say are skipped.
 */
export function buildTextGraph(
  sentences: readonly WeightedSentence[],
  units: PhoneUnits,
  base: BaseText = NO_BASE,
  options: NgramGraphOptions = {},
  skipped?: (text: string) => void,
): BuiltGraph {
  if (units.english !== undefined) return buildEnglishGraph(sentences, units.english, base, options, skipped);
  const lexicon = new Lexicon(units);
  for (const [char, reading, count] of base.readings) lexicon.addReading(char, reading, count);
  const spoken: { chars: readonly string[]; weight: number }[] = [];
  for (const { text, weight } of sentences) {
    const sentence = speak(text);
    if (sentence === undefined) {
      skipped?.(text);
      continue;
    }
    lexicon.add(sentence, weight);
    spoken.push({ chars: sentence.chars, weight });
  }
  const model = NgramModel.train(spoken, (char) => lexicon.has(char), {}, base.ngrams);
  return buildNgramGraph(model, lexicon, units, options);
}

function buildEnglishGraph(
  sentences: readonly WeightedSentence[],
  dictionary: EnglishDictionary,
  base: BaseText,
  options: NgramGraphOptions,
  skipped?: (text: string) => void,
): BuiltGraph {
  const ways = new Map<string, readonly Way[]>();
  const waysOfWord = (word: string): readonly Way[] => {
    const known = ways.get(word) ?? dictionary.tokens(word);
    ways.set(word, known);
    return known;
  };
  const known = (word: string): boolean => waysOfWord(word).length > 0;
  const spoken = sentences.map(({ text, weight }) => ({ chars: text.split(' '), weight }));
  for (const { chars } of spoken) if (!chars.every(known)) skipped?.(chars.join(' '));
  return buildWordGraph(NgramModel.train(spoken, known, {}, base.ngrams), waysOfWord, options);
}
