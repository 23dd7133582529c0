/** Written English to what is said. English engines read plain numbers themselves; this is what they get wrong. */

const DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

type Rule = readonly [pattern: RegExp, say: (...groups: string[]) => string];

const CODE_WORDS =
  'order(?: number| id| no\\.?)?|number|code|pin|extension|account|card|ending in|ticket|reference|tracking(?: number)?';

const NUMBER = '\\d{1,3}(?:,\\d{3})+(?:\\.\\d+)?|\\d+(?:\\.\\d+)?';
const TO = '\\s*(?:-|–|—|~)\\s*';
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** Singular and plural of what stands behind a number. */
const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  kg: ['kilogram', 'kilograms'],
  g: ['gram', 'grams'],
  km: ['kilometer', 'kilometers'],
  'km/h': ['kilometer per hour', 'kilometers per hour'],
  m: ['meter', 'meters'],
  cm: ['centimeter', 'centimeters'],
  mm: ['millimeter', 'millimeters'],
  ml: ['milliliter', 'milliliters'],
  GB: ['gigabyte', 'gigabytes'],
  MB: ['megabyte', 'megabytes'],
  TB: ['terabyte', 'terabytes'],
  lb: ['pound', 'pounds'],
  oz: ['ounce', 'ounces'],
  '°C': ['degree Celsius', 'degrees Celsius'],
  '℃': ['degree Celsius', 'degrees Celsius'],
  '°F': ['degree Fahrenheit', 'degrees Fahrenheit'],
};
const UNIT_NAMES = Object.keys(UNITS)
  .sort((left, right) => right.length - left.length)
  .join('|');

/** Names of a currency and of its hundredth. */
const CURRENCIES: Readonly<Record<string, readonly [one: string, many: string, cent: string, cents: string]>> = {
  $: ['dollar', 'dollars', 'cent', 'cents'],
  '€': ['euro', 'euros', 'cent', 'cents'],
  '£': ['pound', 'pounds', 'penny', 'pence'],
};

const FRACTIONS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  '2': ['half', 'halves'],
  '3': ['third', 'thirds'],
  '4': ['quarter', 'quarters'],
};
const SMALL = ['zero', 'one', 'two', 'three'];

const ABBREVIATIONS: readonly Rule[] = [
  [/\bNo\.\s*(?=\d)/g, () => 'Number '],
  [/\bDr\.\s/g, () => 'Doctor '],
  [/\bMr\.\s/g, () => 'Mister '],
  [/\bMrs\.\s/g, () => 'Missus '],
  [/\bMs\.\s/g, () => 'Miz '],
  [/\be\.g\.,?/gi, () => 'for example'],
  [/\bi\.e\.,?/gi, () => 'that is'],
  [/\betc\./gi, () => 'et cetera'],
];

