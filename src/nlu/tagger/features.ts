import { shapeOf, type Token } from './tokens.js';

/** Of what stands before the first token and after the last. */
export const OUTSIDE = shapeOf('<s>');

/** What the tagger looks at around one token, as strings; the trainer turns them into numbers, and `FeatureIndex` finds these without the strings. */
export function tokenFeatures(tokens: readonly Token[], at: number, phrases: PhraseSet): string[] {
  const word = (offset: number) => tokens[at + offset]?.text ?? (at + offset < 0 ? '<s>' : '</s>');
  const shape = (offset: number) => tokens[at + offset]?.shape ?? OUTSIDE;
  const here = word(0);
  const previous = word(-1);
  const next = word(1);
  const out = [
    `w=${here}`,
    `p=${previous}`,
    `n=${next}`,
    `pp=${word(-2)}`,
    `nn=${word(2)}`,
    `pw=${previous}|${here}`,
    `wn=${here}|${next}`,
    `ppp=${word(-2)}|${previous}`,
    `nnn=${next}|${word(2)}`,
    `pn=${previous}|${next}`,
    `3=${word(-3)}`,
    `+3=${word(3)}`,
    `pwn=${previous}|${here}|${next}`,
    `s=${shape(0)}`,
    `sp=${shape(-1)}|${shape(0)}`,
    `sn=${shape(0)}|${shape(1)}`,
  ];
  const link = lastLink(tokens, at);
  out.push(
    `l=${link}`,
    `lw=${link}|${here}`,
    `lp=${link}|${previous}`,
    `f=${tokens[0]?.text}`,
    `fl=${tokens[0]?.text}|${link}`,
  );
  for (let size = 1; size <= 4 && size < here.length; size++) {
    out.push(`a${here.slice(0, size)}`, `z${here.slice(-size)}`);
  }
  if (next.length > 2) out.push(`nz${next.slice(-3)}`);
  if (previous.length > 2) out.push(`pz${previous.slice(-3)}`);
  bag(tokens, at, -1, LEFT_REACH, 'L', out);
  bag(tokens, at, 1, RIGHT_REACH, 'R', out);
  for (const name of phrases.at(at)) out.push(`g${name}`);
  for (const name of phrases.at(at + 1)) out.push(`gn${name}`);
  for (const name of phrases.at(at - 1)) out.push(`gp${name}`);
  return out;
}

/** How far the words around, in no order, are looked at: "arriving … by eight" (chosen by cross-validation on the training sets of ATIS and SNIPS). */
export const LEFT_REACH = 12;
export const RIGHT_REACH = 8;

/** Words from the second neighbour on, each once. */
function bag(tokens: readonly Token[], at: number, step: -1 | 1, reach: number, mark: string, out: string[]): void {
  const from = out.length;
  for (let offset = 2; offset <= reach; offset++) {
    const word = tokens[at + step * offset]?.text;
    if (word === undefined) break;
    const feature = `${mark}${word}`;
    if (out.indexOf(feature, from) < 0) out.push(feature);
  }
}

/** Words that say what the next thing is to the sentence: a place to go, a time to be there. */
export const LINKS: ReadonlySet<string> = new Set(
  'from to at in on by for with of between before after around and or until into onto near via than as 从 到 去 在 给 把 的 和 往 向 用 被 让 比'.split(
    ' ',
  ),
);
export const LINK_REACH = 6;
/** Where there is none so near. */
export const NO_LINK = '-';

/** The nearest such word on the left. */
function lastLink(tokens: readonly Token[], at: number): string {
  for (let offset = 1; offset <= LINK_REACH && at - offset >= 0; offset++) {
    const word = tokens[at - offset]?.text ?? '';
    if (LINKS.has(word)) return word;
  }
  return NO_LINK;
}

/** Which list entries cover each token of one utterance: `B:city`, `I:city`. */
export class PhraseSet {
  readonly #names: (string[] | undefined)[];
  constructor(names: (string[] | undefined)[]) {
    this.#names = names;
  }
  at(index: number): readonly string[] {
    return this.#names[index] ?? [];
  }
}

const MAX_PHRASE_TOKENS = 8;

/** Words of lookup lists and of annotated entities, found by longest match. */
export class Phrases {
  readonly #lists = new Map<string, Set<string>>();
  /** First word → tokens of the longest entry that begins with it. */
  readonly #longest = new Map<string, number>();

  /** `entries`: phrase (tokens joined by one space) → names of the lists it stands on. */
  constructor(readonly entries: Readonly<Record<string, readonly string[]>>) {
    for (const [phrase, names] of Object.entries(entries)) {
      this.#lists.set(phrase, new Set(names));
      const words = phrase.split(' ');
      const first = words[0] ?? '';
      const longest = Math.max(words.length, this.#longest.get(first) ?? 0);
      this.#longest.set(first, Math.min(longest, MAX_PHRASE_TOKENS));
    }
  }

  match(tokens: readonly Token[]): PhraseSet {
    const names: (string[] | undefined)[] = new Array(tokens.length);
    const taken = new Map<string, number>();
    for (let start = 0; start < tokens.length; start++) {
      const longest = this.#longest.get(tokens[start]?.text ?? '');
      if (longest === undefined) continue;
      for (let size = Math.min(longest, tokens.length - start); size > 0; size--) {
        let phrase = tokens[start]?.text ?? '';
        for (let at = start + 1; at < start + size; at++) phrase += ` ${tokens[at]?.text}`;
        for (const name of this.#lists.get(phrase) ?? []) {
          if ((taken.get(name) ?? 0) > start) continue;
          taken.set(name, start + size);
          for (let at = start; at < start + size; at++) {
            const list = names[at] ?? [];
            list.push(`${at === start ? 'B' : 'I'}:${name}`);
            names[at] = list;
          }
        }
      }
    }
    return new PhraseSet(names);
  }
}
