const HAN = '零一二三四五六七八九';
const ENGLISH = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** Digits one by one as people say them: 幺 or 一, oh or zero. */
export function spokenDigits(digits: string, language: string, random: () => number): string {
  if (language.startsWith('zh')) {
    const one = random() < 0.6 ? '幺' : '一';
    return Array.from(digits, (digit) => (digit === '1' ? one : (HAN[Number(digit)] ?? digit))).join('');
  }
  const zero = random() < 0.5 ? 'oh' : 'zero';
  return Array.from(digits, (digit) => (digit === '0' ? zero : (ENGLISH[Number(digit)] ?? digit))).join(' ');
}

/** The longest row of digits of a text. */
export function digitsIn(text: string): string {
  return (text.match(/\d+/g) ?? []).reduce((longest, each) => (each.length > longest.length ? each : longest), '');
}
