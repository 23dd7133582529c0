/** Numbers as they are said in Mandarin. Input is a string of ASCII digits, so that nothing is lost to floating point. */

const DIGITS = ['零', '一', '二', '三', '四', '五', '六', '七', '八', '九'];
const SMALL_UNITS = ['', '十', '百', '千'];
const LARGE_UNITS = ['', '万', '亿', '万亿'];
/** Longest number read with units; longer ones are codes and read digit by digit. */
const LONGEST = 16;

/** `1203` → `一千二百零三`. Two before 百, 千, 万, 亿 is 两. Longer than 16 digits: digit by digit. */
export function readInteger(digits: string): string {
  const plain = digits.replace(/^0+(?=\d)/, '');
  if (plain === '0') return '零';
  if (plain.length > LONGEST) return readDigits(plain);
  const groups: string[] = [];
  for (let end = plain.length; end > 0; end -= 4) groups.unshift(plain.slice(Math.max(0, end - 4), end));
  let out = '';
  let zeroPending = false;
  groups.forEach((group, index) => {
    const value = Number(group);
    if (value === 0) {
      zeroPending = out !== '';
      return;
    }
    if (out !== '' && (zeroPending || group.startsWith('0'))) out += '零';
    zeroPending = false;
    const unit = LARGE_UNITS[groups.length - 1 - index] ?? '';
    const read = readGroup(group.replace(/^0+/, ''), out === '');
    out += (read === '二' && unit !== '' ? '两' : read) + unit;
  });
  return out;
}

/** 1 to 9999 without leading zeros; `leading`: nothing stands before it, so 10 to 19 begin with 十. */
function readGroup(group: string, leading: boolean): string {
  let out = '';
  let zero = false;
  [...group].forEach((digit, index) => {
    const place = group.length - 1 - index;
    if (digit === '0') {
      zero = true;
      return;
    }
    if (zero) out += '零';
    zero = false;
    if (place === 1 && digit === '1' && leading && out === '') out += '十';
    else out += (digit === '2' && place >= 2 ? '两' : DIGITS[Number(digit)]) + (SMALL_UNITS[place] ?? '');
  });
  return out;
}

/** `3.14` → `三点一四`; thousands separators and a sign are understood. */
export function readNumber(text: string): string {
  const negative = /^[-−]/.test(text);
  const [whole = '0', fraction] = text
    .replace(/^[-+−]/, '')
    .replace(/,/g, '')
    .split('.');
  const read = readInteger(whole === '' ? '0' : whole) + (fraction ? `点${readDigits(fraction)}` : '');
  return negative ? `负${read}` : read;
}

/** Digit by digit. `yao`: one is said 幺, as in telephone numbers, where it can't be taken for seven. */
export function readDigits(digits: string, yao = false): string {
  return [...digits].map((digit) => (digit === '1' && yao ? '幺' : (DIGITS[Number(digit)] ?? ''))).join('');
}

/** Digit by digit in groups with a pause between them, so that they can be written down. */
export function readCode(digits: string, yao = false): string {
  let start = 0;
  return groupSizes(digits.length)
    .map((size) => {
      const group = readDigits(digits.slice(start, start + size), yao);
      start += size;
      return group;
    })
    .join('，');
}

/** Groups of four where that comes out even, else of three and four: 11 = 3 4 4 as mobile numbers, 10 = 3 3 4, 6 = 3 3. Up to five stay together. */
export function groupSizes(length: number): number[] {
  if (length <= 5) return [length];
  if (length % 4 === 0) return new Array(length / 4).fill(4);
  const threes = (4 - (length % 4)) % 4;
  const fours = (length - threes * 3) / 4;
  return [...new Array(threes).fill(3), ...new Array(Math.max(0, fours)).fill(4)];
}

/** `2025` → `二零二五`. */
export function readYear(digits: string): string {
  return readDigits(digits);
}
