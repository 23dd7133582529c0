import { z } from 'zod';
import { ms, values } from './common.js';

/** Calls as they happen. See contract.ts. */

/** `phone`: over SIP or a platform. `widget`: speech in a browser. `text`: typed, whichever way. */
export const callKind = z.enum(['phone', 'widget', 'text']);
export type CallKind = z.infer<typeof callKind>;

/** `queued`: waits for a person, `person`: an agent has taken over. The others are the bot's. */
export const callState = z.enum(['listening', 'thinking', 'speaking', 'transferring', 'queued', 'person', 'ended']);
export type CallState = z.infer<typeof callState>;

export const line = z.object({
  /** Within its call. A line that comes again with the same id replaces the one before (partials grow, a bot's line is cut to what was heard). */
  id: z.string(),
  /** `system`: what happened ("handed over to Li"). */
  who: z.enum(['caller', 'bot', 'agent', 'system']),
  text: z.string(),
  /** False: still being said. */
  final: z.boolean(),
  /** Only for a bot's line: the caller stopped it, and has not heard all. */
  cut: z.boolean().optional(),
  /** Agent's name. */
  name: z.string().optional(),
  atMs: ms.describe('Epoch ms'),
  /** In the sound of the call; null where there is none. */
  fromMs: ms.nullable(),
  toMs: ms.nullable(),
  /** The turn it belongs to, where that is known. */
  turnId: z.number().int().nullable().optional(),
});
export type Line = z.infer<typeof line>;

export const stage = z.object({ stage: z.string(), fromMs: ms, ms });
/** One step of a turn's way, as in `hearken trace`: speech, last word, end of turn, final text, understanding, dialogue, synthesis, sending, line. */
export type Stage = z.infer<typeof stage>;

export const entity = z.object({
  name: z.string(),
  value: z.unknown(),
  text: z.string(),
  /** In the turn's input, UTF-16 units; null where unknown. */
  start: z.number().nullable(),
  end: z.number().nullable(),
  confidence: z.number().nullable(),
});
export type Entity = z.infer<typeof entity>;

export const turn = z.object({
  turnId: z.number().int(),
  atMs: ms.describe('Epoch ms'),
  inputType: z.enum(['text', 'dtmf', 'event']),
  /** Words, keys, or the event's name. */
  input: z.string(),
  reply: z.string().nullable(),
  intent: z.string().nullable(),
  confidence: z.number().nullable(),
  /** What else it could have been, best first, at most 5. */
  ranking: z.array(z.object({ intent: z.string(), confidence: z.number() })),
  entities: z.array(entity),
  /** After the turn. */
  slots: values,
  /** What the dialogue did, in order: response names, flows, forms, actions. */
  path: z.array(z.string()),
  noMatch: z.boolean(),
  /** Why the caller's turn was taken to be over. */
  endReason: z.string().nullable(),
  /** The answer was worked out before the turn was over. */
  foreseen: z.boolean(),
  /** End of speech to the first sound heard (typed: message to reply). */
  responseMs: ms.nullable(),
  stages: z.array(stage),
});
export type Turn = z.infer<typeof turn>;

export const liveCall = z.object({
  /** The conversation's id: key for /calls/:id too. */
  id: z.string(),
  kind: callKind,
  state: callState,
  startedAtMs: ms,
  caller: z.string(),
  callee: z.string(),
  language: z.string(),
  intent: z.string().nullable(),
  confidence: z.number().nullable(),
  slots: values,
  /** The last 200. */
  lines: z.array(line),
  /** The last 50. */
  turns: z.array(turn),
  /** Agent who has taken over. */
  agent: z.string().nullable(),
  /** Has sound that may be listened to (for who may). */
  listenable: z.boolean(),
});
export type LiveCall = z.infer<typeof liveCall>;
