import type { CallsQuery, Outcome } from '../api/contract.js';

export const OUTCOMES: readonly Outcome[] = ['completed', 'transferred', 'left', 'failed', 'open'];
const PAGE = 25;

/** The service's query for what stands in the address: days are the viewer's own, the last one included. */
export function queryOf(query: URLSearchParams, cursor: string | null): CallsQuery {
  const text = (name: string): string | undefined => query.get(name)?.trim() || undefined;
  const day = (name: string, after: number): string | undefined => {
    const [year, month, date] = (text(name) ?? '').split('-').map(Number);
    if (year === undefined || month === undefined || date === undefined) return undefined;
    const begin = new Date(year, month - 1, date + after);
    return Number.isNaN(begin.getTime()) ? undefined : begin.toISOString();
  };
  const outcome = OUTCOMES.find((each) => each === text('outcome'));
  const channel = text('channel');
  return dropUndefined({
    query: text('query'),
    from: day('from', 0),
    to: day('to', 1),
    intent: text('intent'),
    outcome,
    channel: channel === 'voice' || channel === 'text' ? channel : undefined,
    limit: PAGE,
    cursor: cursor ?? undefined,
  });
}

function dropUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
