/** Dates, times and amounts as they are keyed in. */

/**
 * The value that digits stand for in a slot of this type, in the form the understanding gives such values; undefined when they can't.
 * date: `MMDD` (the next such day), `YYYYMMDD` · time: `HHMM` · datetime: `MMDDHHMM` · amount, money: yuan · number.
 * `timeZone`: IANA name of the clock that says what day it is.
 */
export function fromKeys(type: string, digits: string, nowMs: number, timeZone: string): unknown {
  switch (type) {
    case 'date':
      return date(digits, nowMs, timeZone);
    case 'time':
      return time(digits);
    case 'datetime': {
      const [day, clock] = [date(digits.slice(0, -4), nowMs, timeZone), time(digits.slice(-4))];
      return day === undefined || clock === undefined ? undefined : `${day}T${clock}`;
    }
    case 'amount':
    case 'money':
      return digits.length <= 9 ? { amount: Number(digits), currency: 'CNY' } : undefined;
    case 'number':
    case 'quantity':
      return digits.length <= 9 ? Number(digits) : undefined;
    default:
      return undefined;
  }
}

function date(digits: string, nowMs: number, timeZone: string): string | undefined {
  if (digits.length === 8)
    return valid(Number(digits.slice(0, 4)), Number(digits.slice(4, 6)), Number(digits.slice(6)));
  if (digits.length !== 4) return undefined;
  // sv-SE writes ISO dates.
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone }).format(nowMs);
  const year = Number(today.slice(0, 4));
  const [month, day] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  for (let ahead = 0; ahead < 8; ahead++) {
    const found = valid(year + ahead, month, day);
    if (found !== undefined && found >= today) return found;
  }
  return undefined;
}

function valid(year: number, month: number, day: number): string | undefined {
  const made = new Date(Date.UTC(year, month - 1, day));
  if (made.getUTCFullYear() !== year || made.getUTCMonth() !== month - 1 || made.getUTCDate() !== day) return undefined;
  return made.toISOString().slice(0, 10);
}

function time(digits: string): string | undefined {
  if (digits.length !== 3 && digits.length !== 4) return undefined;
  const [hour, minute] = [Number(digits.slice(0, -2)), Number(digits.slice(-2))];
  return hour < 24 && minute < 60 ? `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}` : undefined;
}
