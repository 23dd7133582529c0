import { LEFT_REACH, LINK_REACH, LINKS, NO_LINK, OUTSIDE, type PhraseSet, RIGHT_REACH } from './features.js';
import type { Token } from './tokens.js';

/** Features about one word, in the order of `ONE_WORD`. */
const ONE_WORD = ['w=', 'p=', 'n=', 'pp=', 'nn=', '3=', '+3=', 'l=', 'f=', 'L', 'R'] as const;
const [W, P, N, PP, NN, BACK3, ON3, LINK, FIRST, LEFT, RIGHT] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;
/** Features about two words, the first of which knows the second. */
const TWO_WORDS = ['pw=', 'wn=', 'ppp=', 'nnn=', 'pn=', 'lw=', 'lp=', 'fl='] as const;
const [PW, WN, PPP, NNN, PN, LW, LP, FL] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const NONE = -1;
/** So many places before the first token and after the last are looked at. */
const MARGIN = 3;

type PairNumbers = Map<string, Map<string, number>>;

/** Numbers of the features in which a word stands first. */
interface WordFeatures {
  readonly one: Int32Array;
  readonly two: (Map<string, number> | undefined)[];
  three: PairNumbers | undefined;
}

/**
 * The numbers of a token's features without making their strings: what `tokenFeatures` names, known ones only, in its order (weights are added up in
 * single precision, so the order is part of the result). A word that no feature begins with costs one look-up.
 */
export class FeatureIndex {
  readonly #words = new Map<string, WordFeatures>();
  readonly #shapes: ReadonlyMap<string, number>;
  readonly #shapesBefore: PairNumbers = new Map();
  readonly #shapesAfter: PairNumbers = new Map();
  readonly #starts: ReadonlyMap<string, number>;
  readonly #ends: ReadonlyMap<string, number>;
  readonly #endsOfNext: ReadonlyMap<string, number>;
  readonly #endsOfPrevious: ReadonlyMap<string, number>;
  readonly #phrases: ReadonlyMap<string, number>;
  readonly #nextPhrases: ReadonlyMap<string, number>;
  readonly #previousPhrases: ReadonlyMap<string, number>;

