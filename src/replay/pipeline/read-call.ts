import { z } from 'zod';
import type { RecordedEvent } from '../../call/record.js';
import type { TurnTiming } from '../../call/timings.js';
import { stagesOf } from '../../call/trace.js';
import type { BargeInDecision, CallOutcome, ReplayedCall, ReplayedTurn } from '../result.js';
import { keysOf, overBot, type Span } from './barge-ins.js';
import type { SaidUtterance } from './caller.js';
import type { ReplayJob } from './job.js';

const turnSchema = z.object({
  atMs: z.number(),
  turnId: z.number(),
  input: z.object({
    type: z.string(),
    text: z.string().optional(),
    confidence: z.number().optional(),
    digits: z.string().optional(),
    name: z.string().optional(),
  }),
  intent: z.object({ name: z.string(), confidence: z.number() }).optional(),
  entities: z.array(z.object({ entity: z.string(), value: z.unknown() })).optional(),
  actions: z.array(
    z.object({
      type: z.string(),
      text: z.string().optional(),
      reason: z.string().optional(),
      expectation: z.object({ slot: z.string().optional(), type: z.string() }).optional(),
    }),
  ),
  slots: z.record(z.string(), z.unknown()),
  noMatch: z.boolean(),
});
type TurnEvent = z.infer<typeof turnSchema>;

const endSchema = z.object({
  atMs: z.number(),
  name: z.literal('endOfTurn'),
  detail: z.object({ reason: z.string(), silentSinceMs: z.number() }),
});

/** A turn that ends this little before the last sound of the recording's words is no cut: levels tell an end no better. */
const CUT_TOLERANCE_MS = 120;

type Facts = Omit<
  ReplayedCall,
  | 'kind'
  | 'timing'
  | 'language'
  | 'durationMs'
  | 'turns'
  | 'bargeIns'
  | 'outcome'
  | 'endedBy'
  | 'transferReason'
  | 'problems'
  | 'said'
  | 'heard'
>;

/** A call that is over, replayed in virtual time or placed over the line. */
export interface FinishedCall {
  readonly events: readonly RecordedEvent[];
  /** What the caller said, and when by the clock of the events. */
  readonly said: readonly SaidUtterance[];
  /** When the caller heard the bot. */
  readonly botHeard: readonly Span[];
  readonly durationMs: number;
  readonly transferred: boolean;
  /** Undefined: it was broken off. */
  readonly ended: { readonly by: 'us' | 'caller'; readonly failed: boolean } | undefined;
}

/** What happened in a replayed call, from its events. */
export function readCall(job: ReplayJob, facts: Facts, call: FinishedCall): ReplayedCall {
  const { events, said } = call;
  const turns = turnsOf(events, said);
  const transferReason = transferReasonOf(events);
  return {
    kind: 'call',
    ...facts,
    reference: facts.reference ?? referenceOf(said),
    timing: job.timing,
    language: languageOf(events, job.language),
    durationMs: Math.round(call.durationMs),
    heard: turns.flatMap(({ input, heard }) => (input === 'text' ? [heard] : [])).join(' '),
    turns: turns.map(({ saidIndexes: _, ...turn }) => turn),
    bargeIns: bargeInsOf(events),
    outcome: outcomeOf(call, turns),
    endedBy: call.ended?.by ?? 'caller',
    transferReason,
    problems: problemsOf(events),
    said: said.map((utterance, index) => ({
      fromMs: Math.round(utterance.fromMs),
      toMs: Math.round(utterance.toMs),
      text: utterance.text ?? null,
      keys: utterance.keys ?? null,
      understoodInTurn: turns.find(({ saidIndexes }) => saidIndexes.includes(index))?.turnId ?? null,
      overBot: overBot(utterance, said[index + 1]?.fromMs, call.botHeard, events),
    })),
  };
}

type ReadTurn = ReplayedTurn & { readonly saidIndexes: readonly number[] };

