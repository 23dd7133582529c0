import { z } from 'zod';
import type { PhoneCallReport, SpokenUtterance } from './phone-caller.js';

/** One turn of a conversation as the sample calls' report shows it. */
export interface ReportedTurn {
  /** What the service understood to have heard; null when it did not say (its record could not be read). */
  readonly heard: string | null;
  readonly intent: string | null;
  readonly confidence: number | null;
  readonly reply: string | null;
  /** Measured at the phone. */
  readonly endOfSpeechToFirstAudioMs: number | null;
  /** Ms since the call was answered. */
  readonly atMs: number;
  /** What was really said, where the recording's script tells. */
  readonly said: string | null;
}

export interface CallReport {
  readonly file: string;
  readonly callId: string;
  readonly greeting: string | null;
  readonly turns: readonly ReportedTurn[];
  readonly transfer: { readonly target: string; readonly status: number } | null;
  readonly heardAfterTransferMs: number;
  readonly durationMs: number;
  readonly endedBy: 'them' | 'us';
  readonly recording: string | null;
}

const recordedTurn = z.object({
  atMs: z.number(),
  type: z.literal('turn'),
  input: z.object({ type: z.string(), text: z.string().optional(), digits: z.string().optional() }),
  intent: z.object({ name: z.string(), confidence: z.number() }).optional(),
  actions: z.array(z.object({ type: z.string(), text: z.string().optional() })),
});
type RecordedTurn = z.infer<typeof recordedTurn>;
const recordSchema = z.object({ events: z.array(z.unknown()) });

/** The turns of a call from the service's record of it; undefined when the service can't be asked or has none. */
export async function fetchTurns(serviceUrl: string, callId: string): Promise<readonly RecordedTurn[] | undefined> {
  try {
    const response = await fetch(new URL(`/api/calls/${encodeURIComponent(callId)}`, serviceUrl), {
      signal: AbortSignal.timeout(3000),
    });
    if (!response.ok) return undefined;
    const { events } = recordSchema.parse(await response.json());
    return events.flatMap((event) => {
      const parsed = recordedTurn.safeParse(event);
      return parsed.success ? [parsed.data] : [];
    });
  } catch {
    return undefined;
  }
}

/** Lays what the phone measured beside what the service recorded. */
export function reportCall(
  file: string,
  call: PhoneCallReport,
  turns: readonly RecordedTurn[] | undefined,
  recording: string | null,
): CallReport {
  const caller = turns?.filter(({ input }) => input.type !== 'event');
  return {
    file,
    callId: call.callId,
    greeting: replyOf(turns?.find(({ input }) => input.type === 'event')),
    turns:
      caller === undefined
        ? call.utterances.map(withoutRecord)
        : caller.map((turn) => withRecord(turn, call.utterances)),
    transfer: call.transfer,
    heardAfterTransferMs: call.heardAfterTransferMs,
    durationMs: call.durationMs,
    endedBy: call.endedBy,
    recording,
  };
}

function withRecord(turn: RecordedTurn, utterances: readonly SpokenUtterance[]): ReportedTurn {
  // Both clocks begin when the call is answered; the turn belongs to what was said last before it.
  const said = utterances.findLast((utterance) => utterance.saidFromMs < turn.atMs);
  return {
    heard: turn.input.text ?? turn.input.digits ?? '',
    intent: turn.intent?.name ?? null,
    confidence: turn.intent?.confidence ?? null,
    reply: replyOf(turn),
    endOfSpeechToFirstAudioMs: said?.endOfSpeechToFirstAudioMs ?? null,
    atMs: Math.round(turn.atMs),
    said: said?.text ?? null,
  };
}

function withoutRecord(utterance: SpokenUtterance): ReportedTurn {
  return {
    heard: null,
    intent: null,
    confidence: null,
    reply: null,
    endOfSpeechToFirstAudioMs: utterance.endOfSpeechToFirstAudioMs,
    atMs: Math.round(utterance.saidToMs),
    said: utterance.text ?? null,
  };
}

function replyOf(turn: RecordedTurn | undefined): string | null {
  const said = turn?.actions.flatMap(({ type, text }) => (type === 'say' && text !== undefined ? [text] : [])) ?? [];
  return said.length === 0 ? null : said.join(' ');
}

/** For people: the conversation with the time of each turn. */
export function formatCall(report: CallReport): string {
  const lines = [`${report.file}  (${(report.durationMs / 1000).toFixed(1)} s)`];
  if (report.greeting !== null) lines.push(`   0.0 s  bot     ${report.greeting}`);
  for (const turn of report.turns) {
    const at = `${(turn.atMs / 1000).toFixed(1).padStart(6)} s`;
    const understood = turn.intent === null ? '' : `   [${turn.intent} ${turn.confidence?.toFixed(2) ?? ''}]`;
    lines.push(`${at}  caller  ${turn.heard ?? '?'}${understood}`);
    const delay = turn.endOfSpeechToFirstAudioMs === null ? '' : `   (after ${turn.endOfSpeechToFirstAudioMs} ms)`;
    lines.push(`          bot     ${turn.reply ?? (turn.heard === null ? '?' : '–')}${delay}`);
  }
  if (report.transfer) {
    const heard =
      report.heardAfterTransferMs > 0
        ? `, ${(report.heardAfterTransferMs / 1000).toFixed(1)} s of the agent heard`
        : '';
    lines.push(`          handed to ${report.transfer.target}: ${report.transfer.status}${heard}`);
  }
  if (report.recording !== null) lines.push(`          recording: ${report.recording}`);
  return lines.join('\n');
}
