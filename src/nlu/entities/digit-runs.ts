/** Strings of digits as people say and type them, Mandarin and English mixed. */

export interface DigitRun {
  readonly start: number;
  readonly end: number;
  /** Digits and upper-case letters, e.g. `87654321`, `SF1029`. */
  readonly digits: string;
  /** Number of words or characters that each were one digit: a real digit string has many, a cardinal few. */
  readonly singles: number;
  /** Written with ASCII digits only. */
  readonly typed: boolean;
}

const HAN_DIGITS: Readonly<Record<string, string>> = {
  零: '0',
  〇: '0',
  洞: '0',
  一: '1',
  幺: '1',
  妖: '1',
  腰: '1',
  壹: '1',
  二: '2',
  两: '2',
  贰: '2',
  三: '3',
  叁: '3',
  四: '4',
  肆: '4',
  五: '5',
  伍: '5',
  六: '6',
  陆: '6',
  七: '7',
  拐: '7',
  柒: '7',
  八: '8',
  捌: '8',
  九: '9',
  勾: '9',
  玖: '9',
};
/** Ways to say a digit that are also ordinary words: they count only between sure digits. */
const UNSURE_HAN = new Set(['洞', '拐', '勾', '妖', '腰', '陆', '伍', '两']);

const EN_DIGITS: Readonly<Record<string, string>> = {
  zero: '0',
  oh: '0',
  o: '0',
  nought: '0',
  naught: '0',
  nil: '0',
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
  niner: '9',
};
const EN_TEENS: Readonly<Record<string, string>> = {
  ten: '10',
  eleven: '11',
  twelve: '12',
  thirteen: '13',
  fourteen: '14',
  fifteen: '15',
  sixteen: '16',
  seventeen: '17',
  eighteen: '18',
  nineteen: '19',
};
const EN_TENS: Readonly<Record<string, string>> = {
  twenty: '2',
  thirty: '3',
  forty: '4',
  fourty: '4',
  fifty: '5',
  sixty: '6',
  seventy: '7',
  eighty: '8',
  ninety: '9',
};
const EN_REPEATS: Readonly<Record<string, number>> = { double: 2, triple: 3, treble: 3, quadruple: 4 };
const HAN_REPEATS: Readonly<Record<string, number>> = { 两: 2, 二: 2, 三: 3, 四: 4, 五: 5, 六: 6 };

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly digits: string;
  readonly single: boolean;
  readonly typed: boolean;
  /** Weak pieces (letters, unsure words) hold a run together but never begin or end one by themselves. */
  readonly weak: boolean;
}

/** A text without any of these holds no digits. */
const HAS_DIGIT =
  /[\d零〇洞一幺妖腰壹二两贰三叁四肆五伍六陆七拐柒八捌九勾玖十]|oh?\b|zero|nought|naught|nil|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|teen|twenty|thirty|fort|fift|double|triple/;

export function hasDigit(plain: string): boolean {
  return HAS_DIGIT.test(plain);
}

/** All maximal runs in `plain` text, of any length. */
export function digitRuns(
  plain: string,
  options: { readonly letters: boolean; readonly cardinals: boolean },
): DigitRun[] {
  if (!hasDigit(plain)) return [];
  const pieces = readPieces(plain, options);
  const runs: DigitRun[] = [];
  let group: Piece[] = [];
  const flush = () => {
    const trimmed = trim(group, plain);
    if (trimmed.length > 0) runs.push(join(trimmed));
    group = [];
  };
  for (const piece of pieces) {
    const last = group.at(-1);
    if (last && (isApart(last, piece) || !isJoint(plain.slice(last.end, piece.start)))) flush();
    group.push(piece);
  }
  flush();
  return runs;
}

/** Digits that make a whole number when they are typed. */
const TYPED_NUMBER_DIGITS = 7;

/** "at ten 13800138000": who types a number in figures does not begin or end it in words. */
function isApart(one: Piece, other: Piece): boolean {
  const isNumber = (piece: Piece) => piece.typed && !piece.weak && piece.digits.length >= TYPED_NUMBER_DIGITS;
  return one.typed !== other.typed && (isNumber(one) || isNumber(other));
}

/** Between two digits of one number there is nothing, space, a pause written as comma, a dash, or a word of hesitation. */
function isJoint(gap: string): boolean {
  return (
    gap.length <= 12 &&
    /^[\s,，、.。()\-–—·]*(?:(?:杠|横杠|dash|hyphen|嗯+|呃+|额|那个|然后|再|uh+|um+|er+|and then|then)[\s,，、.。-]*)?$/.test(
      gap,
    )
  );
}

function join(pieces: readonly Piece[]): DigitRun {
  return {
    start: pieces[0]?.start ?? 0,
    end: pieces.at(-1)?.end ?? 0,
    digits: pieces.map((piece) => piece.digits).join(''),
    singles: pieces.filter((piece) => piece.single && !piece.weak).length,
    typed: pieces.every((piece) => piece.typed),
  };
}

/**
 * Weak pieces at the edges go, but for letters that touch the digits ("sf1029", "零零二x") and, beside a long run, digits said in the way of
 * radio operators ("洞洞幺二三四五六").
 */