function turnsOf(events: readonly RecordedEvent[], said: readonly SaidUtterance[]): readonly ReadTurn[] {
  const timings = new Map<number, TurnTiming>();
  for (const event of events) {
    if (event.type === 'timing') timings.set(event.turnId as number, event as unknown as TurnTiming);
  }
  const turns: ReadTurn[] = [];
  let end: z.infer<typeof endSchema> | undefined;
  let slots: Readonly<Record<string, unknown>> = {};
  let spokenUntilMs = 0;
  const taken = new Set<number>();
  for (const event of events) {
    if (event.type === 'decision') end = endSchema.safeParse(event).data ?? end;
    const turn = event.type === 'turn' ? turnSchema.safeParse(event).data : undefined;
    if (!turn) continue;
    const ended = turn.input.type === 'text' ? end : undefined;
    const spans = ended
      ? spansIn(said, spokenUntilMs, ended.atMs)
      : turn.input.type === 'dtmf'
        ? keysOf(said, turn.atMs)
        : [];
    const fresh = spans.filter(({ index }) => !taken.has(index));
    for (const { index } of fresh) taken.add(index);
    turns.push(readTurn(turn, slots, ended && endOf(ended, spans.at(-1)?.span), fresh, timings.get(turn.turnId)));
    slots = turn.slots;
    if (ended) spokenUntilMs = ended.atMs;
    end = undefined;
  }
  return turns;
}

interface Placed {
  readonly index: number;
  readonly span: SaidUtterance;
}

/** What was said between two moments, in part at least. */
function spansIn(said: readonly SaidUtterance[], fromMs: number, toMs: number): readonly Placed[] {
  return said.flatMap((span, index) =>
    span.keys === undefined && span.fromMs < toMs && span.toMs > fromMs ? [{ index, span }] : [],
  );
}

function endOf(
  { atMs, detail }: z.infer<typeof endSchema>,
  last: SaidUtterance | undefined,
): NonNullable<ReplayedTurn['end']> {
  const cut = last !== undefined && atMs < last.toMs - CUT_TOLERANCE_MS;
  const delayMs = last === undefined || cut ? null : Math.max(0, Math.round(atMs - last.toMs));
  return { atMs: Math.round(atMs), reason: detail.reason, delayMs, cut };
}

function readTurn(
  turn: TurnEvent,
  slotsBefore: Readonly<Record<string, unknown>>,
  end: NonNullable<ReplayedTurn['end']> | undefined,
  fresh: readonly Placed[],
  timing: TurnTiming | undefined,
): ReadTurn {
  const { input, intent, entities = [], actions } = turn;
  const texts = fresh.flatMap(({ span }) => (span.text === undefined ? [] : [span.text]));
  const expected = Object.assign({}, ...fresh.map(({ span }) => span.slots ?? {})) as Record<string, unknown>;
  const { responseMs, stages } = stagesOf(timing);
  const spoken = input.type === 'text';
  return {
    turnId: turn.turnId,
    atMs: Math.round(turn.atMs),
    input: input.type === 'event' ? (input.name ?? 'event') : input.type,
    heard: input.text ?? input.digits ?? '',
    said: texts.length === 0 ? null : texts.join(' '),
    confidence: rounded(spoken ? input.confidence : undefined),
    intent: intent?.name ?? null,
    intentConfidence: rounded(intent?.confidence),
    expectedIntent: fresh.find(({ span }) => span.intent !== undefined)?.span.intent ?? null,
    entities: entities.map(({ entity, value }) => ({ entity, value })),
    slots: changedSlots(slotsBefore, turn.slots),
    expectedSlots: Object.entries(expected).map(([slot, value]) => {
      const found = turn.slots[slot] ?? null;
      return {
        slot,
        expected: value,
        found,
        right: JSON.stringify(found) === JSON.stringify(value) || String(found) === String(value),
      };
    }),
    reply: actions.flatMap(({ type, text }) => (type === 'say' && text !== undefined ? [text] : [])).join(' '),
    noMatch: turn.noMatch,
    end: end ?? null,
    responseMs: spoken ? responseMs : null,
    stages: spoken ? stages.map(({ stage, ms }) => ({ stage, ms })) : [],
    saidIndexes: fresh.map(({ index }) => index),
  };
}

