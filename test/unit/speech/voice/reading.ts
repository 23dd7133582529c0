import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexiconOf } from '../../../../src/speech/lexicon.js';
import { normalizeText } from '../../../../src/speech/normalize/index.js';

/** Longest word that sherpa-onnx's phrase matcher looks for. */
const LONGEST_WORD = 10;

/** What the Mandarin voice says: its lexicon read as sherpa-onnx reads it, and the tone changes that its graph makes. */
export class VoiceReader {
  readonly #words = new Map<string, readonly string[]>();

  constructor(folder: string) {
    for (const line of readFileSync(join(folder, 'lexicon.txt'), 'utf8').split('\n')) {
      const [word = '', ...tokens] = line.split(' ');
      if (word !== '' && !this.#words.has(word)) this.#words.set(word, tokens);
    }
  }

  /** Syllables as they are spoken, with `,` where a mark stands. */
  read(written: string): readonly string[] {
    const text = lexiconOf(new Set(this.#words.keys())).fit(normalizeText(written, 'zh-CN'));
    const chars = Array.from(text);
    const tokens: string[] = [];
    for (let i = 0; i < chars.length; ) {
      let size = Math.min(LONGEST_WORD, chars.length - i);
      while (size > 1 && !this.#words.has(chars.slice(i, i + size).join(''))) size--;
      tokens.push(...(this.#words.get(chars.slice(i, i + size).join('')) ?? [',']));
      i += size;
    }
    return changed(tokens.filter((token) => token !== '/' && token !== ' '));
  }
}

/** As in lab/tts/export_voice.py: 不 by what follows, then third tones before third tones. */
function changed(tokens: readonly string[]): readonly string[] {
  const tone = (token: string | undefined): string => (token === undefined ? '' : token.slice(-1));
  const first = tokens.map((token, i) => (token === 'bu6' ? (tone(tokens[i + 1]) === '4' ? 'bu2' : 'bu4') : token));
  return first.map((token, i) =>
    tone(token) === '3' && tone(first[i + 1]) === '3' ? token.replace(/3$/, '2') : token,
  );
}