  /** `features`: strings as `tokenFeatures` makes them; the position is the number. */
  constructor(features: readonly string[]) {
    const numbers = new Map(features.map((feature, id) => [feature, id]));
    for (const [feature, id] of numbers) this.#addWords(feature, id);
    const behind = (mark: string) =>
      new Map([...numbers].flatMap(([name, id]) => (name.startsWith(mark) ? [[name.slice(mark.length), id]] : [])));
    this.#shapes = behind('s=');
    for (const [pair, id] of behind('sp=')) addPairs(this.#shapesBefore, pair, id);
    for (const [pair, id] of behind('sn=')) addPairs(this.#shapesAfter, pair, id);
    this.#starts = behind('a');
    this.#ends = behind('z');
    this.#endsOfNext = behind('nz');
    this.#endsOfPrevious = behind('pz');
    this.#phrases = behind('g');
    this.#nextPhrases = behind('gn');
    this.#previousPhrases = behind('gp');
  }

  #addWords(feature: string, id: number): void {
    for (const [kind, mark] of ONE_WORD.entries())
      if (feature.startsWith(mark)) this.#word(feature.slice(mark.length)).one[kind] = id;
    for (const [kind, mark] of TWO_WORDS.entries()) {
      if (!feature.startsWith(mark)) continue;
      for (const [first, second] of splits(feature.slice(mark.length))) {
        const { two } = this.#word(first);
        two[kind] = (two[kind] ?? new Map<string, number>()).set(second, id);
      }
    }
    if (!feature.startsWith('pwn=')) return;
    for (const [first, rest] of splits(feature.slice('pwn='.length))) {
      const word = this.#word(first);
      word.three ??= new Map();
      addPairs(word.three, rest, id);
    }
  }

  #word(word: string): WordFeatures {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const made: WordFeatures = {
      one: new Int32Array(ONE_WORD.length).fill(NONE),
      two: new Array<Map<string, number> | undefined>(TWO_WORDS.length).fill(undefined),
      three: undefined,
    };
    this.#words.set(word, made);
    return made;
  }

  /** Numbers of the features of every token. */
  find(tokens: readonly Token[], phrases: PhraseSet): number[][] {
    // With what stands outside on both sides: the place of a token is its number and `MARGIN`.
    const texts = ['<s>', '<s>', '<s>'];
    const shapes = [OUTSIDE, OUTSIDE, OUTSIDE];
    for (const { text, shape } of tokens) {
      texts.push(text);
      shapes.push(shape);
    }
    texts.push('</s>', '</s>', '</s>');
    shapes.push(OUTSIDE);
    const known = texts.map((text) => this.#words.get(text));
    const out: number[][] = [];
    let linkAt = Number.NEGATIVE_INFINITY;
    for (let at = MARGIN; at < MARGIN + tokens.length; at++) {
      if (at > MARGIN && LINKS.has(texts[at - 1] as string)) linkAt = at - 1;
      const link = at - linkAt <= LINK_REACH ? (texts[linkAt] as string) : NO_LINK;
      const ids: number[] = [];
      this.#around(ids, texts, known, at);
      this.#shaped(ids, shapes, at);
      this.#linked(ids, texts, known, at, link);
      this.#spelled(ids, texts, at);
      bag(ids, known, at, -1, LEFT_REACH, LEFT);
      bag(ids, known, at, 1, RIGHT_REACH, RIGHT);
      for (const name of phrases.at(at - MARGIN)) add(ids, this.#phrases.get(name));
      for (const name of phrases.at(at - MARGIN + 1)) add(ids, this.#nextPhrases.get(name));
      for (const name of phrases.at(at - MARGIN - 1)) add(ids, this.#previousPhrases.get(name));
      out.push(ids);
    }
    return out;
  }

  #around(ids: number[], texts: readonly string[], known: readonly (WordFeatures | undefined)[], at: number): void {
    const previous = known[at - 1];
    const next = known[at + 1];
    const here = texts[at] as string;
    const after = texts[at + 1] as string;
    add(ids, known[at]?.one[W]);
    add(ids, previous?.one[P]);
    add(ids, next?.one[N]);
    add(ids, known[at - 2]?.one[PP]);
    add(ids, known[at + 2]?.one[NN]);
    add(ids, previous?.two[PW]?.get(here));
    add(ids, known[at]?.two[WN]?.get(after));
    add(ids, known[at - 2]?.two[PPP]?.get(texts[at - 1] as string));
    add(ids, next?.two[NNN]?.get(texts[at + 2] as string));
    add(ids, previous?.two[PN]?.get(after));
    add(ids, known[at - 3]?.one[BACK3]);
    add(ids, known[at + 3]?.one[ON3]);
    add(ids, previous?.three?.get(here)?.get(after));
  }

  #shaped(ids: number[], shapes: readonly string[], at: number): void {
    const here = shapes[at] as string;
    add(ids, this.#shapes.get(here));
    add(ids, this.#shapesBefore.get(shapes[at - 1] as string)?.get(here));
    add(ids, this.#shapesAfter.get(here)?.get(shapes[at + 1] as string));
  }

  #linked(
    ids: number[],
    texts: readonly string[],
    known: readonly (WordFeatures | undefined)[],
    at: number,
    link: string,
  ): void {
    const linked = this.#words.get(link);
    const first = known[MARGIN];
    add(ids, linked?.one[LINK]);
    add(ids, linked?.two[LW]?.get(texts[at] as string));
    add(ids, linked?.two[LP]?.get(texts[at - 1] as string));
    add(ids, first?.one[FIRST]);
    add(ids, first?.two[FL]?.get(link));
  }

  #spelled(ids: number[], texts: readonly string[], at: number): void {
    const here = texts[at] as string;
    for (let size = 1; size <= 4 && size < here.length; size++) {
      add(ids, this.#starts.get(here.slice(0, size)));
      add(ids, this.#ends.get(here.slice(-size)));
    }
    const next = texts[at + 1] as string;
    if (next.length > 2) add(ids, this.#endsOfNext.get(next.slice(-3)));
    const previous = texts[at - 1] as string;
    if (previous.length > 2) add(ids, this.#endsOfPrevious.get(previous.slice(-3)));
  }
}

function add(out: number[], id: number | undefined): void {
  if (id !== undefined && id !== NONE) out.push(id);
}

/** Words from the second neighbour on, each once. */
function bag(
  out: number[],
  known: readonly (WordFeatures | undefined)[],
  at: number,
  step: -1 | 1,
  reach: number,
  kind: typeof LEFT | typeof RIGHT,
): void {
  const from = out.length;
  for (let offset = 2; offset <= reach; offset++) {
    const place = at + step * offset;
    if (place < MARGIN || place >= known.length - MARGIN) break;
    const id = known[place]?.one[kind] ?? NONE;
    if (id !== NONE && out.indexOf(id, from) < 0) out.push(id);
  }
}

function addPairs(pairs: PairNumbers, joined: string, id: number): void {
  for (const [first, second] of splits(joined))
    pairs.set(first, (pairs.get(first) ?? new Map<string, number>()).set(second, id));
}

/** All ways to read a string as two with `|` between them: words may hold that sign themselves. */
function splits(joined: string): [string, string][] {
  const out: [string, string][] = [];
  for (let at = joined.indexOf('|'); at >= 0; at = joined.indexOf('|', at + 1))
    out.push([joined.slice(0, at), joined.slice(at + 1)]);
  return out;
}