function changedSlots(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = names.filter((name) => JSON.stringify(before[name] ?? null) !== JSON.stringify(after[name] ?? null));
  return Object.fromEntries(changed.map((name) => [name, after[name] ?? null]));
}

const BARGE_IN: Readonly<Record<string, BargeInDecision['decision']>> = {
  bargeInPause: 'pause',
  bargeInStop: 'stop',
  bargeInResume: 'resume',
  echo: 'echo',
  echoOver: 'echoOver',
};

function bargeInsOf(events: readonly RecordedEvent[]): readonly BargeInDecision[] {
  return events.flatMap((event) => {
    const decision = event.type === 'decision' ? BARGE_IN[String(event.name)] : undefined;
    if (decision === undefined) return [];
    const { text } = (event.detail ?? {}) as { readonly text?: unknown };
    return [{ atMs: event.atMs, decision, text: typeof text === 'string' ? text : '' }];
  });
}

function outcomeOf({ events, ended, transferred }: FinishedCall, turns: readonly ReplayedTurn[]): CallOutcome {
  if (events.some(({ type }) => type === 'fallback') || ended?.failed) return 'failed';
  if (transferred) return 'transferred';
  if (ended?.by === 'us') return 'contained';
  // What was decided counts, also when the recording ends before it is done.
  const decided = decidedEnd(events);
  if (decided !== undefined) return decided;
  const last = events.findLast(({ type }) => type === 'turn');
  const turn = last === undefined ? undefined : turnSchema.safeParse(last).data;
  if (
    !turn ||
    turn.noMatch ||
    turn.input.type === 'event' ||
    !turns.some(({ input }) => input === 'text' || input === 'dtmf')
  )
    return 'abandoned';
  const expectation = turn.actions.findLast(({ type }) => type === 'expect')?.expectation;
  // A slot that is asked for is a wish half served.
  return expectation?.slot === undefined ? 'contained' : 'abandoned';
}

function decidedEnd(events: readonly RecordedEvent[]): CallOutcome | undefined {
  const last = turnSchema.safeParse(events.findLast(({ type }) => type === 'turn')).data;
  if (last?.actions.some(({ type }) => type === 'transfer')) return 'transferred';
  return last?.actions.some(({ type }) => type === 'hangup') ? 'contained' : undefined;
}

function transferReasonOf(events: readonly RecordedEvent[]): string | null {
  for (const event of events) {
    const turn = event.type === 'turn' ? turnSchema.safeParse(event).data : undefined;
    const transfer = turn?.actions.find(({ type }) => type === 'transfer');
    if (transfer) return transfer.reason ?? '';
  }
  return events.some(({ type }) => type === 'transfer') ? '' : null;
}

const PROBLEMS = new Set(['turnError', 'promptError', 'recognizerError', 'fallback']);

function problemsOf(events: readonly RecordedEvent[]): readonly string[] {
  return events.flatMap(({ atMs, type, reason, name }) =>
    PROBLEMS.has(type) ? [`${(atMs / 1000).toFixed(1)} s ${type}: ${String(reason ?? name ?? '')}`] : [],
  );
}

function languageOf(events: readonly RecordedEvent[], wanted: string | undefined): string {
  const call = events.find(({ type }) => type === 'call');
  return typeof call?.language === 'string' ? call.language : (wanted ?? '');
}

/** Everything that was said, where all of it is known. */
function referenceOf(said: readonly SaidUtterance[]): string | null {
  const spoken = said.filter(({ keys }) => keys === undefined);
  const texts = spoken.flatMap(({ text }) => (text === undefined ? [] : [text]));
  return texts.length === 0 || texts.length < spoken.length ? null : texts.join(' ');
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 10_000) / 10_000;
}
