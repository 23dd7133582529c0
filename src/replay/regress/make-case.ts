import { stringify } from 'yaml';
import { z } from 'zod';
import type { RecordedEvent } from '../../call/record.js';
import { samplesIn } from '../../dsp/framing.js';
import { keyedIn } from '../recordings/keyed-in.js';
import { isPersonal, personalValues, tellsPersonal, withoutPersonal } from './personal.js';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface CaseUtterance {
  readonly startMs: number;
  readonly endMs: number;
  readonly text?: string;
  readonly intent?: string;
  readonly keys?: string;
}

export interface RegressionCase {
  readonly language: string;
  readonly utterances: readonly CaseUtterance[];
  /** To be silenced in the recording: where the caller says something personal, and where the bot says it back. */
  readonly silenceCaller: readonly Span[];
  readonly silenceBot: readonly Span[];
  /** Turns whose words are left out. */
  readonly personalTurns: number;
  /** A conversation test in YAML; undefined when there is nothing left to test. */
  readonly story: string | undefined;
}

export interface MakeCaseOptions {
  readonly name: string;
  readonly events: readonly RecordedEvent[];
  /** Slots that are personal besides those whose names say so. */
  readonly also: ReadonlySet<string>;
}

/** The ear's clock and the recording's differ by a frame or two, and soft beginnings count as silence: kept off on both sides. */
const MARGIN_MS = 500;

const turnSchema = z.object({
  atMs: z.number(),
  type: z.literal('turn'),
  input: z.object({
    type: z.string(),
    text: z.string().optional(),
    digits: z.string().optional(),
    name: z.string().optional(),
  }),
  intent: z.object({ name: z.string() }).optional(),
  entities: z.array(z.object({ entity: z.string().optional() })).optional(),
  slots: z.record(z.string(), z.unknown()).default({}),
  actions: z.array(
    z.object({
      type: z.string(),
      text: z.string().optional(),
      response: z.string().optional(),
      expectation: z.object({ slot: z.string().optional() }).optional(),
    }),
  ),
});
type Turn = z.infer<typeof turnSchema>;

/** What a recorded call asserts from now on, without what is personal in it. */
export function makeCase({ name, events, also }: MakeCaseOptions): RegressionCase {
  const turns = events.flatMap((event) => (event.type === 'turn' ? (turnSchema.safeParse(event).data ?? []) : []));
  const call = events.find(({ type }) => type === 'call');
  const language = typeof call?.language === 'string' ? call.language : 'zh-CN';
  const endMs = events.reduce((last, { atMs }) => Math.max(last, atMs), 0);
  // Of the whole call: what is written down in a slot later may have been said before, and is read back when the slot is empty again.
  const values = [...new Set(turns.flatMap(({ slots }) => personalValues(slots, also)))];
  const utterances: CaseUtterance[] = [];
  const silenceCaller: Span[] = [];
  const silenceBot: Span[] = [];
  const steps: Record<string, unknown>[] = [];
  let personalTurns = 0;
  let cut = false;
  for (const [index, turn] of turns.entries()) {
    const before = turns[index - 1];
    const text = turn.input.text ?? turn.input.digits;
    const spoken = text !== undefined;
    const askedFor = slotAskedFor(before);
    const entities = (turn.entities ?? []).flatMap(({ entity }) => (entity === undefined ? [] : [entity]));
    const personal = spoken && isPersonal({ text, askedFor, entities, also, values });
    // What the bot then says may be what it heard; and it may come back to it at any time, or have known it before.
    if (personal || turn.actions.some(({ text: said }) => said !== undefined && tellsPersonal(said, values)))
      silenceBot.push({ fromMs: turn.atMs, toMs: turns[index + 1]?.atMs ?? endMs });
    if (personal) {
      personalTurns += 1;
      silenceCaller.push({
        fromMs: silentFrom(events, before?.atMs ?? 0, utterances.at(-1)?.endMs ?? 0),
        toMs: turn.atMs + MARGIN_MS,
      });
    } else if (turn.input.type === 'text' && text !== undefined) {
      const span = voiceSpan(events, before?.atMs ?? 0, turn.atMs);
      const intent = turn.intent?.name;
      utterances.push({
        startMs: Math.max(0, Math.round(span.fromMs - MARGIN_MS / 4)),
        endMs: Math.round(span.toMs + MARGIN_MS / 4),
        text,
        ...(intent === undefined ? {} : { intent }),
      });
    } else if (turn.input.type === 'dtmf') {
      const since = before?.atMs ?? 0;
      utterances.push(...keyedIn(events.filter(({ atMs }) => atMs > since && atMs <= turn.atMs)));
    }
    // A conversation can't be played beyond words that are left out.
    cut ||= personal;
    if (!cut) steps.push(...stepsOf(turn));
  }
  // Who hangs up while they are asked may have begun to answer.
  const last = turns.at(-1);
  if (last && isPersonal({ text: '', askedFor: slotAskedFor(last), entities: [], also }))
    silenceCaller.push({
      fromMs: silentFrom(events, last.atMs, utterances.at(-1)?.endMs ?? 0),
      toMs: endMs + MARGIN_MS,
    });
  const asserts = steps.some((step) => 'user' in step || 'key' in step);
  return {
    language,
    utterances,
    silenceCaller,
    silenceBot,
    personalTurns,
    story: asserts
      ? stringify({
          metadata: [{ recorded: { language, channel: 'voice' } }],
          test_cases: [{ test_case: name, metadata: ['recorded'], steps }],
        })
      : undefined,
  };
}

