import { z } from 'zod';
import { callKind, line } from './calls.js';
import { id, ms, values } from './common.js';

/** The desk of the people who take over. See contract.ts. */

/** `available`: is rung. `busy`: in a conversation or wrapping up (set by the desk). `away`: signed in, not rung. `offline`: not signed in. */
export const presence = z.enum(['available', 'busy', 'away', 'offline']);
export type Presence = z.infer<typeof presence>;

export const agent = z.object({
  name: z.string(),
  displayName: z.string(),
  presence,
  /** What they are as soon as nothing keeps them busy. */
  wants: z.enum(['available', 'away']),
  sinceMs: ms.describe('Epoch ms'),
  /** Conversations in hand. */
  chats: z.number().int(),
  /** Is being rung. */
  ringing: z.boolean(),
});
export type Agent = z.infer<typeof agent>;

/** What an agent should know before they say a word. */
export const context = z.object({
  summary: z.string(),
  reason: z.string(),
  /** -1 (upset) to 1 (pleased) of the last words; null when unknown. */
  sentiment: z.number().nullable(),
  intent: z.string().nullable(),
  slots: values,
  lines: z.array(line),
});
export type Context = z.infer<typeof context>;

export const queueItem = z.object({
  /** Offer id. */
  id: z.string(),
  callId: z.string(),
  kind: callKind,
  caller: z.string(),
  language: z.string(),
  reason: z.string(),
  summary: z.string(),
  queuedAtMs: ms,
  position: z.number().int().min(1),
  /** Agent who is being rung now. */
  ringing: z.string().nullable(),
});
export type QueueItem = z.infer<typeof queueItem>;

/** A ring (of the kind `phone`: at the agent's telephone; here it is only shown): it stops by itself at `expiresAtMs`, and goes back to the queue. */
export const offer = z.object({
  id: z.string(),
  callId: z.string(),
  kind: callKind,
  caller: z.string(),
  language: z.string(),
  ringingSinceMs: ms,
  expiresAtMs: ms,
  context,
});
export type Offer = z.infer<typeof offer>;

/** A call by telephone that is being put through (`ringing`) or has been (`answered`), and that nobody has opened at the desk yet. */
export const phoneCall = z.object({
  callId: z.string(),
  caller: z.string(),
  language: z.string(),
  reason: z.string(),
  summary: z.string(),
  /** SIP or tel URI. */
  target: z.string(),
  state: z.enum(['ringing', 'answered']),
  sinceMs: ms.describe('Epoch ms'),
  /** Whose telephone it rings at, where that is known: they have an offer of the kind `phone`. */
  agents: z.array(z.string()),
});
export type PhoneCall = z.infer<typeof phoneCall>;
/** POST /desk/phone/:callId/open → chat of the kind `phone`: the whole context, notes, tickets, wrap-up; the talking is done on the telephone. 409 when somebody else has. */

/** `open`: agent and visitor write. `wrapUp`: over, the agent writes notes and picks a code. `closed`: done. */
export const chatState = z.enum(['open', 'wrapUp', 'closed']);

export const chat = z.object({
  id: z.string(),
  callId: z.string(),
  agent: z.string(),
  state: chatState,
  kind: callKind,
  caller: z.string(),
  language: z.string(),
  startedAtMs: ms,
  endedAtMs: ms.nullable(),
  /** Why it is over: `agent`, `handedBack`, `agentLost`, `idle`, `notPutThrough`. */
  endReason: z.string().nullable(),
  /** The visitor has a socket open: what is written arrives at once. Else they get it with their next message or poll. */
  visitorConnected: z.boolean(),
  context,
  /** Since the agent joined; oldest first, the last 500. */
  lines: z.array(line),
  notes: z.string(),
  wrapUpCode: z.string().nullable(),
  tickets: z.array(z.string()),
});
export type Chat = z.infer<typeof chat>;

