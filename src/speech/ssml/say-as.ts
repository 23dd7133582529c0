import { normalizeText } from '../normalize/index.js';
import { readCode, readDigits, readInteger, readNumber } from '../normalize/zh-number.js';

const EN_DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/**
 * A text said as what it is (`interpret-as` of SSML 1.1's `say-as`, with the values that speech products share). Unknown values, and text that does not
 * fit its value, are read like any other text.
 */
export function sayAs(text: string, kind: string, language: string, format = ''): string {
  const zh = language.toLowerCase().startsWith('zh');
  const digits = text.replace(/[^\d]/g, '');
  switch (kind) {
    case 'digits':
    case 'number:digits':
      return digits === '' ? read(text, language) : zh ? readDigits(digits) : spellEn(digits);
    case 'telephone':
    case 'number:telephone':
      return digits === '' ? read(text, language) : zh ? readCode(digits, true) : groupEn(digits);
    case 'characters':
    case 'spell-out':
    case 'verbatim':
      return [...text.replace(/\s/g, '')]
        .map((sign) =>
          /\d/.test(sign) ? (zh ? readDigits(sign) : (EN_DIGITS[Number(sign)] ?? sign)) : sign.toUpperCase(),
        )
        .join(zh && !/[A-Za-z]/.test(text) ? '' : ' ');
    case 'cardinal':
    case 'number': {
      const number = text.replace(/[,，\s]/g, '');
      return zh && /^[-+]?\d+(?:\.\d+)?$/.test(number) ? readNumber(number) : read(text, language);
    }
    case 'ordinal':
      return zh && digits !== ''
        ? `第${readInteger(digits)}`
        : read(zh ? text : `${digits}${ordinalEnding(digits)}`, language);
    case 'date':
      return read(dateOf(text, format, zh), language);
    case 'time':
      return read(text, language);
    case 'currency':
      return read(/[¥￥$€£元]|[A-Z]{3}/.test(text) ? text : zh ? `${text}元` : `$${text}`, language);
    case 'unit':
    case 'address':
      return read(text, language);
    default:
      return read(text, language);
  }
}

function read(text: string, language: string): string {
  return normalizeText(text, language);
}

function spellEn(digits: string): string {
  return [...digits].map((digit) => EN_DIGITS[Number(digit)]).join(' ');
}

function groupEn(digits: string): string {
  const groups = digits.length === 10 ? [3, 3, 4] : digits.length === 11 ? [3, 4, 4] : undefined;
  const ends = groups?.map((_, index) => groups.slice(0, index + 1).reduce((sum, size) => sum + size, 0));
  const parts = ends?.map((end, index) => digits.slice(ends[index - 1] ?? 0, end)) ?? digits.match(/\d{1,4}/g) ?? [];
  return parts.map(spellEn).join(', ');
}

function ordinalEnding(digits: string): string {
  const value = Number(digits) % 100;
  if (value > 10 && value < 20) return 'th';
  return ['th', 'st', 'nd', 'rd'][value % 10] ?? 'th';
}

/** Numbers in the order that `format` names them (`mdy`, `dmy`, `ymd`, `md` …), as the normaliser reads dates. */
function dateOf(text: string, format: string, zh: boolean): string {
  const parts = text.match(/\d+/g);
  const order = format.toLowerCase();
  if (!parts || !/^[ymd]{1,3}$/.test(order) || parts.length < order.length) return text;
  const of = (sign: string): string | undefined => (order.includes(sign) ? parts[order.indexOf(sign)] : undefined);
  const [year, month, day] = [of('y'), of('m'), of('d')];
  if (zh) return `${year ? `${year}年` : ''}${month ? `${Number(month)}月` : ''}${day ? `${Number(day)}日` : ''}`;
  const name = month === undefined ? '' : (MONTHS[Number(month) - 1] ?? month);
  return [name, day === undefined ? '' : `${Number(day)}${year ? ',' : ''}`, year ?? '']
    .filter((part) => part !== '')
    .join(' ');
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
