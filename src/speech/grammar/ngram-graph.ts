import { FstBuilder } from './fst.js';
import type { Lexicon } from './lexicon.js';
import { type History, lengthOf, NgramModel } from './ngram.js';
import type { PhoneUnits } from './units.js';

export interface NgramGraphOptions {
  /** Weight of the language model against the acoustic one (tuned on synthetic sentences). */
  readonly lmScale?: number;
  /** Reward for each character: keeps the decoder from leaving short words out. */
  readonly bonus?: number;
}

export interface BuiltGraph {
  readonly fst: FstBuilder;
  readonly start: number;
}

/**
 * Strangers' sounds go missing more often than they are made up: this took a point off the errors of telephone prompts by a speaker
 * whom the network had not heard, at no cost on synthetic sentences.
 */
const BONUS = 1.2;
/** Readings rarer than this share of a character are slips of the reader. */
const RARE_READING = 0.02;
/** How much of a reading's log-probability counts. */
const READING_SCALE = 0.5;

/**
 * Character trigrams x pronunciations x CTC topology as one graph. From a history, arcs on the initial (shared by all
 * characters with it) and then on the alias of (character, final); a state after each loops on the repeated label. Blanks
 * loop at histories and between the phones of a syllable.
 */
export function buildNgramGraph(
  model: NgramModel,
  lexicon: Lexicon,
  units: PhoneUnits,
  options: NgramGraphOptions = {},
): BuiltGraph {
  const lmScale = options.lmScale ?? 0.8;
  const bonus = options.bonus ?? BONUS;
  const fst = new FstBuilder();
  const stateOf = new Map<History, number>();
  for (const history of model.histories()) stateOf.set(history, fst.addState());
  const has = (h: History): boolean => stateOf.has(h);
  const state = (h: History): number => stateOf.get(h) ?? 0;
  const leaving = new Map<string, number>();

  /** The state after the last phone of a character: repeats of it stay, then on to the history. */
  const leave = (history: History, token: number): number => {
    const key = `${history} ${token}`;
    const known = leaving.get(key);
    if (known !== undefined) return known;
    const s = fst.addState();
    fst.addArc(s, token + 1, 0, 0, s);
    fst.addArc(s, 0, 0, 0, state(history));
    leaving.set(key, s);
    return s;
  };

  for (const [history, from] of stateOf) {
    fst.addArc(from, 1, 0, 0, from);
    const byInitial = new Map<string, { weight: number; token: number; char: string }[]>();
    for (const char of model.followers(history)) {
      const cost = -lmScale * Math.log(model.probability(history, char)) - bonus;
      const readings = lexicon.pronunciations(char);
      const sum = readings.reduce((total, r) => total + r.count, 0);
      for (const { phones, count } of readings) {
        const token = units.aliasId(char, phones.at(-1) ?? '');
        if (count / sum < RARE_READING || token === undefined) continue;
        const weight = cost - READING_SCALE * Math.log(count / sum);
        const initial = phones[0] ?? '';
        if (phones.length === 1) {
          fst.addArc(
            from,
            token + 1,
            0,
            weight,
            leave(NgramModel.reduce(NgramModel.extend(history, char), has), token),
          );
          continue;
        }
        const list = byInitial.get(initial);
        if (list) list.push({ weight, token, char });
        else byInitial.set(initial, [{ weight, token, char }]);
      }
    }
    for (const [initial, chars] of byInitial) {
      const least = Math.min(...chars.map((c) => c.weight));
      const label = (units.phoneId(initial) ?? 0) + 1;
      const middle = fst.addState();
      fst.addArc(from, label, 0, least, middle);
      fst.addArc(middle, label, 0, 0, middle);
      fst.addArc(middle, 1, 0, 0, middle);
      for (const { weight, token, char } of chars) {
        const to = leave(NgramModel.reduce(NgramModel.extend(history, char), has), token);
        fst.addArc(middle, token + 1, 0, weight - least, to);
      }
    }
    if (lengthOf(history) > 0) {
      const to = NgramModel.reduce(NgramModel.shorter(history), has);
      fst.addArc(from, 0, 0, -lmScale * Math.log(model.backOff(history)), state(to));
    }
  }
  return { fst, start: state(NgramModel.start) };
}
