import { digitRuns as readRuns } from '../nlu/entities/digit-runs.js';
import { plainText } from '../nlu/entities/plain.js';

/** Digit strings in partial texts and read-backs. Reading is the understanding's own; no model is needed for it. */

export interface DigitRun {
  readonly digits: string;
  /** Nothing but hesitation stands behind it. */
  readonly atEnd: boolean;
}

const ONLY_FILLERS = /^(?:[\s,，、.。!！?？\-–—/]|嗯|呃|额|啊|那个|uh|um|er)*$/;
const MAX_CHARS = 1000;

/** Longest run of digits in a text, the last of several; undefined when there is none. Cardinals count: who is asked for digits and says 二十五 means 25. */
export function longestDigitRun(text: string): DigitRun | undefined {
  let best: DigitRun | undefined;
  const plain = plainText(text.slice(0, MAX_CHARS));
  for (const run of readRuns(plain, { letters: false, cardinals: true })) {
    if (best !== undefined && run.digits.length < best.digits.length) continue;
    best = { digits: run.digits, atEnd: ONLY_FILLERS.test(plain.slice(run.end)) };
  }
  return best;
}

/** Whether a text is a digit string and no other word. */
export function isNothingButDigits(text: string): boolean {
  const plain = plainText(text.slice(0, MAX_CHARS));
  const [run, ...others] = readRuns(plain, { letters: false, cardinals: true });
  if (run === undefined || others.length > 0) return false;
  return ONLY_FILLERS.test(plain.slice(0, run.start)) && ONLY_FILLERS.test(plain.slice(run.end));
}

/** Digits in groups, as they are read back: 8 → 4-4, 11 → 3-4-4, others by four. */
export function groupDigits(digits: string): string[] {
  if (digits.length === 11) return [digits.slice(0, 3), digits.slice(3, 7), digits.slice(7)];
  const groups: string[] = [];
  for (let at = 0; at < digits.length; at += 4) groups.push(digits.slice(at, at + 4));
  // A last group of one digit sounds like a mistake: "四五六七，八".
  const last = groups.at(-1);
  const before = groups.at(-2);
  if (last !== undefined && before !== undefined && last.length === 1) {
    groups.splice(-2, 2, before.slice(0, 3), before.slice(3) + last);
  }
  return groups;
}

const CHINESE = ['零', '幺', '二', '三', '四', '五', '六', '七', '八', '九'];
const ENGLISH_NAMES = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** A digit string as a person reads it out: "二零二五，零四幺五", "two zero two five, zero four one five". */
export function speakDigits(digits: string, language: string): string {
  const chinese = language.startsWith('zh');
  const groups = groupDigits(digits).map((group) =>
    [...group].map((digit) => (chinese ? CHINESE : ENGLISH_NAMES)[Number(digit)] ?? digit).join(chinese ? '' : ' '),
  );
  return groups.join(chinese ? '，' : ', ');
}
