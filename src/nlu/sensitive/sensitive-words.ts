import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { HearkenError, messageOf } from '../../errors.js';
import { plainText } from '../entities/plain.js';
import { isHan } from '../features/normalize.js';
import type { SensitiveHit } from '../intent-model.js';

/** Most words a list may hold, and most hits of one text. */
const MAX_WORDS = 500_000;
const MAX_HITS = 100;
const RELOAD_SETTLE_MS = 100;
const DEFAULT_CATEGORY = 'sensitive';

export interface SensitiveWord {
  readonly word: string;
  readonly category: string;
}

interface Node {
  readonly next: Map<string, Node>;
  fail: Node | undefined;
  /** Words that end here, longest first. */
  words: readonly SensitiveWord[];
  depth: number;
}

const newNode = (depth: number): Node => ({ next: new Map(), fail: undefined, words: [], depth });

/**
 * Finds listed words by one pass of an Aho-Corasick automaton (Aho and Corasick, CACM 1975). Case, width and traditional forms don't matter, nor do
 * spaces and punctuation put between Han characters to slip through.
 */
export class SensitiveFilter {
  readonly size: number;
  readonly #root: Node;

  constructor(words: readonly SensitiveWord[]) {
    this.#root = newNode(0);
    let size = 0;
    for (const entry of words) {
      const key = keyOf(entry.word);
      if (key === '') continue;
      let node = this.#root;
      for (const char of key) {
        let next = node.next.get(char);
        if (!next) {
          next = newNode(node.depth + 1);
          node.next.set(char, next);
        }
        node = next;
      }
      if (!node.words.some((other) => other.category === entry.category)) node.words = [...node.words, entry];
      size++;
    }
    this.size = size;
    this.#link();
  }

  #link(): void {
    const queue: Node[] = [...this.#root.next.values()];
    for (const node of queue) node.fail = this.#root;
    for (let at = 0; at < queue.length; at++) {
      const node = queue[at] as Node;
      for (const [char, child] of node.next) {
        let fail = node.fail;
        while (fail && !fail.next.has(char)) fail = fail.fail;
        child.fail = fail?.next.get(char) ?? this.#root;
        child.words = [...child.words, ...child.fail.words];
        queue.push(child);
      }
    }
  }

  /** Every listed word in a text, in order; of overlapping ones the longest that begins first. */
  find(text: string): SensitiveHit[] {
    if (this.size === 0) return [];
    const plain = plainText(text);
    const places: number[] = [];
    const hits: SensitiveHit[] = [];
    let node = this.#root;
    for (let at = 0; at < plain.length && hits.length < MAX_HITS; at++) {
      const char = plain[at] ?? '';
      if (isFiller(char)) continue;
      places.push(at);
      let state: Node | undefined = node;
      while (state && !state.next.has(char)) state = state.fail;
      node = state?.next.get(char) ?? this.#root;
      for (const { word, category } of node.words) {
        const length = [...keyOf(word)].length;
        const start = places[places.length - length] ?? 0;
        const end = at + 1;
        if (isWholeWord(plain, start, end, word)) hits.push({ word, category, start, end });
      }
    }
    return longestFirst(hits);
  }

  /** The text with each hit replaced by asterisks. */
  mask(text: string): string {
    let out = text;
    for (const { start, end } of this.find(text)) out = out.slice(0, start) + '*'.repeat(end - start) + out.slice(end);
    return out;
  }
}

function keyOf(word: string): string {
  return [...plainText(word)].filter((char) => !isFiller(char)).join('');
}

function isFiller(char: string): boolean {
  // Most of what is asked about.
  if (isHan(char) || /^[a-z\d]/.test(char)) return false;
  return /[\s\p{P}\p{S}\p{Cf}]/u.test(char);
}

/** Latin words match whole ("ass" is not in "glass") and with nothing between their letters. */
function isWholeWord(plain: string, start: number, end: number, word: string): boolean {
  if (isHan(word[0] ?? '')) return true;
  const letter = /[a-z0-9]/;
  if (letter.test(plain[start - 1] ?? '') || letter.test(plain[end] ?? '')) return false;
  // Spaces only where the listed word has them.
  const words = (text: string) => text.split(/\s+/).length;
  return words(plain.slice(start, end)) === words(word);
}

function longestFirst(hits: readonly SensitiveHit[]): SensitiveHit[] {
  const sorted = [...hits].sort((a, b) => a.start - b.start || b.end - a.end);
  const out: SensitiveHit[] = [];
  for (const hit of sorted) if (hit.start >= (out.at(-1)?.end ?? 0)) out.push(hit);
  return out;
}

export type ReloadListener = (result: { readonly words: number } | { readonly error: unknown }) => void;

/**
 * A filter over list files that follows their changes: a file that is saved takes effect within a moment, one that can't be read leaves the old list.
 * Lines are `word` or `word<TAB>category`; `#` begins a comment; `.gz` is unpacked.
 */
export class SensitiveWords {
  #filter: SensitiveFilter;
  readonly #files: readonly string[];
  readonly #watchers: FSWatcher[] = [];
  readonly #onReload: ReloadListener;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(files: readonly string[], filter: SensitiveFilter, onReload: ReloadListener) {
    this.#files = files;
    this.#filter = filter;
    this.#onReload = onReload;
  }

  /** Reads the lists and begins to watch them. Throws FILE_UNREADABLE. */
  static async open(files: readonly string[], onReload: ReloadListener = () => {}): Promise<SensitiveWords> {
    const words = new SensitiveWords(files, new SensitiveFilter(await readLists(files)), onReload);
    words.#watch();
    return words;
  }

  #watch(): void {
    for (const file of this.#files) {
      // The folder is watched, not the file: editors replace files.
      const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(file)) this.#schedule();
      });
      watcher.on('error', (error) => this.#onReload({ error }));
      this.#watchers.push(watcher);
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.reload(), RELOAD_SETTLE_MS);
    this.#timer.unref();
  }

  async reload(): Promise<void> {
    try {
      const filter = new SensitiveFilter(await readLists(this.#files));
      if (this.#closed) return;
      this.#filter = filter;
      this.#onReload({ words: filter.size });
    } catch (error) {
      if (!this.#closed) this.#onReload({ error });
    }
  }

  find(text: string): SensitiveHit[] {
    return this.#filter.find(text);
  }

  mask(text: string): string {
    return this.#filter.mask(text);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }
}

async function readLists(files: readonly string[]): Promise<SensitiveWord[]> {
  const words: SensitiveWord[] = [];
  for (const file of files) {
    let source: string;
    try {
      const bytes = await readFile(file);
      source = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    } catch (error) {
      throw new HearkenError('FILE_UNREADABLE', `the word list ${file} can't be read: ${messageOf(error)}`, {
        hint: 'Check the name and the rights.',
        cause: error,
      });
    }
    for (const line of source.split(/\r?\n/)) {
      const [word = '', category] = line.replace(/(^|\s)#.*$/, '').split('\t');
      if (word.trim() !== '') words.push({ word: word.trim(), category: category?.trim() || DEFAULT_CATEGORY });
    }
  }
  if (words.length > MAX_WORDS)
    throw new HearkenError(
      'FILE_UNREADABLE',
      `the word lists hold ${words.length} words; expected at most ${MAX_WORDS}`,
    );
  return words;
}
