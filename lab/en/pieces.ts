/**
 * The outputs that print English words, and the dictionary that ships: npx tsx lab/en/pieces.ts CMUDICT_INDEX.js phones.json words.json ALIASES.json LEXICON.txt.gz
 *
 * words.json: [{"text": word}], words of the training sentences, which must not be lost.
 *
 * Every word's letters are divided among its phones so that few different groups are needed: counts of groups and divisions by them
 * take turns a few times (Viterbi training). What is left over rarely is dropped, with the words that need it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { divideLetters, type GroupCost, WORD_START } from '../../src/speech/grammar/english/spelling.js';

const [, , dictionaryPath = '', phonesPath = '', wordsPath = '', aliasesPath = '', lexiconPath = ''] = process.argv;
const { dictionary } = (await import(pathToFileURL(resolve(dictionaryPath)).href)) as {
  dictionary: Record<string, string>;
};
const phones = new Set((JSON.parse(readFileSync(phonesPath, 'utf8')) as string[]).slice(1));
const ROUNDS = 6;
const LEAST = 4;
/** A word of the training sentences counts as much as so many others. */
const COMMON = 6;
const common = new Set(
  (JSON.parse(readFileSync(wordsPath, 'utf8')) as { text: string }[]).map(({ text }) => text.toLowerCase()),
);

const entries: (readonly [string, readonly string[]])[] = [];
for (const [key, value] of Object.entries(dictionary)) {
  const word = key.replace(/\(\d\)$/, '');
  const said = value.replace(/\d| #.*/g, '').split(' ');
  if (/^[a-z][a-z']*$/.test(word) && word.length < 18 && said.every((p) => phones.has(p))) entries.push([word, said]);
}

let counts = new Map<string, number>();
let total = 0;
const keyOf = (letters: string, phone: string, first: boolean): string =>
  `${first ? WORD_START : ''}${letters} ${phone}`;
/** Before anything is counted: short groups, alike in length. */
const even: GroupCost = (letters) => 1 + (letters.length - 1) ** 2;
const counted: GroupCost = (letters, phone, first) => {
  const count = counts.get(keyOf(letters, phone, first));
  return count === undefined ? undefined : Math.log(total / count) + 0.5 * (letters.length - 1);
};
for (let round = 0; round < ROUNDS; round++) {
  const next = new Map<string, number>();
  let lost = 0;
  for (const [word, said] of entries) {
    const groups = divideLetters(word, said, round === 0 ? even : counted);
    if (groups === undefined) lost++;
    groups?.forEach((letters, i) => {
      if (letters === '') return;
      const key = keyOf(letters, said[i] ?? '', i === 0);
      next.set(key, (next.get(key) ?? 0) + (common.has(word) ? COMMON : 1));
    });
  }
  const least = round < 2 ? 1 : LEAST;
  counts = new Map([...next].filter(([, count]) => count >= least));
  total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  console.log(`round ${round}: ${next.size} groups, ${counts.size} kept, ${lost} words lost`);
}
// Letter names begin words; whatever words are counted, these are there.
for (const pair of 'w D,h EY,x EH,y W,r AA,q K,f EH,s EH,m EH,n EH,l EH'.split(','))
  counts.set(WORD_START + pair, counts.get(WORD_START + pair) ?? 1);
const ordered = [...counts].sort((a, b) => b[1] - a[1]).map(([key]) => key.split(' '));
writeFileSync(aliasesPath, JSON.stringify(ordered));
const kept = entries.filter(([word, said]) => divideLetters(word, said, counted) !== undefined);
const lines = kept.map(([word, said]) => `${word} ${said.join(' ')}`);
writeFileSync(lexiconPath, gzipSync(Array.from(new Set(lines)).join('\n'), { level: 9 }));
console.log(`${ordered.length} outputs, ${kept.length} of ${entries.length} readings`);
