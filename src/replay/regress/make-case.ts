import { stringify } from 'yaml';
import { z } from 'zod';
import type { RecordedEvent } from '../../call/record.js';
import { samplesIn } from '../../dsp/framing.js';
import { keyedIn } from '../recordings/keyed-in.js';
import { isPersonal, withoutPersonal } from './personal.js';

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
  actions: z.array(
    z.object({
      type: z.string(),
      response: z.string().optional(),
      expectation: z.object({ slot: z.string().optional() }).optional(),
    }),
  ),
});
type Turn = z.infer<typeof turnSchema>;

/** What a recorded call asserts from now on, without what is personal in it. */
export function makeCase({ name, events, also }: MakeCaseOptions): RegressionCase {
  const turns = events.flatMap((event) => {
    const parsed = turnSchema.safeParse(event);
    return parsed.success ? [parsed.data] : [];
  });
  const call = events.find(({ type }) => type === 'call');
  const language = typeof call?.language === 'string' ? call.language : 'zh-CN';
  const endMs = Math.max(0, ...events.map(({ atMs }) => atMs));
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
    const askedFor = before?.actions.findLast(({ type }) => type === 'expect')?.expectation?.slot;
    const entities = (turn.entities ?? []).flatMap(({ entity }) => (entity === undefined ? [] : [entity]));
    const personal = spoken && isPersonal({ text, askedFor, entities, also });
    if (personal) {
      personalTurns += 1;
      silenceCaller.push({ fromMs: (before?.atMs ?? 0) + MARGIN_MS / 5, toMs: turn.atMs + MARGIN_MS });
      // What the bot then says may be what it heard.
      silenceBot.push({ fromMs: turn.atMs, toMs: turns[index + 1]?.atMs ?? endMs });
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