/** What the turn before asked. */
function slotAskedFor(turn: Turn | undefined): string | undefined {
  return turn?.actions.findLast(({ type }) => type === 'expect')?.expectation?.slot;
}

/** From when on nothing of the caller is left after a turn: from the turn on, or from the begin of words that went on over it; but what is kept stays whole. */
function silentFrom(events: readonly RecordedEvent[], turnMs: number, keptUntilMs: number): number {
  const fromMs = turnMs + MARGIN_MS / 5;
  let sinceMs: number | undefined;
  for (const { type, active, sinceMs: atMs } of events) {
    if (type !== 'voice' || typeof atMs !== 'number') continue;
    if (atMs > fromMs) break;
    sinceMs = active === true ? atMs : undefined;
  }
  return sinceMs === undefined ? fromMs : Math.min(fromMs, Math.max(0, keptUntilMs, sinceMs - MARGIN_MS / 4));
}

function stepsOf({ input, intent, actions }: Turn): Record<string, unknown>[] {
  const said = actions.flatMap((action) => {
    return action.type === 'say' && action.response !== undefined ? [{ utter: action.response }] : [];
  });
  if (input.type === 'event') return [{ event: input.name ?? 'start' }, ...said];
  if (input.type === 'dtmf') return [{ key: input.digits ?? '' }, ...said];
  return [
    { user: withoutPersonal(input.text ?? ''), ...(intent === undefined ? {} : { intent: intent.name }) },
    ...said,
  ];
}

/** A pause inside an utterance is shorter. */
const PAUSE_MS = 1500;

/** Where the caller's voice was before a turn, from its last long pause on; the whole time since the turn before where the record does not tell. */
function voiceSpan(events: readonly RecordedEvent[], fromMs: number, toMs: number): Span {
  const voices = events.flatMap(({ type, active, sinceMs, atMs }) =>
    type === 'voice' && atMs > fromMs && atMs <= toMs && typeof sinceMs === 'number' ? [{ active, sinceMs }] : [],
  );
  let beginMs: number | undefined;
  let endMs: number | undefined;
  for (const { active, sinceMs } of voices) {
    if (active === true && (endMs === undefined || sinceMs - endMs > PAUSE_MS)) beginMs = sinceMs;
    if (active === false) endMs = sinceMs;
  }
  const begin = beginMs ?? fromMs;
  return { fromMs: begin, toMs: endMs !== undefined && endMs > begin ? endMs : toMs };
}

/** Silence over spans of a channel; the sound given stays as it is. */
export function silenced(pcm: Int16Array, sampleRate: number, spans: readonly Span[]): Int16Array {
  const out = pcm.slice();
  for (const { fromMs, toMs } of spans)
    out.fill(0, samplesIn(Math.max(0, fromMs), sampleRate), samplesIn(Math.max(0, toMs), sampleRate));
  return out;
}
