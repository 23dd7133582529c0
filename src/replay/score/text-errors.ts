import { spokenEnglish } from '../../speech/grammar/english/text.js';

/** Recognition against what was really said: normalised, aligned, counted. */

/** One step of an alignment; `wanted` or `heard` is undefined where something is missing or was made up. */
export interface AlignedUnit {
  readonly wanted: string | undefined;
  readonly heard: string | undefined;
}

export interface TextErrors {
  /** Units that were said. */
  readonly units: number;
  readonly substitutions: number;
  readonly deletions: number;
  readonly insertions: number;
  readonly alignment: readonly AlignedUnit[];
}

const HAN_ONLY = /^\p{Script=Han}+$/u;
const MARKS = /[\s\p{P}\p{S}]/gu;

export interface NormalisedText {
  readonly characters: readonly string[];
  readonly words: readonly string[];
}

/**
 * A text as errors are counted in it. Chinese: characters, without punctuation and spaces (a word is a character). English: spoken words in lower case, "oh" and "zero" alike.
 * Undefined for a reference that can't be compared fairly: Chinese with letters or digits in it, English with numbers that nobody says digit by digit.
 */
export function normalise(text: string, language: string, task?: string | null): NormalisedText | undefined {
  if (language.startsWith('zh')) {
    const plain = alikeDigits(text.replace(MARKS, ''), task);
    const characters = Array.from(plain);
    return HAN_ONLY.test(plain) ? { characters, words: characters } : undefined;
  }
  if (language.startsWith('en')) {
    const spoken = spokenEnglish(text).replace(/\boh\b/g, 'zero');
    return spoken === '' ? undefined : { characters: Array.from(spoken.replaceAll(' ', '')), words: spoken.split(' ') };
  }
  return undefined;
}

/** What was heard, in the same form; whatever it is, it counts. */
export function normaliseHeard(text: string, language: string, task?: string | null): NormalisedText {
  const normal = normalise(text, language, task);
  if (normal) return normal;
  const plain = alikeDigits(
    text
      .toLowerCase()
      .replace(/[\p{P}\p{S}]/gu, ' ')
      .trim(),
    task,
  );
  const characters = Array.from(plain.replace(/\s/g, ''));
  return {
    characters,
    words: language.startsWith('zh') ? characters : plain.split(/\s+/).filter((word) => word !== ''),
  };
}

/** 幺 and 一 are the same digit. */
function alikeDigits(text: string, task: string | null | undefined): string {
  return task === 'digits' ? text.replaceAll('幺', '一') : text;
}

/** Texts longer than this are not aligned as one: the table would need too much memory. */
const LONGEST_UNITS = 5000;

/** The alignment with the fewest errors; of several with as many, the one with most substitutions. */
export function align(wanted: readonly string[], heard: readonly string[]): TextErrors {
  const rows = wanted.slice(0, LONGEST_UNITS);
  const columns = heard.slice(0, LONGEST_UNITS);
  const width = columns.length + 1;
  const cost = new Uint32Array((rows.length + 1) * width);
  for (let column = 0; column < width; column++) cost[column] = column;
  for (let row = 1; row <= rows.length; row++) {
    cost[row * width] = row;
    for (let column = 1; column < width; column++) {
      const same = rows[row - 1] === columns[column - 1] ? 0 : 1;
      cost[row * width + column] = Math.min(
        at(cost, (row - 1) * width + column - 1) + same,
        at(cost, (row - 1) * width + column) + 1,
        at(cost, row * width + column - 1) + 1,
      );
    }
  }
  return traceBack(rows, columns, cost, width);
}

function traceBack(rows: readonly string[], columns: readonly string[], cost: Uint32Array, width: number): TextErrors {
  const alignment: AlignedUnit[] = [];
  const count = { substitutions: 0, deletions: 0, insertions: 0 };
  let row = rows.length;
  let column = columns.length;
  while (row > 0 || column > 0) {
    const here = at(cost, row * width + column);
    const same = rows[row - 1] === columns[column - 1] ? 0 : 1;
    if (row > 0 && column > 0 && at(cost, (row - 1) * width + column - 1) + same === here) {
      alignment.push({ wanted: rows[row - 1], heard: columns[column - 1] });
      count.substitutions += same;
      row--;
      column--;
    } else if (row > 0 && at(cost, (row - 1) * width + column) + 1 === here) {
      alignment.push({ wanted: rows[row - 1], heard: undefined });
      count.deletions++;
      row--;
    } else {
      alignment.push({ wanted: undefined, heard: columns[column - 1] });
      count.insertions++;
      column--;
    }
  }
  return { units: rows.length, ...count, alignment: alignment.reverse() };
}

function at(values: Uint32Array, index: number): number {
  return values[index] as number;
}

export function errorsIn({
  substitutions,
  deletions,
  insertions,
}: Pick<TextErrors, 'substitutions' | 'deletions' | 'insertions'>): number {
  return substitutions + deletions + insertions;
}
