import { type DigitRun, digitRuns, hasDigit } from './digit-runs.js';
import { DIGIT_KINDS } from './expected.js';
import type { Candidate, EntityContext } from './types.js';

/** Order, tracking, phone and identity numbers: which one a string of digits is. */

export interface CodeOptions {
  /** Lengths an order number may have, both ends included. */
  readonly orderNumberLength?: readonly [number, number];
  /** Check digit of order and tracking numbers; a number that fails it is still given, with little confidence. */
  readonly orderNumberChecksum?: 'none' | 'luhn';
}

const ORDER_CUE =
  /(?:订单号码?|订单编号|单号|订单|order\s*(?:number|no\.?|id|#)?|confirmation number|reference)(?:是|为|:|：|\s|is|the|it's|number|呢|就是|，|,|’s|'s|#)*$/;
const TRACKING_CUE =
  /(?:快递单号|运单号|物流单号|快递号|tracking\s*(?:number|no\.?|code|id)?|waybill\s*(?:number)?)(?:是|为|:|：|\s|is|it's|，|,|'s)*$/;
const PHONE_CUE =
  /(?:电话号码?|手机号码?|手机|电话|联系方式|phone(?:\s*number)?|cell(?:\s*number)?|mobile(?:\s*number)?|call me (?:back )?(?:at|on)|reach me (?:at|on))(?:是|为|:|：|\s|is|it's|at|on|，|,|'s)*$/;
/** Some number or other: of a telephone only where it looks like one, or where one is asked for. */
const NUMBER_CUE = /(?:号码|number)(?:是|为|:|：|\s|is|it's|，|,|'s)*$/;
const ID_CUE = /(?:身份证号?码?|身份证|id\s*(?:number|card)?)(?:是|为|:|：|\s|is|it's|，|,)*$/;
const TAIL_CUE =
  /(?:尾号|后四位|最后四位|末四位|后几位|末尾|ends?\s*(?:in|with)|ending(?:\s*(?:in|with))?|last\s*(?:four|three|4)?\s*(?:digits?)?)(?:是|为|:|：|\s|is|are|，|,)*$/;
/** What comes before such a cue when it is the telephone's digits that follow. */
const PHONE_BEFORE_TAIL =
  /(?:手机号?码?|电话号?码?|phone(?:\s*number)?|mobile(?:\s*number)?|cell(?:\s*number)?)(?:的|\s|'s|’s|，|,)*$/;

/** A cue stands right before its number. */
const CUE_CHARS = 60;

/** Digits that belong to a date, an amount or a time are not codes. */
const UNIT_AFTER =
  /^\s*(?:块|元|毛|角|分|年|月|号楼|日|号(?!码)|点|时|分钟|小时|天|周|个|件|双|斤|岁|%|折|dollars?|bucks?|yuan|percent|%|o'?clock|am\b|pm\b|a\.m|p\.m|days?|hours?|minutes?|weeks?|months?|years?|pairs?|items?|pieces?)/;

export function extractCodes(context: EntityContext, options: CodeOptions = {}): Candidate[] {
  const { plain, expected } = context;
  if (!hasDigit(plain)) return [];
  const wantsDigits = expected !== undefined && DIGIT_KINDS.has(expected);
  const cardinals =
    wantsDigits ||
    /(?:number|ends? in|ending in|尾号|call me)/.test(plain) ||
    digitRuns(plain, { letters: false, cardinals: false }).some((run) => run.singles >= 3);
  const runs = digitRuns(plain, { letters: true, cardinals });
  return runs.flatMap((run) => classify(context, run, wantsDigits, options));
}

function classify(context: EntityContext, run: DigitRun, wantsDigits: boolean, options: CodeOptions): Candidate[] {
  const { text, plain, expected } = context;
  // Nearby, and with one blank where there are many: the cues may have blanks in several places, and a long run of them could be shared out among those in too many ways.
  const before = plain.slice(Math.max(0, run.start - CUE_CHARS), run.start).replace(/\s+/gu, ' ');
  const onlyDigits = run.digits.replace(/\D/g, '');
  const tail = TAIL_CUE.test(before);
  const numbered = NUMBER_CUE.test(before);
  const shape = shapeOf(run.digits, plain);
  const cue = tail
    ? 'digits'
    : TRACKING_CUE.test(before)
      ? 'tracking_number'
      : ORDER_CUE.test(before)
        ? 'order_number'
        : ID_CUE.test(before)
          ? 'id_number'
          : PHONE_CUE.test(before) || (numbered && (shape === 'phone_number' || expected === 'phone_number'))
            ? 'phone_number'
            : undefined;
  const least = tail
    ? 2
    : cue !== undefined || numbered
      ? 3
      : wantsDigits
        ? expected === 'digits'
          ? 1
          : 3
        : run.typed
          ? 6
          : 4;
  if (onlyDigits.length < least || run.digits.length > 40) return [];
  if (UNIT_AFTER.test(plain.slice(run.end)) && onlyDigits.length < 7) return [];
  if (looksLikeDate(plain, run) && expected !== 'order_number' && cue === undefined) return [];
  const make = (entity: string, confidence: number, priority: number, extra: Partial<Candidate> = {}): Candidate => ({
    entity,
    value: run.digits,
    start: run.start,
    end: run.end,
    text: text.slice(run.start, run.end),
    confidence,
    extractor: 'spoken-digits',
    priority,
    ...extra,
  });
  if (tail) {
    // The last digits of whatever was asked for; never a whole number.
    const ofPhone = PHONE_BEFORE_TAIL.test(before.replace(TAIL_CUE, ''));
    if (ofPhone && expected !== 'phone_number') return [make('digits', 0.95, 95, { role: 'tail', group: 'phone' })];
    return [make(wantsDigits && expected !== undefined ? expected : 'digits', 0.95, 95, { role: 'tail' })];
  }
  if (cue === 'phone_number' && shape !== 'phone_number' && expected === 'order_number')
    return [make('order_number', 0.85, 90)];
  if (cue !== undefined) return [make(cue, confidenceOf(cue, run, shape, options), 94)];
  // A mobile number said to the question for the order is still a mobile number, unless orders are that long.
  if (wantsDigits && expected !== undefined) {
    const fits =
      expected === 'digits' ||
      expected === 'tracking_number' ||
      (expected === 'order_number' ? shape !== 'id_number' : shape === expected || shape === undefined);
    if (fits) return [make(expected, confidenceOf(expected, run, shape, options), 92)];
  }
  if (shape !== undefined) return [make(shape, 0.95, 85)];
  if (onlyDigits.length >= 6) return [make('order_number', 0.6, 70)];
  return run.singles >= 4 || run.typed ? [make('digits', 0.7, 60)] : [];
}

/** 2026-11-20, 11/20: written dates. */
function looksLikeDate(plain: string, run: DigitRun): boolean {
  return /^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}$|^\d{1,2}[-/]\d{1,2}(?:[-/]\d{2,4})?$/.test(plain.slice(run.start, run.end));
}

function confidenceOf(entity: string, run: DigitRun, shape: string | undefined, options: CodeOptions): number {
  const digits = run.digits.replace(/\D/g, '');
  if (entity === 'order_number') {
    const [low, high] = options.orderNumberLength ?? [3, 32];
    if (run.digits.length < low || run.digits.length > high) return 0.4;
    if (options.orderNumberChecksum === 'luhn' && !luhnHolds(digits)) return 0.3;
    return 0.95;
  }
  if (entity === 'phone_number' || entity === 'id_number') return shape === entity ? 0.98 : 0.5;
  return 0.9;
}

/** What the digits are by form alone. */
function shapeOf(code: string, plain: string): 'phone_number' | 'id_number' | undefined {
  if (/^\d{17}[\dX]$/.test(code) && identityHolds(code)) return 'id_number';
  // Mainland China: mobile; landline with area code; 400 and 800 numbers. (MIIT numbering plan, 2017.)
  if (/^(?:86)?1[3-9]\d{9}$/.test(code)) return 'phone_number';
  if (/^0(?:10|2\d|[3-9]\d{2})\d{7,8}$/.test(code)) return 'phone_number';
  if (/^[48]00\d{7}$/.test(code)) return 'phone_number';
  // North America: area code and exchange begin with 2-9.
  if (/[a-z]{3}|\+1/.test(plain) && /^1?[2-9]\d{2}[2-9]\d{6}$/.test(code)) return 'phone_number';
  return undefined;
}

/** Check digit of GB 11643-1999 (ISO 7064 MOD 11-2), and a birth date that exists. */
export function identityHolds(code: string): boolean {
  if (!/^\d{17}[\dX]$/.test(code)) return false;
  const month = Number(code.slice(10, 12));
  const day = Number(code.slice(12, 14));
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  let rest = 0;
  for (let at = 0; at < 17; at++) rest = (rest + Number(code[at])) * 2;
  const check = (12 - (rest % 11)) % 11;
  return (code[17] === 'X' ? 10 : Number(code[17])) === check;
}

/** ISO/IEC 7812-1 annex B. */
export function luhnHolds(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const value = Number(digits[digits.length - 1 - at]);
    sum += at % 2 === 1 ? (value > 4 ? value * 2 - 9 : value * 2) : value;
  }
  return digits.length > 0 && sum % 10 === 0;
}
