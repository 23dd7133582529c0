import { z } from 'zod';
import { line, liveCall, turn } from './calls.js';
import { ms } from './common.js';
import { agent, chat, offer, phoneCall, queueItem } from './desk.js';

/** What is told as it happens. See contract.ts. */

/**
 * GET /live: server-sent events, each `event: <type>`, `id: <n>`, `data: <JSON with the same type>`; a comment line every 15 s. The first is always a `snapshot`, after a
 * reconnection too unless all that was missed could be sent again (Last-Event-ID). A reader that is too slow is cut off and starts over with a snapshot. Forget what you
 * know of calls, agents and the queue at each `snapshot`. Agents without a further role see only the desk and their own calls.
 */
export const liveEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('snapshot'),
    atMs: ms,
    calls: z.array(liveCall),
    agents: z.array(agent),
    queue: z.array(queueItem),
    phoneCalls: z.array(phoneCall),
    /** Mine. */
    offers: z.array(offer),
    /** Mine, not closed. */
    chats: z.array(chat),
  }),
  z.object({ type: z.literal('callStarted'), call: liveCall }),
  /** Only what has changed. */
  z.object({
    type: z.literal('callChanged'),
    callId: z.string(),
    changes: liveCall
      .pick({
        state: true,
        caller: true,
        language: true,
        intent: true,
        confidence: true,
        slots: true,
        agent: true,
        listenable: true,
        kind: true,
      })
      .partial(),
  }),
  z.object({ type: z.literal('callEnded'), callId: z.string(), atMs: ms, cause: z.string() }),
  z.object({ type: z.literal('line'), callId: z.string(), line }),
  /** Its times come a little later: the same `turnId` again replaces it. */
  z.object({ type: z.literal('turn'), callId: z.string(), turn }),
  z.object({ type: z.literal('agent'), agent }),
  z.object({ type: z.literal('queue'), queue: z.array(queueItem) }),
  z.object({ type: z.literal('phoneCalls'), phoneCalls: z.array(phoneCall) }),
  /** Rings at me. */
  z.object({ type: z.literal('offer'), offer }),
  /** It rings no more: `accepted`, `declined`, `timeout`, `gone` (the visitor left), `taken` (by somebody else). */
  z.object({ type: z.literal('offerClosed'), offerId: z.string(), outcome: z.string() }),
  /** Mine: it began, or its state, notes, or connection changed. Lines come by `chatLine`. */
  z.object({ type: z.literal('chat'), chat }),
  z.object({ type: z.literal('chatLine'), chatId: z.string(), line }),
  /** One was added or changed. */
  z.object({ type: z.literal('ticket'), number: z.string(), status: z.string() }),
  /** Mine: of a call to a playground. The same line id, or turn id, again replaces. */
  z.object({ type: z.literal('playgroundLine'), playgroundId: z.string(), callId: z.string(), line }),
  z.object({ type: z.literal('playgroundTurn'), playgroundId: z.string(), callId: z.string(), turn }),
  /** The session has ended: sign in again. */
  z.object({ type: z.literal('signedOut') }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;
export type LiveEventOf<T extends LiveEvent['type']> = Extract<LiveEvent, { type: T }>;