function trim(group: readonly Piece[], plain: string): Piece[] {
  const firm = group.map((piece) => !piece.weak);
  const first = firm.indexOf(true);
  const last = firm.lastIndexOf(true);
  if (first < 0) return [];
  const long = firm.filter(Boolean).length >= 4;
  const touches = (a: Piece | undefined, b: Piece | undefined) => plain.slice(a?.end, b?.start).trim() === '';
  const stays = (piece: Piece | undefined) =>
    isLetter(piece) || (long && piece !== undefined && /^\d$/.test(piece.digits));
  let from = first;
  while (from > 0 && stays(group[from - 1]) && touches(group[from - 1], group[from])) from--;
  let to = last;
  while (to + 1 < group.length && stays(group[to + 1]) && touches(group[to], group[to + 1])) to++;
  return group.slice(from, to + 1);
}

function isLetter(piece: Piece | undefined): boolean {
  return piece !== undefined && /^[A-Z]+$/.test(piece.digits);
}

function readPieces(plain: string, options: { readonly letters: boolean; readonly cardinals: boolean }): Piece[] {
  const pieces: Piece[] = [];
  const pattern = /\d+|[a-z]+(?:'[a-z]+)?|[\u3007\u4e00-\u9fff]/g;
  for (let match = pattern.exec(plain); match !== null; match = pattern.exec(plain)) {
    const word = match[0];
    const start = match.index;
    const piece = /^\d/.test(word)
      ? { start, end: start + word.length, digits: word, single: word.length > 2 || true, typed: true, weak: false }
      : /^[a-z]/.test(word)
        ? englishPiece(plain, word, start, options)
        : hanPiece(plain, word, start, options);
    if (piece === undefined) continue;
    pieces.push(piece);
    pattern.lastIndex = piece.end;
  }
  return pieces;
}

function hanPiece(
  plain: string,
  char: string,
  start: number,
  options: { readonly cardinals: boolean },
): Piece | undefined {
  const repeat = HAN_REPEATS[char];
  // "三个八" is 888.
  if (repeat !== undefined && plain[start + 1] === '个') {
    const digit =
      HAN_DIGITS[plain[start + 2] ?? ''] ?? (/\d/.test(plain[start + 2] ?? '') ? plain[start + 2] : undefined);
    if (digit !== undefined && !/[十百千万]/.test(plain[start + 3] ?? '')) {
      return { start, end: start + 3, digits: digit.repeat(repeat), single: true, typed: false, weak: false };
    }
  }
  if (options.cardinals && (char === '十' || plain[start + 1] === '十')) {
    // Asked for digits, "二十五" is 25.
    const cardinal = /^([二三四五六七八九])?十([一二三四五六七八九])?(?![百千万])/.exec(plain.slice(start));
    if (cardinal) {
      const digits = `${HAN_DIGITS[cardinal[1] ?? '一']}${cardinal[2] === undefined ? '0' : HAN_DIGITS[cardinal[2]]}`;
      return { start, end: start + cardinal[0].length, digits, single: false, typed: false, weak: false };
    }
  }
  const digit = HAN_DIGITS[char];
  if (digit === undefined) return undefined;
  return { start, end: start + 1, digits: digit, single: true, typed: false, weak: UNSURE_HAN.has(char) };
}

function englishPiece(
  plain: string,
  word: string,
  start: number,
  options: { readonly letters: boolean; readonly cardinals: boolean },
): Piece | undefined {
  const end = start + word.length;
  const digit = EN_DIGITS[word];
  const multiple = (digits: string, stop: number): Piece => ({
    start,
    end: stop,
    digits,
    single: false,
    typed: false,
    weak: false,
  });
  if (digit !== undefined) {
    const hundred = /^\s+(hundred|thousand)\b/.exec(plain.slice(end));
    if (options.cardinals && hundred && digit !== '0')
      return multiple(digit + (hundred[1] === 'hundred' ? '00' : '000'), end + hundred[0].length);
    return { start, end, digits: digit, single: true, typed: false, weak: word === 'o' };
  }
  const repeat = EN_REPEATS[word];
  if (repeat !== undefined) {
    const next = /^[\s-]+([a-z]+|\d)\b/.exec(plain.slice(end));
    const repeated =
      next?.[1] === undefined
        ? undefined
        : (EN_DIGITS[next[1]] ??
          (/^\d$/.test(next[1]) ? next[1] : /^[a-z]$/.test(next[1]) ? next[1].toUpperCase() : undefined));
    if (next && repeated !== undefined)
      return {
        start,
        end: end + next[0].length,
        digits: repeated.repeat(repeat),
        single: true,
        typed: false,
        weak: false,
      };
    return undefined;
  }
  if (options.cardinals) {
    const teen = EN_TEENS[word];
    if (teen !== undefined) return multiple(teen, end);
    const ten = EN_TENS[word];
    if (ten !== undefined) {
      const unit = /^[\s-]+(one|two|three|four|five|six|seven|eight|nine)\b/.exec(plain.slice(end));
      return unit?.[1] ? multiple(ten + EN_DIGITS[unit[1]], end + unit[0].length) : multiple(`${ten}0`, end);
    }
  }
  if (
    options.letters &&
    (word.length === 1 || (word.length <= 3 && /^[\d零〇一二三四五六七八九幺]/.test(plain.slice(end))))
  ) {
    return { start, end, digits: word.toUpperCase(), single: true, typed: true, weak: true };
  }
  return undefined;
}
