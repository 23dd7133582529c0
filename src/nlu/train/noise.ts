import { isHan } from '../features/normalize.js';
import { coarsePinyin } from '../features/pinyin.js';
import { seededRandom } from '../random.js';
import type { LabelledText } from './classifier.js';

let table: Map<string, string[]> | undefined;

/**
 * Common characters by coarse reading: the 3755 of GB 2312 level 1 (rows 16 to 55), decoded from their code points, so no list has to
 * be kept here.
 */
function homophones(): Map<string, string[]> {
  if (table) return table;
  table = new Map();
  const decoder = new TextDecoder('gb18030');
  for (let row = 0xb0; row <= 0xd7; row++) {
    for (let cell = 0xa1; cell <= 0xfe; cell++) {
      const char = decoder.decode(Uint8Array.of(row, cell));
      if (char.length !== 1 || !isHan(char)) continue;
      const reading = coarsePinyin(char);
      if (reading === '') continue;
      const group = table.get(reading);
      if (group) group.push(char);
      else table.set(reading, [char]);
    }
  }
  return table;
}

/**
 * Recogniser-like errors: each Han character is replaced, with the given probability, by another that sounds nearly the same (coarse pinyin).
 * Everything else stays as it is.
 */
export function garble(text: string, rate: number, random: () => number): string {
  let out = '';
  for (const char of text) {
    if (!isHan(char) || random() >= rate) {
      out += char;
      continue;
    }
    const group = (homophones().get(coarsePinyin(char)) ?? []).filter((other) => other !== char);
    out += group[Math.floor(random() * group.length)] ?? char;
  }
  return out;
}

/** The examples and, behind them, garbled copies of a share of them (20 % of the characters). */
export function addNoise(examples: readonly LabelledText[], share: number, seed: number): LabelledText[] {
  const random = seededRandom(seed + 101);
  const copies = examples.flatMap((example) => {
    if (random() >= share) return [];
    const text = garble(example.text, 0.2, random);
    return text === example.text ? [] : [{ ...example, text }];
  });
  return [...examples, ...copies];
}
