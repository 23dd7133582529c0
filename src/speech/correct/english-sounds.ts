import type { Sounds } from './sounds.js';

/** CMUdict's phones by how they are made: what is made alike is taken for one another over the telephone, which cuts everything above 3.4 kHz. */
const NEAR = [
  'P B',
  'T D',
  'K G',
  'F V',
  'S Z',
  'SH ZH',
  'CH JH',
  'TH F',
  'TH S',
  'DH D',
  'DH V',
  'S F',
  'M N',
  'N NG',
  'W V',
  'L R',
  'SH CH',
  'P T',
  'T K',
  'B D',
];
const near = new Set(NEAR.flatMap((pair) => [pair, pair.split(' ').reverse().join(' ')]));
const VOWEL = /^[AEIOU]/;
const WORD = /[\p{L}\p{N}']+/gu;

/** `readings`: the phones of a word, joined by spaces; '' for what can't be said. */
export function englishSounds(reading: (word: string) => string): Sounds {
  return {
    units(text) {
      return [...text.toLowerCase().matchAll(WORD)].map((match) => ({
        start: match.index,
        end: match.index + match[0].length,
        phones: reading(match[0])
          .split(' ')
          .filter((phone) => phone !== ''),
      }));
    },
    substitution(a, b) {
      if (a === b) return 0;
      if (near.has(`${a} ${b}`)) return 0.4;
      return VOWEL.test(a) && VOWEL.test(b) ? 0.4 : 1;
    },
    gap: 0.7,
  };
}
