const DIGIT_WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'] as const;
const LATIN_ONLY = /^[a-z' ]+$/;
const SPOKEN_DIGITS = new Set<string>([...DIGIT_WORDS, 'oh', 'double', 'triple']);

/**
 * An English sentence as words of lower case: punctuation away, digits as they are read one by one. '' when it holds another script or
 * a number with a point or a comma in it, which nobody says digit by digit.
 */
export function spokenEnglish(text: string): string {
  const lower = text.toLowerCase().replace(/[\u2018\u2019]/g, "'");
  if (/\d[.,]\d/.test(lower)) return '';
  const read = lower
    .replace(/\d/g, (d) => ` ${DIGIT_WORDS[Number(d)] ?? ''} `)
    .replace(/(?<![a-z])'|'(?![a-z])/g, ' ')
    .replace(/[-\u2010-\u2015,.?!;:"()/]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return LATIN_ONLY.test(read) ? read : '';
}

/** Whether a text in spoken form is nothing but a number read digit by digit. */
export function isEnglishDigits(spoken: string): boolean {
  return spoken !== '' && spoken.split(' ').every((word) => SPOKEN_DIGITS.has(word));
}

/** `length` digits as words; a number keeps its way to say zero. */
export function randomEnglishDigits(random: () => number, length: number): string {
  const zero = random() < 0.5 ? 'oh' : 'zero';
  return Array.from({ length }, () => {
    const digit = Math.floor(random() * 10);
    return digit === 0 ? zero : (DIGIT_WORDS[digit] ?? zero);
  }).join(' ');
}
