import { LEFT_REACH, LINK_REACH, LINKS, NO_LINK, OUTSIDE, type PhraseSet, RIGHT_REACH } from './features.js';
import type { Token } from './tokens.js';

/** Features about one word, in the order of `ONE_WORD`. */
const ONE_WORD = ['w=', 'p=', 'n=', 'pp=', 'nn=', '3=', '+3=', 'l=', 'f=', 'L', 'R'] as const;
const [W, P, N, PP, NN, BACK3, ON3, LINK, FIRST, LEFT, RIGHT] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;
/** Features about two words, the first of which knows the second. */
const TWO_WORDS = ['pw=', 'wn=', 'ppp=', 'nnn=', 'pn=', 'lw=', 'lp=', 'fl='] as const;
const [PW, WN, PPP, NNN, PN, LW, LP, FL] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
const NONE = -1;

/** Numbers of the features in which a word stands first. */
interface WordFeatures {
  readonly one: Int32Array;
  readonly two: (Map<string, number> | undefined)[];
  readonly three: Map<string, Map<string, number>>;
}

/**
 * The numbers of a token's features without making their strings: what `tokenFeatures` names, known ones only, in its order (weights are added up in
 * single precision, so the order is part of the result). A word that no feature begins with costs one look-up.
 */
export class FeatureIndex {
  readonly #words = new Map<string, WordFeatures>();
  readonly #shapes: ReadonlyMap<string, number>;
  readonly #shapesBefore: ReadonlyMap<string, number>;
  readonly #shapesAfter: ReadonlyMap<string, number>;
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
    this.#shapesBefore = behind('sp=');
    this.#shapesAfter = behind('sn=');
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
      for (const [second, third] of splits(rest)) {
        const { three } = this.#word(first);
        three.set(second, (three.get(second) ?? new Map<string, number>()).set(third, id));
      }
    }
  }

  #word(word: string): WordFeatures {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const made = {
      one: new Int32Array(ONE_WORD.length).fill(NONE),
      two: new Array<Map<string, number> | undefined>(TWO_WORDS.length).fill(undefined),
      three: new Map<string, Map<string, number>>(),
    };
    this.#words.set(word, made);
    return made;
  }

  /** Numbers of the features of every token. */
  find(tokens: readonly Token[], phrases: PhraseSet): number[][] {
    const known = tokens.map((token) => this.#words.get(token.text));
    const before = this.#words.get('<s>');
    const after = this.#words.get('</s>');
    const word = (at: number) => (at < 0 ? before : at < known.length ? known[at] : after);
    const text = (at: number) => (at < 0 ? '<s>' : (tokens[at]?.text ?? '</s>'));
    const shape = (at: number) => tokens[at]?.shape ?? OUTSIDE;
    const first = known[0];
    let linkAt = Number.NEGATIVE_INFINITY;
    return tokens.map((token, at) => {
      const out: number[] = [];
      const here = known[at];
      const previous = word(at - 1);
      const next = word(at + 1);
      const secondNext = text(at + 2);
      add(out, here?.one[W]);
      add(out, previous?.one[P]);
      add(out, next?.one[N]);
      const secondPrevious = word(at - 2);
      add(out, secondPrevious?.one[PP]);
      add(out, word(at + 2)?.one[NN]);
      const { text: hereText, shape: hereShape } = token;
      const nextText = text(at + 1);
      add(out, previous?.two[PW]?.get(hereText));
      add(out, here?.two[WN]?.get(nextText));
      add(out, secondPrevious?.two[PPP]?.get(text(at - 1)));
      add(out, next?.two[NNN]?.get(secondNext));
      add(out, previous?.two[PN]?.get(nextText));
      add(out, word(at - 3)?.one[BACK3]);
      add(out, word(at + 3)?.one[ON3]);
      add(out, previous?.three.get(hereText)?.get(nextText));
      add(out, this.#shapes.get(hereShape));
      add(out, this.#shapesBefore.get(`${shape(at - 1)}|${hereShape}`));
      add(out, this.#shapesAfter.get(`${hereShape}|${shape(at + 1)}`));
      if (at > 0 && LINKS.has(text(at - 1))) linkAt = at - 1;
      const link = at - linkAt <= LINK_REACH ? text(linkAt) : NO_LINK;
      const linked = this.#words.get(link);
      add(out, linked?.one[LINK]);
      add(out, linked?.two[LW]?.get(hereText));
      add(out, linked?.two[LP]?.get(text(at - 1)));
      add(out, first?.one[FIRST]);
      add(out, first?.two[FL]?.get(link));
      for (let size = 1; size <= 4 && size < hereText.length; size++) {
        add(out, this.#starts.get(hereText.slice(0, size)));
        add(out, this.#ends.get(hereText.slice(-size)));
      }
      if (nextText.length > 2) add(out, this.#endsOfNext.get(nextText.slice(-3)));
      const previousText = text(at - 1);
      if (previousText.length > 2) add(out, this.#endsOfPrevious.get(previousText.slice(-3)));
      bag(out, known, at, -1, LEFT_REACH, LEFT);
      bag(out, known, at, 1, RIGHT_REACH, RIGHT);
      for (const name of phrases.at(at)) add(out, this.#phrases.get(name));
      for (const name of phrases.at(at + 1)) add(out, this.#nextPhrases.get(name));
      for (const name of phrases.at(at - 1)) add(out, this.#previousPhrases.get(name));
      return out;
    });
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
    if (place < 0 || place >= known.length) break;
    const id = known[place]?.one[kind] ?? NONE;
    if (id !== NONE && out.indexOf(id, from) < 0) out.push(id);
  }
}

/** All ways to read a string as two with `|` between them: words may hold that sign themselves. */
function splits(joined: string): [string, string][] {
  const out: [string, string][] = [];
  for (let at = joined.indexOf('|'); at >= 0; at = joined.indexOf('|', at + 1))
    out.push([joined.slice(0, at), joined.slice(at + 1)]);
  return out;
}
