import { isoDay, momentOf } from './calendar.js';
import { type DateContext, dayOfMonth } from './date-context.js';
import { readEnDates } from './en-dates.js';
import { readEnNumber, readEnOrdinal } from './en-number.js';
import type { Candidate, EntityContext } from './types.js';
import { readZhDates } from './zh-dates.js';
import { readZhNumber } from './zh-number.js';

/** What has happened already is spoken of in these words. */
const PAST =
  /买的|下的单|下单的|订的|下的订单|收到|签收|寄来|退的|付的|上次|之前|已经|发的货|\b(?:ordered|bought|placed|received|purchased|arrived|came|was|were|got|paid|returned|called|since|delivered)\b/;
const FUTURE = /下单后|能到|送到|会|要|可以|will|can|going to|would/;

export function extractDates(context: EntityContext): Candidate[] {
  const dates: DateContext = {
    // Asked only by what was found.
    get now() {
      return momentOf(context.nowMs, context.timeZone);
    },
    get past() {
      return PAST.test(context.plain) && !FUTURE.test(context.plain);
    },
  };
  const wantsTime = context.expected === 'time' || context.expected === 'datetime';
  const wantsDate = context.expected === 'date' || context.expected === 'day' || wantsTime;
  const readings = [
    ...readZhDates(context.plain, dates).filter(({ start, end }) => !isCount(context, start, end)),
    ...(mayHoldEnDate(context.plain, wantsTime) ? readEnDates(context.plain, dates, wantsTime) : []),
  ].map((reading): Candidate => {
    const text = context.text.slice(reading.start, reading.end);
    const priority = reading.entity === 'duration' ? (context.expected === 'duration' ? 88 : 73) : wantsDate ? 93 : 81;
    return { ...reading, text, confidence: 0.92, extractor: 'dates', priority };
  });
  if (readings.length > 0 || !wantsDate) return readings;
  return bareDay(context, dates);
}

/** "十一" to the question for a number is eleven, and not the National Day. */
function isCount({ plain, expected }: EntityContext, start: number, end: number): boolean {
  return COUNTS.has(expected ?? '') && ONLY_NUMERALS.test(plain.slice(start, end));
}

const COUNTS: ReadonlySet<string> = new Set(['number', 'quantity', 'money', 'percentage', 'digits']);
const ONLY_NUMERALS = /^[一五六八十\d]+$/;

/** Words have two letters, "5 p m" a digit; a date in digits only has its parts apart, unless any number is a time. */
export function mayHoldEnDate(plain: string, wantsTime: boolean): boolean {
  if (/[a-z]{2}/.test(plain)) return true;
  return /\d/.test(plain) && (wantsTime || /[a-z/:-]/.test(plain));
}

/** "二十五" to the question for a day is the 25th. */
function bareDay(context: EntityContext, dates: DateContext): Candidate[] {
  if (context.expected === 'time' || context.expected === 'datetime') return [];
  const match =
    /(?<![\u4e00-\u9fffa-z\d])(?:就?是|嗯+|呃+|the|on|on the|it's)?\s*([零一二三四五六七八九十廿\d]{1,3}|[a-z]+(?:[\s-][a-z]+)?)\s*(?:吧|的|呢)?[\s。.!]*$/.exec(
      context.plain,
    );
  const words = match?.[1];
  if (!match || words === undefined) return [];
  const number = readZhNumber(words) ?? readEnOrdinal(words) ?? readEnNumber(words);
  const day = number === undefined || !Number.isInteger(number) ? undefined : dayOfMonth(dates, number);
  if (!day) return [];
  const start = match.index + match[0].indexOf(words);
  return [
    {
      entity: 'date',
      value: isoDay(day),
      start,
      end: start + words.length,
      text: context.text.slice(start, start + words.length),
      confidence: 0.8,
      extractor: 'dates',
      priority: 93,
    },
  ];
}
