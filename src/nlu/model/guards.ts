import { z } from 'zod';
import { normalizeText } from '../features/normalize.js';
import { splitClauses } from './clauses.js';
import { readNegation } from './negation.js';

/** What keeps a model from being sure of what nobody said; learnt from the training examples, kept in the model folder. */
export const guardsSchema = z.object({
  /** Beginnings that many wishes share ("我想", "can you"), normalised: alone they are no wish. */
  openings: z.array(z.string()),
  /** Examples that look like a fragment and are a whole utterance all the same ("就是这个"), normalised. */
  whole: z.array(z.string()),
  /** Intent → what its own examples say "not" of ("我不要跟机器人说" is a wish for a person). */
  negated: z.record(z.string(), z.array(z.string())),
  /** Of these intents, what names them in a word ("人工", "agent"), normalised: "I don't want to talk to an agent" is a wish for none. */
  named: z.record(z.string(), z.array(z.string())).default({}),
});
export type GuardsData = z.infer<typeof guardsSchema>;

const NO_GUARDS: GuardsData = { openings: [], whole: [], negated: {}, named: {} };
/** Filled pauses and words that only win time. */
const FILLER =
  /^(?:[\s,，。.…!！?？、]|嗯|呃|额|啊|哦|哎|那个|这个|就是说?|然后呢?|其实|怎么说呢?|的话|那么?|呢|嘛|um+\b|uh+\b|er+m?\b|hmm+\b|so\b|well\b|like\b|you know\b|basically\b|actually\b|i mean\b|okay so\b)+/u;
const FILLER_END = /(?:[\s,，。.…!！?？、]|嗯|呃|额|那个|这个|就是|然后|\bum+|\buh+|\ber+|\blike|\byou know)+$/u;
/**
 * Beginnings of a request without the request. At least one of the words is one that answers nothing by itself. No word is made of others (请问 is 请 and
 * 问): the match stays linear.
 */
const OPENER =
  /^(?:(?:我|你们?|您|请|问|麻烦|帮|给|想要?|需要|希望|能不能|可不可以|一下|就|只)+|(?:(?:i|i'd|i'm|you|we|please|can|could|would|will|want|wanna|need|like|love|to|just|the|a|an|my|me|help|and|but|if|is|it's|hello|hi)(?![a-z'])\s*)+)$/u;
