import { z } from 'zod';
import type { RecordedEvent } from './record.js';
import { TURN_STEPS, type TurnTiming } from './timings.js';

/** One turn of a recorded call with the time of each of its steps. */
export interface TracedTurn {
  readonly turnId: number;
  /** What began it: the words, the keys, or the event. */
  readonly input: string;
  readonly intent: string | null;
  readonly reply: string | null;
  /** Why the caller's turn was taken to be over. */
  readonly endReason: string | null;
  /** The answer was worked out before the turn was over. */
  readonly foreseen: boolean;
  /** From the end of speech (without speech: from the reply's begin) to the first sound heard; null when none was. */
  readonly responseMs: number | null;
  readonly stages: readonly { readonly stage: string; readonly fromMs: number; readonly ms: number }[];
}

const turnSchema = z.object({
  turnId: z.number(),
  input: z.object({
    type: z.string(),
    text: z.string().optional(),
    digits: z.string().optional(),
    name: z.string().optional(),
  }),
  intent: z.object({ name: z.string() }).optional(),
  actions: z.array(z.object({ type: z.string(), text: z.string().optional() })),
});
const timingSchema = z.object({ turnId: z.number() }).catchall(z.unknown());
const endSchema = z.object({ name: z.literal('endOfTurn'), detail: z.object({ reason: z.string() }) });

/** The turns of a call record (see `readRecord`), in order. Events that can't be read are left out. */
export function traceOf(events: readonly RecordedEvent[]): readonly TracedTurn[] {
  const timings = new Map<number, TurnTiming>();
  for (const event of events) {
    const timing = event.type === 'timing' ? timingSchema.safeParse(event) : undefined;
    if (timing?.success) timings.set(timing.data.turnId, timing.data as TurnTiming);
  }
  const foreseen = new Set(events.filter(({ type }) => type === 'foreseen').map(({ turnId }) => turnId));
  const turns: TracedTurn[] = [];
  let endReason: string | null = null;
  for (const event of events) {
    const end = event.type === 'decision' ? endSchema.safeParse(event) : undefined;
    if (end?.success) endReason = end.data.detail.reason;
    const turn = event.type === 'turn' ? turnSchema.safeParse(event) : undefined;
    if (!turn?.success) continue;
    const { turnId, input, intent, actions } = turn.data;
    const said = actions.flatMap(({ type, text }) => (type === 'say' && text !== undefined ? [text] : []));
    turns.push({
      turnId,
      input: input.text ?? input.digits ?? input.name ?? input.type,
      intent: intent?.name ?? null,
      reply: said.length === 0 ? null : said.join(' '),
      endReason: input.type === 'text' ? endReason : null,
      foreseen: foreseen.has(turnId),
      ...stagesOf(timings.get(turnId)),
    });
    endReason = null;
  }
  return turns;
}

/** Each stage from the step before it that happened; steps that lie before the one before them took no time of their own. */
export function stagesOf(timing: TurnTiming | undefined): Pick<TracedTurn, 'stages' | 'responseMs'> {
  if (!timing) return { stages: [], responseMs: null };
  const stages: { stage: string; fromMs: number; ms: number }[] = [];
  let last: number | undefined;
  for (const { step, stage } of TURN_STEPS) {
    const atMs = timing[step];
    if (typeof atMs !== 'number') continue;
    if (last !== undefined) stages.push({ stage, fromMs: Math.round(last), ms: Math.max(0, Math.round(atMs - last)) });
    last = last === undefined ? atMs : Math.max(last, atMs);
  }
  const from = timing.endOfSpeechMs ?? timing.endOfTurnMs ?? timing.replyMs;
  const heard = timing.audibleMs;
  return { stages, responseMs: from === undefined || heard === undefined ? null : Math.round(heard - from) };
}

const BAR_CHARACTERS = 40;

/** For people: each turn as a waterfall. */
export function formatTrace(turns: readonly TracedTurn[]): string {
  return turns.map(formatTurn).join('\n\n');
}

function formatTurn(turn: TracedTurn): string {
  const { turnId, input, intent, reply, responseMs, endReason, stages } = turn;
  const notes = [
    responseMs === null ? 'nothing was heard' : `${responseMs} ms to the first sound`,
    ...(endReason === null ? [] : [endReason]),
    ...(turn.foreseen ? ['foreseen'] : []),
  ];
  const lines = [
    `turn ${turnId}  caller ${input}${intent === null ? '' : `  [${intent}]`}`,
    `        bot    ${reply ?? '–'}`,
    `        ${notes.join(', ')}`,
  ];
  const from = stages[0]?.fromMs ?? 0;
  const whole = Math.max(1, ...stages.map(({ fromMs, ms }) => fromMs + ms - from));
  for (const { stage, fromMs, ms } of stages) {
    const before = Math.round(((fromMs - from) / whole) * BAR_CHARACTERS);
    const length = Math.max(ms > 0 ? 1 : 0, Math.round((ms / whole) * BAR_CHARACTERS));
    const bar = `${' '.repeat(before)}${'█'.repeat(length)}`.slice(0, BAR_CHARACTERS + 1).padEnd(BAR_CHARACTERS + 1);
    lines.push(`  ${stage.padEnd(14)} ${bar} ${String(ms).padStart(5)} ms`);
  }
  return lines.join('\n');
}
