import { digitRuns } from '../../nlu/entities/digit-runs.js';
import { extractEmails } from '../../nlu/entities/email.js';
import { plainText } from '../../nlu/entities/plain.js';

/** Numbers and addresses in words, as callers say them and a recogniser writes them: "幺三八零零…", "one three eight double oh …", "li dot lei at example dot com". */

export interface SpokenPart {
  readonly start: number;
  readonly end: number;
  /** As it would be typed. */
  readonly written: string;
}

/** The shortest number that is somebody's own has nine digits; with "三个八" in it, fewer characters. */
const LEAST_ROW = 6;
/** Hesitation between two digits. */
const MAX_GAP = 4;
const HAN_DIGITS: ReadonlySet<number> = new Set(
  Array.from('零〇洞一幺妖腰壹二两兩贰貳三叁參四肆五伍六陆陸七拐柒八捌九勾玖０１２３４５６７８９', (sign) =>
    sign.charCodeAt(0),
  ),
);
const ZERO = 0x30;
const NINE = 0x39;
const ENGLISH_DIGIT =
  '(?:zero|oh?|nought|naught|nil|one|two|three|four|five|six|seven|eight|niner?|ten|eleven|twelve|[a-z]{3,6}teen|[a-z]{3,5}ty|double|triple|treble)';
const ENGLISH_ROW = new RegExp(`\\b${ENGLISH_DIGIT}(?:[\\s,.-]{1,3}${ENGLISH_DIGIT}){2}\\b`, 'i');
const WIDE_DIGIT = /[０-９]/;
const AT_WORD = /艾特|爱特|愛特|埃特|挨特|诶特|圈 ?a|小老鼠|花a|\bat\b/i;

/** Whether a text may hold a number in words that is long enough to be somebody's own. Every text that is logged is asked this, and most hold nothing of the kind: it must cost next to nothing. */
export function maySayNumber(text: string): boolean {
  let row = 0;
  let han = false;
  for (let at = 0, last = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isHan = code > 0x3000 && HAN_DIGITS.has(code);
    if (!isHan && (code < ZERO || code > NINE)) continue;
    if (at - last > MAX_GAP) [row, han] = [0, false];
    row++;
    han ||= isHan;
    last = at;
    if (han && row >= LEAST_ROW) return true;
  }
  return ENGLISH_ROW.test(text);
}

/** Rows of digits that are not all plain figures, with the X that ends an identity card. */
export function spokenNumbers(text: string): readonly SpokenPart[] {
  const plain = plainText(text);
  return digitRuns(plain, { letters: false, cardinals: true })
    .filter(({ start, end, typed }) => !typed || WIDE_DIGIT.test(text.slice(start, end)))
    .map(({ start, end, digits }) => {
      const x = digits.length === 17 ? /^[\s,，]*x(?![a-z])/.exec(plain.slice(end)) : null;
      return x ? { start, end: end + x[0].length, written: `${digits}X` } : { start, end, written: digits };
    });
}

export function spokenEmails(text: string): readonly SpokenPart[] {
  if (!AT_WORD.test(text)) return [];
  return extractEmails({ text, plain: plainText(text), expected: undefined, nowMs: 0, timeZone: 'UTC' }).map(
    ({ start, end, value }) => ({ start, end, written: String(value) }),
  );
}

/** The text with other words in the place of some of its parts, which stand in order. */
export function replaceParts(
  text: string,
  parts: readonly SpokenPart[],
  shown: (written: string) => string | undefined,
): string {
  let out = '';
  let at = 0;
  for (const { start, end, written } of parts) {
    const other = shown(written);
    if (other === undefined) continue;
    out += text.slice(at, start) + other;
    at = end;
  }
  return out + text.slice(at);
}