export const wrapUpCode = z.object({ code: z.string(), label: z.record(z.string(), z.string()) });
export type WrapUpCode = z.infer<typeof wrapUpCode>;

/** GET /desk */
export const desk = z.object({
  me: agent,
  agents: z.array(agent),
  queue: z.array(queueItem),
  phoneCalls: z.array(phoneCall),
  /** Mine. */
  offers: z.array(offer),
  /** Mine, not closed. */
  chats: z.array(chat),
  wrapUpCodes: z.array(wrapUpCode),
});
export type Desk = z.infer<typeof desk>;

/** PUT /desk/presence → agent. `busy` and `offline` are set by the desk. */
export const presenceRequest = z.strictObject({ presence: z.enum(['available', 'away']) });
export type PresenceRequest = z.infer<typeof presenceRequest>;
/** POST /desk/alive → 204: a page of the desk's that is open says so, every half minute. Who has said so once and then falls silent for a minute and a half is taken to be gone. */
/** POST /desk/offers/:id/accept → chat (409 when it is gone). POST /desk/offers/:id/decline → 204. POST /desk/queue/:id/take → chat. */
/** POST /desk/calls/:callId/join → chat: takes a live text conversation over without having been asked (supervisor, admin). */

/** POST /desk/chats/:id/messages → line */
export const chatMessageRequest = z.strictObject({ text: z.string().min(1).max(2000), messageId: id.optional() });
export type ChatMessageRequest = z.infer<typeof chatMessageRequest>;
/** POST /desk/chats/:id/hand-back → chat in `wrapUp`: the bot goes on. POST /desk/chats/:id/end → chat in `wrapUp`. GET /desk/chats/:id → chat. */

/** PUT /desk/chats/:id/notes → chat */
export const notesRequest = z.strictObject({ notes: z.string().max(10_000) });
export type NotesRequest = z.infer<typeof notesRequest>;

/** POST /desk/chats/:id/wrap-up → chat in `closed`. */
export const wrapUpRequest = z.strictObject({
  code: z.string().min(1).max(64),
  notes: z.string().max(10_000).optional(),
});
export type WrapUpRequest = z.infer<typeof wrapUpRequest>;

export const ticket = z.object({
  number: z.string(),
  kind: z.enum(['ticket', 'call_back']),
  status: z.enum(['open', 'done', 'cancelled']),
  createdAtMs: ms,
  updatedAtMs: ms,
  callId: z.string(),
  channel: z.string(),
  language: z.string(),
  sender: z.string(),
  subject: z.string(),
  summary: z.string(),
  /** Tickets only. */
  text: z.string(),
  priority: z.enum(['low', 'normal', 'high']).nullable(),
  /** Call-backs only. */
  phone: z.string(),
  when: z.string(),
  notes: z.array(z.object({ atMs: ms, by: z.string(), text: z.string() })),
});
export type Ticket = z.infer<typeof ticket>;

/** GET /desk/tickets → {tickets}, newest first. */
export const ticketsQuery = z.strictObject({
  kind: z.enum(['ticket', 'call_back']).optional(),
  status: z.enum(['open', 'done', 'cancelled']).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type TicketsQuery = z.input<typeof ticketsQuery>;
export const ticketList = z.object({ tickets: z.array(ticket) });
export type TicketList = z.infer<typeof ticketList>;
/** POST /desk/tickets → ticket: for a call or chat. */
export const newTicketRequest = z.strictObject({
  callId: id,
  subject: z.string().min(1).max(200),
  text: z.string().max(5000).default(''),
  priority: z.enum(['low', 'normal', 'high']).default('normal'),
});
export type NewTicketRequest = z.input<typeof newTicketRequest>;
/** POST /desk/tickets/:number → ticket */
export const ticketChangeRequest = z.strictObject({
  status: z.enum(['open', 'done', 'cancelled']),
  note: z.string().min(1).max(2000).optional(),
});
export type TicketChangeRequest = z.infer<typeof ticketChangeRequest>;
