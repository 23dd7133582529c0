import { isHan, normalizeText } from './normalize.js';
import { coarsePinyin } from './pinyin.js';

/** Which n-grams an utterance is turned into. Orders are inclusive ranges; `[1, 0]` is none. */
export interface NgramOptions {
  readonly hanChars: readonly [number, number];
  readonly pinyin: readonly [number, number];
  readonly words: readonly [number, number];
  /** In-word characters, with `_` at both ends of the word. */
  readonly wordChars: readonly [number, number];
  /** Weight of each family before the vector is brought to length 1. */
  readonly weights: { readonly han: number; readonly pinyin: number; readonly word: number; readonly wordChar: number };
}

export const DEFAULT_NGRAMS: NgramOptions = {
  hanChars: [1, 2],
  pinyin: [1, 2],
  words: [1, 2],
  wordChars: [2, 4],
  weights: { han: 1, pinyin: 1, word: 1, wordChar: 0.6 },
};

export type Family = 'h' | 'p' | 'w' | 'k' | 'c' | 'n';

const LATIN_WORD = /[a-z]+(?:'[a-z]+)*|\d+|[^\p{L}\p{N}\s]/u;
const TOKEN = new RegExp(`[\\u3007\\u3400-\\u4dbf\\u4e00-\\u9fff]+|${LATIN_WORD.source}|\\p{L}+`, 'gu');
const HAN_DIGIT_RUN = /[零〇一二三四五六七八九幺两洞拐勾\d]{3,}/g;
const EN_DIGIT = new Set([
  'zero',
  'oh',
  'o',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'double',
  'triple',
]);

/** Who has another way to the n-grams of a run of Han characters or of the characters of a word than their strings; they come in the same order. */
export interface NgramReaders {
  readonly han: (run: string) => void;
  readonly wordChars: (word: string) => void;
}

/**
 * Calls `emit(family, feature)` for every n-gram of a text, repeats included. Families: `h` Han characters, `p` coarse pinyin, `w` words, `k` words with one between them,
 * `c` in-word characters, `n` shapes of numbers. Feature strings carry their family as first character.
 */
export function ngrams(
  text: string,
  options: NgramOptions,
  emit: (family: Family, feature: string) => void,
  readers: NgramReaders = {
    han: (run) => hanNgrams(run, options, emit),
    wordChars: (word) => charNgrams(word, options, emit),
  },
): void {
  const clean = normalizeText(text);
  const tokens = clean.match(TOKEN) ?? [];
  const words: string[] = [];
  let spokenDigits = 0;
  for (const token of tokens) {
    const first = token[0] ?? '';
    if (isHan(first)) {
      readers.han(token);
      // A Han run breaks word n-grams: what was before and after did not stand side by side.
      words.push('<han>');
      continue;
    }
    if (/^\d/.test(token)) {
      words.push(token.length >= 3 ? '<num>' : token);
      if (token.length >= 3) emit('n', `n#${Math.min(token.length, 12)}`);
      continue;
    }
    if (!/^\p{L}/u.test(token)) {
      if (token === '?' || token === '!') words.push(token);
      continue;
    }
    if (EN_DIGIT.has(token)) spokenDigits++;
    words.push(token);
    readers.wordChars(token);
  }
  for (const run of clean.match(HAN_DIGIT_RUN) ?? []) emit('n', `n#${Math.min(run.length, 12)}`);
  if (spokenDigits >= 3) emit('n', `n#${Math.min(spokenDigits, 12)}`);
  wordNgrams(words, options, emit);
}

function hanNgrams(run: string, options: NgramOptions, emit: (family: Family, feature: string) => void): void {
  const chars = [...run];
  const [hLow, hHigh] = options.hanChars;
  const [pLow, pHigh] = options.pinyin;
  const syllables = pHigh >= pLow ? chars.map(coarsePinyin) : [];
  for (let start = 0; start < chars.length; start++) {
    let gram = '';
    for (let size = 1; size <= hHigh && start + size <= chars.length; size++) {
      gram += chars[start + size - 1];
      if (size >= hLow) emit('h', `h${gram}`);
    }
    gram = '';
    for (let size = 1; size <= pHigh && start + size <= chars.length; size++) {
      gram += `${syllables[start + size - 1]} `;
      if (size >= pLow) emit('p', `p${gram}`);
    }
  }
}

export function charNgrams(word: string, options: NgramOptions, emit: (family: Family, feature: string) => void): void {
  const [low, high] = options.wordChars;
  const padded = `_${word.length > 30 ? word.slice(0, 30) : word}_`;
  for (let size = low; size <= high; size++) {
    for (let start = 0; start + size <= padded.length; start++) emit('c', `c${padded.slice(start, start + size)}`);
  }
}

function wordNgrams(
  words: readonly string[],
  options: NgramOptions,
  emit: (family: Family, feature: string) => void,
): void {
  const [low, high] = options.words;
  for (let start = 0; start < words.length; start++) {
    let gram = '';
    for (let size = 1; size <= high && start + size <= words.length; size++) {
      gram += `${size > 1 ? ' ' : ''}${words[start + size - 1]}`;
      if (size >= low && gram !== '<han>') emit('w', `w${gram}`);
    }
    // "set … alarm": two words with one between them.
    if (high > 1 && start + 2 < words.length) emit('k', `k${words[start]} ${words[start + 2]}`);
  }
  if (high <= 1 || words.length === 0 || (words.length === 1 && words[0] === '<han>')) return;
  // How an utterance begins and ends tells questions from orders.
  emit('w', `b^${words[0]}`);
  emit('w', `b${words.at(-1)}$`);
  if (words.length > 1) emit('w', `b^${words[0]} ${words[1]}`);
}
