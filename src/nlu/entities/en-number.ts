/** English numbers as said: twenty five, a hundred and five, two thousand twenty five, one point five, 1.5, 12,000, a dozen, half. */

const ONES: Readonly<Record<string, number>> = {
  zero: 0,
  oh: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
};
const TENS: Readonly<Record<string, number>> = {
  twenty: 20,
  thirty: 30,
  forty: 40,
  fourty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
};
const SCALES: Readonly<Record<string, number>> = { hundred: 100, thousand: 1000, grand: 1000, million: 1_000_000 };
const WORD = `(?:${[...Object.keys(ONES).filter((word) => word !== 'oh'), ...Object.keys(TENS), ...Object.keys(SCALES), 'dozen'].join('|')})`;

/** Source of a regular expression that matches a cardinal in running text. */
export const EN_NUMBER = `(?:\\d[\\d,]*(?:\\.\\d+)?(?:\\s*(?:k\\b|hundred|thousand|grand|million))?|(?:an?\\s+(?=hundred|thousand|dozen|million|couple))?(?:couple(?:\\s+of)?|${WORD}(?:(?:[\\s-]+(?:and\\s+)?)${WORD})*(?:\\s+point(?:\\s+(?:${Object.keys(ONES).slice(0, 11).join('|')}))+(?:\\s+(?:hundred|thousand|million))?)?))`;

/** The number a text says, or undefined when it is none. The whole text must be the number. */
export function readEnNumber(said: string): number | undefined {
  const text = said
    .trim()
    .toLowerCase()
    .replace(/(\d),(?=\d{3})/g, '$1');
  if (/^(?:a\s+)?half$/.test(text)) return 0.5;
  if (/^a couple(?: of)?$|^couple(?: of)?$/.test(text)) return 2;
  const western = /^(\d+(?:\.\d+)?)\s*(k|hundred|thousand|grand|million)?$/.exec(text);
  if (western)
    return Number((Number(western[1]) * (western[2] === 'k' ? 1000 : (SCALES[western[2] ?? ''] ?? 1))).toFixed(6));
  const [whole = '', fraction] = text.split(/\s+point\s+/);
  const high = readWords(whole);
  if (high === undefined || fraction === undefined) return high;
  const scale = /\s+(hundred|thousand|million)$/.exec(fraction);
  const digits = fraction
    .replace(/\s+(?:hundred|thousand|million)$/, '')
    .split(/\s+/)
    .map((word) => ONES[word]);
  if (digits.some((digit) => digit === undefined || digit > 9)) return undefined;
  return Number((Number(`${high}.${digits.join('')}`) * (SCALES[scale?.[1] ?? ''] ?? 1)).toFixed(6));
}

function readWords(text: string): number | undefined {
  let total = 0;
  let section = 0;
  let seen = false;
  /** Smallest unit of the words so far in this section: a ten takes a one behind it, a one takes nothing. */
  let room = Number.POSITIVE_INFINITY;
  for (const word of text.split(/[\s-]+/)) {
    if (word === 'and') continue;
    if (word === 'a' || word === 'an') {
      section = 1;
      seen = true;
      continue;
    }
    if (word === 'dozen') {
      section = (section || 1) * 12;
      seen = true;
      continue;
    }
    const one = ONES[word];
    const ten = TENS[word];
    const scale = SCALES[word];
    if (one !== undefined) {
      if (room <= (one < 10 ? 1 : 10)) return yearLike(text);
      section += one;
      room = 1;
    } else if (ten !== undefined) {
      if (room <= 10) return yearLike(text);
      section += ten;
      room = 10;
    } else if (scale === 100) {
      section = (section || 1) * 100;
      room = 100;
    } else if (scale !== undefined) {
      total += (section || 1) * scale;
      section = 0;
      room = scale;
    } else return undefined;
    seen = true;
  }
  return seen ? total + section : undefined;
}

/** Years and prices are said in pairs: "nineteen eighty four" 1984, "twenty twenty five" 2025. */
function yearLike(text: string): number | undefined {
  const words = text.split(/[\s-]+/).filter((word) => word !== 'and');
  const first = words[0] ?? '';
  const head = ONES[first] ?? TENS[first];
  if (head === undefined || head < 10) return undefined;
  let size = 1;
  let high = head;
  const next = ONES[words[1] ?? ''];
  if (TENS[first] !== undefined && next !== undefined && next > 0 && next < 10 && words.length > 2) {
    high += next;
    size = 2;
  }
  const rest = words.slice(size).join(' ');
  const low = rest.startsWith('oh ') ? ONES[rest.slice(3)] : readWords(rest);
  return low === undefined || low > 99 ? undefined : high * 100 + low;
}

const ORDINALS: Readonly<Record<string, number>> = {
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
  twelfth: 12,
  thirteenth: 13,
  fourteenth: 14,
  fifteenth: 15,
  sixteenth: 16,
  seventeenth: 17,
  eighteenth: 18,
  nineteenth: 19,
  twentieth: 20,
  thirtieth: 30,
};

/** Words that begin a cardinal or an ordinal. */
export const EN_NUMBER_WORDS: readonly string[] = [ONES, TENS, SCALES, ORDINALS, { dozen: 12 }].flatMap(Object.keys);

/** Source of a regular expression for an ordinal up to thirty-first. */
export const EN_ORDINAL = `(?:\\d{1,2}(?:st|nd|rd|th)|(?:twenty|thirty)[\\s-]+(?:${Object.keys(ORDINALS).slice(0, 9).join('|')})|${Object.keys(ORDINALS).join('|')})`;

/** Source: what is counted off when one of several is chosen; behind an ordinal it says that no day of the month is meant. */
export const EN_RANKED =
  '(?:one|item|option|order|choice|slot|appointment|time|thing|available|possible|product|package|parcel|person|floor|line|address|card|payment)';

export function readEnOrdinal(said: string): number | undefined {
  const text = said.trim().toLowerCase();
  const western = /^(\d{1,2})(?:st|nd|rd|th)$/.exec(text);
  if (western) return Number(western[1]);
  const [first = '', second] = text.split(/[\s-]+/);
  if (second === undefined) return ORDINALS[first];
  const ten = TENS[first];
  const one = ORDINALS[second];
  return ten === undefined || one === undefined || one > 9 ? undefined : ten + one;
}
