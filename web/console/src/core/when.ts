/** A time that was agreed on with a caller: by the clock where they are, which is the shop's, so it is shown as it was said. */
export interface Agreed {
  /** Epoch ms of that clock's time, read as if it were this machine's. */
  readonly fromMs: number;
  /** Of an interval. */
  readonly toMs: number | undefined;
  /** Days without a time. */
  readonly wholeDays: boolean;
}

const MOMENT = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?:T([01]\d|2[0-3]):([0-5]\d)(?::\d{2})?)?$/;

/** `2026-11-23`, `2026-11-23T15:00`, or two of a kind with `/` between; undefined for words. Pure. */
export function agreedTime(when: string): Agreed | undefined {
  const parts = when.split('/').map((part) => MOMENT.exec(part));
  const [from, to] = parts;
  if (from == null || to === null || parts.length > 2) return undefined;
  const wholeDays = from[4] === undefined;
  if (to !== undefined && (to[4] === undefined) !== wholeDays) return undefined;
  return { fromMs: momentOf(from), toMs: to === undefined ? undefined : momentOf(to), wholeDays };
}

function momentOf([, year, month, day, hour = '0', minute = '0']: RegExpExecArray): number {
  return new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)).getTime();
}
