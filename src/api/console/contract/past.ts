import { z } from 'zod';
import { callKind, line, turn } from './calls.js';
import { id, ms, values } from './common.js';

/** Past conversations, and numbers. See contract.ts. */

/** `transferred`: to a person. `completed`: the bot ended it. `left`: the caller did. `failed`: an error ended it. `open`: it goes on, or nobody said that it ended. */
export const outcome = z.enum(['transferred', 'completed', 'left', 'failed', 'open']);
export type Outcome = z.infer<typeof outcome>;

export const callSummary = z.object({
  id: z.string(),
  kind: callKind,
  startedAtMs: ms,
  endedAtMs: ms.nullable(),
  durationMs: ms.nullable(),
  caller: z.string(),
  callee: z.string(),
  language: z.string(),
  /** In the order in which they came, no repetitions. */
  intents: z.array(z.string()),
  outcome,
  turns: z.number().int(),
  hasAudio: z.boolean(),
  /** Begin of what was said, or the place that was searched for. */
  excerpt: z.string(),
  agent: z.string().nullable(),
  wrapUpCode: z.string().nullable(),
});
export type CallSummary = z.infer<typeof callSummary>;

/** GET /calls, newest first. */
export const callsQuery = z.strictObject({
  /** Words said by either side. */
  query: z.string().min(1).max(200).optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  intent: z.string().max(200).optional(),
  outcome: outcome.optional(),
  channel: z.enum(['voice', 'text']).optional(),
  limit: z.coerce.number().int().min(1).max(50).default(25),
  cursor: z.string().max(500).optional(),
});
export type CallsQuery = z.input<typeof callsQuery>;
export const callsPage = z.object({
  calls: z.array(callSummary),
  /** For the next page; null: that was all. A page may be short, or empty, and yet have a next one. */
  cursor: z.string().nullable(),
});
export type CallsPage = z.infer<typeof callsPage>;

/** GET /stats (supervisor, admin): conversations by the hour they began in, oldest first; hours without any are there with zeros. Times are of this service, kept over restarts. */
export const statsQuery = z.strictObject({ hours: z.coerce.number().int().min(1).max(168).default(24) });
export type StatsQuery = z.input<typeof statsQuery>;
export const stats = z.object({
  bucketMs: ms,
  buckets: z.array(
    z.object({
      fromMs: ms.describe('Epoch ms'),
      calls: z.number().int(),
      /** Ended without a person. */
      contained: z.number().int(),
      transferred: z.number().int(),
      failed: z.number().int(),
      /** Of voice turns: end of speech to the first sound heard. */
      responseP50Ms: ms.nullable(),
      responseP95Ms: ms.nullable(),
    }),
  ),
});
export type Stats = z.infer<typeof stats>;

export const traceEvent = z.object({ atMs: ms.describe('Since the part began'), type: z.string(), data: values });
export type TraceEvent = z.infer<typeof traceEvent>;

/** One call of a conversation: a visitor may call twice, and type between. */
export const callPart = z.object({
  id: z.string(),
  startedAtMs: ms,
  durationMs: ms.nullable(),
  hasAudio: z.boolean(),
  sampleRate: z.number().nullable(),
  /** Where in the sound this part begins, ms: a recording of the bridge may begin sooner (its announcement) or later (consent). Position in the sound = `fromMs` + this. */
  audioOffsetMs: ms,
  /** Why there is no sound, where there is none; null where there is. */
  noAudioReason: z.string().nullable(),
});
export type CallPart = z.infer<typeof callPart>;

/** GET /calls/:id?part= (default: the last part). */
export const callDetail = z.object({
  call: callSummary,
  /** Of the conversation, oldest first. Empty for one that was only typed. */
  parts: z.array(callPart),
  /** The part that `lines` with times, `turns` and `events` are about; null for one that was only typed. */
  part: z.string().nullable(),
  /** Its headers as signalled (X-…), bounded. */
  headers: z.record(z.string(), z.string()),
  lines: z.array(line),
  turns: z.array(turn),
  slots: values,
  /** The record, at most 5,000. */
  events: z.array(traceEvent),
  eventsCut: z.boolean(),
  tickets: z.array(z.string()),
  notes: z.array(z.object({ atMs: ms, by: z.string(), text: z.string(), code: z.string().nullable() })),
});
export type CallDetail = z.infer<typeof callDetail>;

/** GET /calls/:id/audio?part= → audio/wav, stereo: caller left, bot right. Range requests. */

/** GET /calls/:id/waveform?part=&buckets= */
export const waveformQuery = z.strictObject({
  part: id.optional(),
  buckets: z.coerce.number().int().min(50).max(4000).default(1000),
});
export const waveform = z.object({
  part: z.string(),
  durationMs: ms,
  bucketMs: ms,
  /** Highest of each bucket, 0 to 1. */
  caller: z.array(z.number()),
  bot: z.array(z.number()),
});
export type Waveform = z.infer<typeof waveform>;

/**
 * WebSocket /calls/:id/listen (supervisor, admin; audited): the sound of a live call. First `{type:"format", sampleRate, channels:2}`, then binary PCM16LE, caller and bot
 * interleaved; at the end `{type:"ended"}`. A listener that is too slow loses sound.
 */
export const listenMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('format'), sampleRate: z.number(), channels: z.literal(2) }),
  z.object({ type: z.literal('ended') }),
]);
export type ListenMessage = z.infer<typeof listenMessage>;
