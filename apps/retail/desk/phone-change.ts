import { inFigures } from './spoken-digits.js';

/** What a caller puts right in a phone number that is known: some of its digits, or all of it. */

/** `other`: it is wrong, and how it should be was not told. */
export type PhoneChange = { readonly number: string } | 'other' | undefined;

const PHONE = /^(?:1[3-9]\d{9}|[2-9]\d{9})$/;
const MENTIONS =
  /号|手机|电话|尾|位|开头|前面|\b(?:numbers?|digits?|phone|cell|mobile|ends?|ending|begins?|starts?|last|final)\b|\d{2} (?:one|1)\b/iu;
const WRONG =
  /错|不对|不是|换|另|别的|改|更正|但|不过|\b(?:wrong|not|isn't|different|other|another|change|correct|but|actually|mistake)\b/iu;
/** "几点打这个号码": which number it is, or whether it was heard, is asked and not said. */
const ASKS = /[?？吗么]|没有?[\s。]*$|什么|哪|多少|\b(?:which|what|did|do|have)\b/iu;

const NTH: Readonly<Record<string, number>> = {
  first: 1,
  second: 2,
  third: 3,
  fourth: 4,
  fifth: 5,
  sixth: 6,
  seventh: 7,
  eighth: 8,
  ninth: 9,
  tenth: 10,
  eleventh: 11,
};
const ORDINALS = Object.keys(NTH).join('|');

/** Digits with blanks between them, and words that say "is". */
const RUN = '(\\d(?:[\\s-]?\\d){0,10})';
const IS = '(?:数字?|号码?|digits?|应该|说?错了?|不对|改成|改为|为|是|should|be|is|are|not|to|a|an|[\\s，,])*';

const BUT = new RegExp(`(?:不是|not) ?${RUN}[\\s，,]*(?:而?是|but|it's|it is)[\\s，,]*${RUN}`, 'iu');
const RATHER = new RegExp(`${RUN}[\\s，,]*(?:不是|not) ?${RUN}`, 'iu');
const AT = new RegExp(`(?:第 ?(\\d{1,2}) ?[位个]|\\b(${ORDINALS})(?: digit)?)${IS}${RUN}`, 'iu');
const TAIL = new RegExp(
  `(?:最后|后面?|末尾?|尾号?|(?:\\b(?:last|final)|\\bends?(?: in| with)?|\\bending(?: in| with)?)) ?(?:(\\d)(?= ?(?:[位个]|digits?\\b| (?:are|is|should)\\b)) ?)?[位个]?${IS}${RUN}`,
  'iu',
);
const HEAD = new RegExp(
  `${RUN} ?(?:开头|打头|的?那个|one\\b|1\\b)|(?:开头|前面|begin(?:s|ning)?(?: with)?|start(?:s|ing)?(?: with)?)${IS}${RUN}`,
  'iu',
);

/** What `said` makes of the number `known`. */
export function changedPhone(known: string, said: string, chinese: boolean): PhoneChange {
  const words = inFigures(said, chinese);
  if (!MENTIONS.test(words) && !BUT.test(words) && !RATHER.test(words)) return undefined;
  const number = digitsReplaced(known, words);
  if (number !== undefined) return PHONE.test(number) && number !== known ? { number } : 'other';
  return WRONG.test(words) && !ASKS.test(words) ? 'other' : undefined;
}

function digitsReplaced(known: string, words: string): string | undefined {
  const [, wrong, right] = BUT.exec(words) ?? swapped(RATHER.exec(words));
  if (wrong !== undefined && right !== undefined) return replaced(known, plain(wrong), plain(right));
  const [, at, name, digits] = AT.exec(words) ?? [];
  if (digits !== undefined)
    return placed(known, at === undefined ? NTH[name?.toLowerCase() ?? ''] : Number(at), plain(digits));
  const tail = TAIL.exec(words);
  if (tail?.[2] !== undefined) {
    const last = plain(tail[2]);
    return tail[1] === undefined || Number(tail[1]) === last.length ? known.slice(0, -last.length) + last : undefined;
  }
  const head = HEAD.exec(words);
  const first = plain(head?.[1] ?? head?.[2] ?? '');
  return first.length < 2 || first.length > 4 ? undefined : first + known.slice(first.length);
}

function plain(digits: string): string {
  return digits.replace(/\D/g, '');
}

function swapped(match: RegExpExecArray | null): readonly (string | undefined)[] {
  return match === null ? [] : [match[0], match[2], match[1]];
}

/** The digits that are wrong, where the number has them last. */
function replaced(known: string, wrong: string, right: string): string | undefined {
  const at = known.lastIndexOf(wrong);
  return at === -1 ? undefined : known.slice(0, at) + right + known.slice(at + wrong.length);
}

/** The n-th digit; "the third is 1 3 9" tells it with those before it. */
function placed(known: string, nth: number | undefined, digits: string): string | undefined {
  if (nth === undefined || nth < 1 || nth > known.length) return undefined;
  if (digits.length === nth) return digits + known.slice(nth);
  return digits.length === 1 ? known.slice(0, nth - 1) + digits + known.slice(nth) : undefined;
}
