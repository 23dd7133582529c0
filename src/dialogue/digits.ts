/** Digit strings as callers say or type them. The understanding has its own, finer reader; this one needs no model and serves partial texts. */

const WORDS: Readonly<Record<string, string>> = {
  零: '0',
  〇: '0',
  洞: '0',
  一: '1',
  幺: '1',
  么: '1',
  二: '2',
  两: '2',
  三: '3',
  四: '4',
  五: '5',
  六: '6',
  七: '7',
  拐: '7',
  八: '8',
  九: '9',
  勾: '9',
};
const ENGLISH: Readonly<Record<string, string>> = {
  zero: '0',
  oh: '0',
  o: '0',
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
};
const TIMES: Readonly<Record<string, number>> = { double: 2, triple: 3 };

export interface DigitRun {
  readonly digits: string;
  /** Nothing but fillers stands behind it. */
  readonly atEnd: boolean;
}

/** Longest run of digits in a text, spaces, commas and hesitations between them left out; undefined when there is none. */
export function longestDigitRun(text: string): DigitRun | undefined {
  let best: DigitRun | undefined;
  for (const run of digitRuns(text)) if (best === undefined || run.digits.length >= best.digits.length) best = run;
  return best;
}

/** All runs in order. */
export function digitRuns(text: string): readonly DigitRun[] {
  const runs: { digits: string; atEnd: boolean }[] = [];
  let open: { digits: string; atEnd: boolean } | undefined;
  let times = 1;
  for (const token of tokens(text.slice(0, 1000))) {
    const digit = /^\d$/.test(token) ? token : (WORDS[token] ?? ENGLISH[token]);
    if (digit !== undefined) {
      if (open === undefined) {
        open = { digits: '', atEnd: true };
        runs.push(open);
      }
      open.digits += digit.repeat(times);
      times = 1;
    } else if (TIMES[token] !== undefined) times = TIMES[token] ?? 1;
    else if (!FILLER.test(token)) {
      if (open !== undefined) open.atEnd = false;
      open = undefined;
      times = 1;
    }
  }
  return runs;
}

const FILLER = /^(?:[\s,，、.。\-–—/]+|嗯|呃|额|啊|那个|uh|um|er)$/;

function tokens(text: string): string[] {
  const narrow = text.toLowerCase().replace(/[０-９]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
  return narrow.match(/[a-z']+|那个|\d|[\s,，、.。\-–—/]+|./gsu) ?? [];
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
