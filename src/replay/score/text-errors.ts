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
/** Chinese words by the dictionary of ICU that comes with Node: the same on one version of Node, a little different on another. Made once, for that reads the dictionary. */
const CHINESE = new Intl.Segmenter('zh', { granularity: 'word' });

export interface NormalisedText {
  readonly characters: readonly string[];
  readonly words: readonly string[];
}

/**
 * A text as errors are counted in it. Chinese: characters without punctuation and spaces, and the words these make. English: spoken words in lower case, "oh" and "zero" alike.
 * Undefined for a reference that can't be compared fairly: Chinese with letters or digits in it, English with numbers that nobody says digit by digit.
 */
export function normalise(text: string, language: string, task?: string | null): NormalisedText | undefined {
  if (language.startsWith('zh')) {
    const plain = alikeDigits(text.replace(MARKS, ''), task);
    return HAN_ONLY.test(plain) ? { characters: Array.from(plain), words: chineseWords(plain, task) } : undefined;
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
  const joined = plain.replace(/\s/g, '');
  return {
    characters: Array.from(joined),
    words: language.startsWith('zh') ? chineseWords(joined, task) : plain.split(/\s+/).filter((word) => word !== ''),
  };
}

/** Of a text without marks, so that what was said and what was heard are parted alike: with the same characters they have the same words. In a row of digits each is one, as in English. */
function chineseWords(plain: string, task: string | null | undefined): readonly string[] {
  if (task === 'digits') return Array.from(plain);
  return Array.from(CHINESE.segment(plain), ({ segment }) => segment);
}

/** 幺 and 一 are the same digit. */
function alikeDigits(text: string, task: string | null | undefined): string {
  return task === 'digits' ? text.replaceAll('幺', '一') : text;
}

/** More than two hours of speech have; what comes after is not compared. */
const LONGEST_UNITS = 40_000;
/** Entries of the largest table: 100 MB. Longer texts are parted where the best alignment goes through. */
const MOST_ENTRIES = 25_000_000;

/** The alignment with the fewest errors; of several with as many, the one with most substitutions (for texts of up to 5,000 units; of longer ones, any). */
export function align(wanted: readonly string[], heard: readonly string[]): TextErrors {
  return alignLong(wanted.slice(0, LONGEST_UNITS), heard.slice(0, LONGEST_UNITS));
}

/** Two halves of what was said, each with its part of what was heard (Hirschberg 1975), until a table can hold them. */
function alignLong(rows: readonly string[], columns: readonly string[]): TextErrors {
  if (rows.length < 2 || rows.length * columns.length <= MOST_ENTRIES) return alignWhole(rows, columns);
  const middle = rows.length >> 1;
  const numbers = new Map<string, number>();
  const numbered = (units: readonly string[]): Uint32Array =>
    Uint32Array.from(units, (unit) => {
      const known = numbers.get(unit) ?? numbers.size;
      numbers.set(unit, known);
      return known;
    });
  const [above, below, all] = [rows.slice(0, middle), rows.slice(middle), columns].map(numbered) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const before = lastCosts(above, all);
  const after = lastCosts(below.toReversed(), all.toReversed());
  let best = 0;
  const costAt = (column: number): number => at(before, column) + at(after, columns.length - column);
  for (let column = 1; column <= columns.length; column++) if (costAt(column) < costAt(best)) best = column;
  const left = alignLong(rows.slice(0, middle), columns.slice(0, best));
  const right = alignLong(rows.slice(middle), columns.slice(best));
  return {
    units: left.units + right.units,
    substitutions: left.substitutions + right.substitutions,
    deletions: left.deletions + right.deletions,
    insertions: left.insertions + right.insertions,
    alignment: [...left.alignment, ...right.alignment],
  };
}

/** Fewest errors of all rows against the first 0, 1, 2 … columns. */
function lastCosts(rows: Uint32Array, columns: Uint32Array): Uint32Array {
  let above = Uint32Array.from({ length: columns.length + 1 }, (_, column) => column);
  let row = new Uint32Array(columns.length + 1);
  for (let index = 0; index < rows.length; index++) {
    const unit = rows[index];
    row[0] = index + 1;
    for (let column = 1; column <= columns.length; column++) {
      const same = unit === columns[column - 1] ? 0 : 1;
      row[column] = Math.min(at(above, column - 1) + same, at(above, column) + 1, at(row, column - 1) + 1);
    }
    [above, row] = [row, above];
  }
  return above;
}

function alignWhole(rows: readonly string[], columns: readonly string[]): TextErrors {
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
