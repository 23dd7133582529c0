/** Digits as they are said, in figures. */

const HAN: Readonly<Record<string, string>> = {
  零: '0',
  〇: '0',
  一: '1',
  幺: '1',
  二: '2',
  两: '2',
  三: '3',
  四: '4',
  五: '5',
  六: '6',
  七: '7',
  八: '8',
  九: '9',
};
const ENGLISH: Readonly<Record<string, string>> = {
  zero: '0',
  oh: '0',
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

export function inFigures(said: string, chinese: boolean): string {
  const figures = [...said].map((char) => HAN[char] ?? char).join('');
  return chinese ? figures : figures.replace(/[a-z]{2,}/gi, (word) => ENGLISH[word.toLowerCase()] ?? word);
}
