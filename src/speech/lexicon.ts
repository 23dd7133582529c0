import { readFileSync } from 'node:fs';
import type { InstalledModel } from './registry.js';

/** What a voice can say. Voices with a lexicon skip words they do not know; text without one known word breaks the engine. */
export interface Lexicon {
  /** `text` so that the voice loses nothing it could say; '' when it can say nothing of it. */
  fit(text: string): string;
}

const HAN = /\p{Script=Han}/u;
const LATIN_WORD = /[A-Za-z]+(?:'[A-Za-z]+)?/g;

/** For voices that read any text of their language by rules (Piper with espeak-ng's data). */
export const ANY_WORD: Lexicon = {
  fit: (text) => (/[\p{L}\p{N}]/u.test(text) ? text : ''),
};

/**
 * From sherpa-onnx's `lexicon.txt` (`word token token …`): Latin words that are not in it are spelled, Chinese characters that are not
 * are left out, and a full stop closes the text.
 */
export function lexiconOf(words: ReadonlySet<string>): Lexicon {
  const latin = (word: string) => {
    const lower = word.toLowerCase();
    if (lower.length > 1 && words.has(lower)) return lower;
    return [...lower.replace("'", '')].filter((letter) => words.has(letter)).join(' ');
  };
  return {
    fit(text) {
      const known = text
        .replace(LATIN_WORD, (word) => ` ${latin(word)} `)
        .replace(/./gsu, (character) => (HAN.test(character) && !words.has(character) ? '' : character))
        .replace(/\s+/g, ' ')
        .trim();
      if (!/[\p{Script=Han}A-Za-z]/u.test(known)) return '';
      return /[。！？；，：、.!?;,:]$/u.test(known) ? known : `${known}。`;
    },
  };
}

export function loadLexicon(installed: InstalledModel): Lexicon {
  const { engine } = installed.model;
  const file = 'lexicon' in engine && engine.lexicon !== undefined ? installed.paths.get(engine.lexicon) : undefined;
  if (file === undefined) return ANY_WORD;
  const words = new Set<string>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const end = line.search(/\s/);
    if (end > 0) words.add(line.slice(0, end).toLowerCase());
  }
  return lexiconOf(words);
}
