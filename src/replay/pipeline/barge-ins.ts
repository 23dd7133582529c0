import type { RecordedEvent } from '../../call/record.js';
import type { ReplayedCall } from '../result.js';
import type { SaidUtterance } from './caller.js';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

type OverBot = ReplayedCall['said'][number]['overBot'];

/** Names of the decisions that end a prompt. */
const STOPS: ReadonlySet<string> = new Set(['bargeInStop', 'keyStopsPrompt']);
/** A bot that stops so long after the last word was not stopped by it: partial results and the turn that waits for them are there by then. */
const AFTER_MS = 1500;
/** An end of the bot's sentence this close to the begin of what is said is no talking over. */
const OVERLAP_MS = 100;

/** What the bot did about something that was said over it; null where it was not speaking. */
export function overBot(
  { fromMs, toMs, bargeIn }: SaidUtterance,
  nextFromMs: number | undefined,
  botHeard: readonly Span[],
  events: readonly RecordedEvent[],
): OverBot {
  const stop = events.find(
    ({ type, name, atMs }) =>
      type === 'decision' &&
      STOPS.has(String(name)) &&
      atMs >= fromMs &&
      atMs <= Math.min(toMs + AFTER_MS, nextFromMs ?? Number.POSITIVE_INFINITY),
  );
  const speaking = botHeard.some((span) => span.fromMs < fromMs && span.toMs > fromMs + OVERLAP_MS);
  if (!speaking && !stop) return null;
  return {
    shouldStop: bargeIn ?? null,
    stopped: stop !== undefined,
    afterMs: stop === undefined ? null : Math.round(stop.atMs - fromMs),
  };
}

/** What was keyed in before a moment. */
export function keysOf(
  said: readonly SaidUtterance[],
  beforeMs: number,
): readonly { readonly index: number; readonly span: SaidUtterance }[] {
  return said.flatMap((span, index) => (span.keys !== undefined && span.fromMs < beforeMs ? [{ index, span }] : []));
}
