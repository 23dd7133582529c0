/** Written English to what is said. English engines read plain numbers themselves; this is what they get wrong. */

const DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

type Rule = readonly [pattern: RegExp, say: (...groups: string[]) => string];

const CODE_WORDS =
  'order(?: number| id| no\\.?)?|number|code|pin|extension|account|card|ending in|ticket|reference|tracking(?: number)?';

const RULES: readonly Rule[] = [
  [/(?:https?:\/\/|www\.)\S+/giu, () => ''],
  [/<[^<>]{0,200}>/g, () => ''],
  [
    /(?<!\d)(?:\+?\d{1,3}[-. ])?\(?(\d{3})\)?[-. ](\d{3,4})[-. ](\d{4})(?!\d)/g,
    (_, a, b, c) => [a, b, c].map(readDigits).join(', '),
  ],
  [
    new RegExp(`\\b(${CODE_WORDS})(\\s*(?:is|:)?\\s*)#?([A-Za-z]{0,4})(\\d{3,32})(?!\\d|[.,]\\d|%)`, 'gi'),
    (_, word, link, letters, digits) => `${word}${link}${spell(letters)}${readCode(digits)}`,
  ],
  [/(?<![\d.,])(\d{7,64})(?!\d|[.,]\d)/g, (_, digits) => readCode(digits)],
  [/(?:CN¥|[¥￥])\s*([\d,]+(?:\.\d+)?)/g, (_, amount) => `${amount.replace(/\.00$/, '')} yuan`],
  [
    /\$\s*([\d,]+)(?:\.(\d{2}))?/g,
    (_, dollars, cents) =>
      `${dollars} dollars${cents === undefined || cents === '00' ? '' : ` and ${Number(cents)} cents`}`,
  ],
  [/(\d)\s*%/g, (_, digit) => `${digit} percent`],
  [/&/g, () => ' and '],
  [/@/g, () => ' at '],
  [/[*_#`|\\{}[\]<>^~"“”]/g, () => ' '],
];

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