const HAN_OPENER_WORD = /[我你您帮给请烦]/u;
const EN_OPENER_WORD = /\b(?:i|i'd|can|could|would|the|a|an|my|want|need|and|but|if)\b/u;
/** A beginning is shared when so many examples have it and no intent has more than this share of them. */
const LEAST_SHARED = 4;
const MOST_OF_ONE = 0.7;
const LONGEST_OPENING = 5;
/** In characters. */
const LONGEST_FRAGMENT = 40;
/** One word of English or up to three Han characters. */
const NAME = /^(?:[a-z']+|[\u3400-\u9fff]{2,3})$/u;
/** Two phrases say "not" of the same thing when so much of their letters is common. */
const SAME_PHRASE = 0.5;
const PRONOUN = /^(?:it|this|that|them|these|those|one|any|[这那]个?|它|的)$/u;

interface Example {
  readonly text: string;
  readonly intent: string;
}

/** Reads the guards out of training examples. */
export function learnGuards(examples: readonly Example[]): GuardsData {
  const texts = new Set(examples.map(({ text }) => normalizeText(text)));
  const beginnings = new Map<string, Map<string, number>>();
  const negated: Record<string, string[]> = {};
  for (const { text, intent } of examples) {
    const tokens = tokensOf(normalizeText(text));
    for (let count = 1; count <= LONGEST_OPENING && count < tokens.length; count++) {
      const beginning = tokens.slice(0, count).join('').trim();
      const intents = beginnings.get(beginning) ?? new Map<string, number>();
      beginnings.set(beginning, intents.set(intent, (intents.get(intent) ?? 0) + 1));
    }
    for (const clause of splitClauses(text)) {
      const wish = readNegation(clause.text);
      if (wish) negated[intent] = [...(negated[intent] ?? []), normalizeText(wish.rest)];
    }
  }
  const openings = [...beginnings]
    .filter(([beginning, intents]) => {
      const counts = [...intents.values()];
      const total = counts.reduce((sum, count) => sum + count, 0);
      return !texts.has(beginning) && total >= LEAST_SHARED && Math.max(...counts) <= MOST_OF_ONE * total;
    })
    .map(([beginning]) => beginning);
  return {
    openings,
    whole: [...texts].filter((text) => text.length <= LONGEST_FRAGMENT && looksUnfinished(text)),
    negated,
    named: namesOf(examples, Object.keys(negated)),
  };
}

function namesOf(examples: readonly Example[], intents: readonly string[]): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const { text, intent } of examples) {
    const name = normalizeText(text);
    if (intents.includes(intent) && NAME.test(name) && readNegation(name) === undefined)
      names[intent] = [...(names[intent] ?? []), name];
  }
  return names;
}

/** Words with their spaces, Han characters one by one. */
function tokensOf(text: string): string[] {
  return text.match(/\s*(?:[\u3007\u3400-\u9fff]|[^\s\u3007\u3400-\u9fff]+)/gu) ?? [];
}

function looksUnfinished(normalized: string, core = coreOf(normalized)): boolean {
  if (core === '') return normalized !== '' && /[\p{L}]/u.test(normalized);
  return OPENER.test(core) && (HAN_OPENER_WORD.test(core) || EN_OPENER_WORD.test(core));
}

function coreOf(normalized: string): string {
  return normalized.replace(FILLER, '').replace(FILLER_END, '').trim();
}

/** The guards of a loaded model. */
export class Guards {
  readonly #openings: ReadonlySet<string>;
  readonly #whole: ReadonlySet<string>;
  readonly #negated: ReadonlyMap<string, readonly Phrase[]>;
  readonly #named: ReadonlyMap<string, readonly string[]>;

  constructor(data: GuardsData = NO_GUARDS) {
    this.#openings = new Set(data.openings);
    this.#whole = new Set(data.whole);
    this.#negated = new Map(Object.entries(data.negated).map(([intent, rests]) => [intent, rests.map(phraseOf)]));
    this.#named = new Map(Object.entries(data.named));
  }

  /** True for the beginning of a sentence that could go anywhere ("我想", "嗯 那个", "can you"). */
  isFragment(text: string): boolean {
    const normalized = normalizeText(text);
    if (normalized.length > LONGEST_FRAGMENT || this.#whole.has(normalized)) return false;
    const core = coreOf(normalized);
    return looksUnfinished(normalized, core) || this.#openings.has(core);
  }

  /** True when examples of the intent themselves say "not" of this. */
  saysNotOf(intent: string, rest: string): boolean {
    const own = phraseOf(normalizeText(rest));
    if ((this.#named.get(intent) ?? []).some((name) => endsWithWord(own.text, name))) return false;
    return (this.#negated.get(intent) ?? []).some((other) => {
      // "I don't want it" says nothing of "I don't want to return it".
      if (PRONOUN.test(other.text)) return own.text === other.text;
      let common = 0;
      for (const pair of own.pairs) if (other.pairs.has(pair)) common++;
      const smaller = Math.min(own.pairs.size, other.pairs.size);
      return common >= Math.min(2, smaller) && common >= SAME_PHRASE * smaller;
    });
  }
}

function endsWithWord(text: string, word: string): boolean {
  return text.endsWith(word) && (/^[a-z]/.test(word) ? !/[a-z']$/.test(text.slice(0, -word.length)) : true);
}

interface Phrase {
  readonly text: string;
  readonly pairs: ReadonlySet<string>;
}

function phraseOf(text: string): Phrase {
  return { text, pairs: pairsOf(text) };
}

function pairsOf(text: string): ReadonlySet<string> {
  const chars = [...text.replace(/\s/g, '')];
  if (chars.length === 1) return new Set(chars);
  return new Set(chars.slice(1).map((char, index) => `${chars[index]}${char}`));
}