const RULES: readonly Rule[] = [
  [/(?:https?:\/\/|www\.)\S+/giu, () => ''],
  [/<[^<>]{0,200}>/g, () => ''],
  [
    /([A-Za-z0-9._%+-]{1,64})@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)/g,
    (_, user, host) => `${dotted(user)} at ${dotted(host)}`,
  ],
  [/\b(press|hit|dial|enter)\s*#/gi, (_, verb) => `${verb} pound`],
  [/\b(press|hit|dial|enter)\s*\*/gi, (_, verb) => `${verb} star`],
  ...ABBREVIATIONS,
  [
    /(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)/g,
    (whole, year, month, day) => {
      const name = MONTHS[Number(month) - 1];
      return name === undefined || Number(day) < 1 || Number(day) > 31 ? whole : `${name} ${Number(day)}, ${year}`;
    },
  ],
  // As it is written in America, the month first; where that is no month, the day.
  [
    /(?<![\d/])(\d{1,2})\/(\d{1,2})\/(\d{4})(?![\d/])/g,
    (whole, first, second, year) => {
      const [month, day] = Number(first) > 12 ? [second, first] : [first, second];
      const name = MONTHS[Number(month) - 1];
      return name === undefined || Number(day) < 1 || Number(day) > 31 ? whole : `${name} ${Number(day)}, ${year}`;
    },
  ],
  [
    /(?<!\d)(?:\+?\d{1,3}[-. ])?\(?(\d{3})\)?[-. ](\d{3,4})[-. ](\d{4})(?!\d)/g,
    (_, a, b, c) => [a, b, c].map(readDigits).join(', '),
  ],
  [
    /\b(call|dial|phone|telephone|tel|mobile|cell|fax|number)((?: us)?(?: at| on| is)?\s*:?\s*)(\d{3})-(\d{4})(?![\d-])/gi,
    (_, word, link, a, b) => `${word}${link}${readDigits(a)}, ${readDigits(b)}`,
  ],
  [
    new RegExp(`\\b(${CODE_WORDS})(\\s*(?:is|:)?\\s*)#?([A-Za-z]{0,4})(\\d{3,32})(?!\\d|[.,]\\d|%)`, 'gi'),
    (_, word, link, letters, digits) => `${word}${link}${spell(letters)}${readCode(digits)}`,
  ],
  [/(?<![\d.,])(\d{7,64})(?!\d|[.,]\d)/g, (_, digits) => readCode(digits)],
  [
    new RegExp(`(?<![\\d:])(\\d{1,2}):(\\d{2})${TO}(\\d{1,2}):(\\d{2})(?![\\d:])`, 'g'),
    (_, h, m, h2, m2) => `${time(h, m)} to ${time(h2, m2)}`,
  ],
  [
    /(?<![\d:])(\d{1,2}):(\d{2})(?![\d:])(?:\s*([ap])\.?m\b\.?)?/gi,
    (whole, hour, minute, half) =>
      Number(hour) > 24 || Number(minute) > 59 ? whole.replace(':', ' to ') : time(hour, minute, half),
  ],
  [/(?:CN¥|[¥￥])\s*([\d,]+(?:\.\d+)?)/g, (_, amount) => `${amount.replace(/\.00$/, '')} yuan`],
  [
    new RegExp(`([$€£])\\s*(${NUMBER})\\s*(thousand|million|billion)`, 'gi'),
    (_, sign, amount, large) => `${amount} ${large} ${CURRENCIES[sign]?.[1] ?? ''}`,
  ],
  [/([$€£])\s*[-−](?=\d)/g, (_, sign) => `-${sign}`],
  [/([$€£])\s*(\d[\d,]*)(?:\.(\d{2}))?(?!\.?\d)/g, (_, sign, whole, cents) => money(sign, whole, cents)],
  [new RegExp(`(?<![\\d.-])(${NUMBER})${TO}(${NUMBER})(?![\\d-])`, 'g'), (_, from, to) => `${from} to ${to}`],
  [/(\d)\s*%/g, (_, digit) => `${digit} percent`],
  [
    new RegExp(`(${NUMBER})\\s*(${UNIT_NAMES})(?![A-Za-z/])`, 'g'),
    (_, number, unit) => `${number} ${UNITS[unit]?.[number === '1' ? 0 : 1] ?? unit}`,
  ],
  [/(?<![\d/])([123])\/([234])(?![\d/])/g, (whole, top, bottom) => fraction(top, bottom) ?? whole],
  [/(?<=\d)\s*\/\s*(?=\d)/g, () => ' '],
  [/(?<=^|[\s(])[-−](?=\d)/g, () => 'minus '],
  [/(?<=\d)\s*[×]\s*(?=\d)/g, () => ' times '],
  [/(?<=[\d\s])\+(?=\s?\d)/g, () => ' plus '],
  [/(?<=[\d\s])=(?=\s?\d)/g, () => ' equals '],
  [/&/g, () => ' and '],
  [/@/g, () => ' at '],
  [/[*_#`|\\{}[\]<>^~"“”]/g, () => ' '],
];

function fraction(top: string, bottom: string): string | undefined {
  if (Number(top) >= Number(bottom)) return undefined;
  const names = FRACTIONS[bottom];
  return names && `${SMALL[Number(top)]} ${names[top === '1' ? 0 : 1]}`;
}

function money(sign: string, whole: string, cents: string | undefined): string {
  const names = CURRENCIES[sign];
  if (!names) return whole;
  const hundredths = Number(cents ?? 0);
  const rest = `${hundredths} ${hundredths === 1 ? names[2] : names[3]}`;
  if (Number(whole.replaceAll(',', '')) === 0 && hundredths > 0) return rest;
  const amount = `${whole} ${whole === '1' ? names[0] : names[1]}`;
  return hundredths === 0 ? amount : `${amount} and ${rest}`;
}

/** `half`: a or p, of a.m. and p.m. */
function time(hour: string, minute: string, half?: string): string {
  const minutes = Number(minute);
  const said = minutes === 0 ? (half ? '' : " o'clock") : minutes < 10 ? ` oh ${minutes}` : ` ${minutes}`;
  return `${Number(hour)}${said}${half ? ` ${half.toLowerCase()} m` : ''}`;
}

/** Dots by name; an ending of two letters is no word. */
function dotted(text: string): string {
  return text
    .split('.')
    .map((part, index, all) =>
      index === all.length - 1 && /^[a-z]{2}$/i.test(part) ? [...part.toLowerCase()].join(' ') : part,
    )
    .join(' dot ');
}

export function normalizeEn(text: string): string {
  let out = text;
  for (const [pattern, say] of RULES) out = out.replace(pattern, (...match: unknown[]) => say(...(match as string[])));
  return out
    .replace(/\s+/g, ' ')
    .replace(/ ([,.!?;:])/g, '$1')
    .trim();
}

function readDigits(digits: string): string {
  return [...digits].map((digit) => DIGITS[Number(digit)]).join(' ');
}

/** In groups of three or four with a pause between them. */
function readCode(digits: string): string {
  const size = digits.length % 4 === 0 || digits.length > 9 ? 4 : 3;
  return (digits.match(new RegExp(`\\d{1,${size}}`, 'g')) ?? []).map(readDigits).join(', ');
}

function spell(letters: string): string {
  return letters === '' ? '' : `${[...letters.toUpperCase()].join(' ')} `;
}
