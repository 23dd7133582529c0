import { z } from 'zod';

/**
 * What the console's pages and the service say to each other: every request, reply and live event under `/console/api`. Nothing here comes from the rest of the service, so that
 * the pages import the types.
 *
 * - Signed in by an HttpOnly cookie. Every request but GET carries `X-Hearken-Console: 1` (else 403); bodies are JSON.
 * - An error is `{code, message, hint?, requestId?}` with its status: 401 sign in first, 403 not your role, 404, 409 (somebody was faster, or the wrong state), 429 with Retry-After, 503.
 * - Times named `…AtMs` are epoch ms; `fromMs`/`toMs`/`ms` inside a call count from its begin, which is the begin of its sound.
 * - All words of callers, slots and headers are hostile input: text, never markup.
 * - Personal data is masked as `***` on the server, unless the reader is a supervisor or an administrator, or the agent whose conversation it is or was.
 */

const id = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'visible ASCII characters only');
const values = z.record(z.string(), z.unknown());
const ms = z.number();

// Who is who ---------------------------------------------------------------------------------------------------------

/** `agent`: the desk. `supervisor`: also all calls and listen-in. `admin`: everything. A user has one or more. */
export const role = z.enum(['agent', 'supervisor', 'admin']);
export type Role = z.infer<typeof role>;

/** POST /sign-in → `me` and the cookie. 401 for a wrong name or password (alike), 429 with Retry-After while locked. */
export const signInRequest = z.strictObject({
  name: z.string().min(1).max(64),
  password: z.string().min(1).max(1024),
});
export type SignInRequest = z.infer<typeof signInRequest>;

/** GET /me (401 when nobody is signed in; its hint says what to do on a first start). POST /sign-out → 204. */
export const me = z.object({
  name: z.string(),
  displayName: z.string(),
  roles: z.array(role),
  /** The session ends then, unless it is used before. */
  expiresAtMs: ms,
  /** What this user may do here, so that pages show no doors that are locked. */
  can: z.object({
    desk: z.boolean(),
    search: z.boolean(),
    listenIn: z.boolean(),
    superviseDesk: z.boolean(),
    playground: z.boolean(),
    health: z.boolean(),
    audio: z.boolean(),
  }),
});
export type Me = z.infer<typeof me>;

// Calls as they happen -----------------------------------------------------------------------------------------------

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

// The desk -----------------------------------------------------------------------------------------------------------

/** `available`: is rung. `busy`: in a conversation or wrapping up (set by the desk). `away`: signed in, not rung. `offline`: not signed in. */
export const presence = z.enum(['available', 'busy', 'away', 'offline']);
export type Presence = z.infer<typeof presence>;

export const agent = z.object({
  name: z.string(),
  displayName: z.string(),
  presence,
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

/** A ring: it stops by itself at `expiresAtMs`, and goes back to the queue. */
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
  /** Why it is over: `agent`, `handedBack`, `visitorLeft`, `idle`. */
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

// Live events --------------------------------------------------------------------------------------------------------

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
  /** Rings at me. */
  z.object({ type: z.literal('offer'), offer }),
  /** It rings no more: `accepted`, `declined`, `timeout`, `gone` (the visitor left), `taken` (by somebody else). */
  z.object({ type: z.literal('offerClosed'), offerId: z.string(), outcome: z.string() }),
  /** Mine: it began, or its state, notes, or connection changed. Lines come by `chatLine`. */
  z.object({ type: z.literal('chat'), chat }),
  z.object({ type: z.literal('chatLine'), chatId: z.string(), line }),
  /** One was added or changed. */
  z.object({ type: z.literal('ticket'), number: z.string(), status: z.string() }),
  /** The session has ended: sign in again. */
  z.object({ type: z.literal('signedOut') }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;
export type LiveEventOf<T extends LiveEvent['type']> = Extract<LiveEvent, { type: T }>;

// Past conversations -------------------------------------------------------------------------------------------------

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

// Playground ---------------------------------------------------------------------------------------------------------

/** GET /playground → {apps, sessions of mine}. */
export const playgroundApp = z.object({ name: z.string(), folder: z.string(), live: z.boolean() });
export type PlaygroundApp = z.infer<typeof playgroundApp>;
/** `loading`: reads and trains. POST /playground {app} → playground; GET /playground/:id asks how it is; DELETE ends it. */
export const playground = z.object({
  id: z.string(),
  app: z.string(),
  state: z.enum(['loading', 'ready', 'failed', 'ended']),
  /** Why it failed: file, line, what to mend. */
  problem: z.string().nullable(),
  languages: z.array(z.string()),
});
export type Playground = z.infer<typeof playground>;
export const playgroundList = z.object({ apps: z.array(playgroundApp), sessions: z.array(playground) });
export type PlaygroundList = z.infer<typeof playgroundList>;
export const playgroundRequest = z.strictObject({ app: z.string().min(1).max(200) });
export type PlaygroundRequest = z.infer<typeof playgroundRequest>;
/** POST /playground/:id/messages. Without text the conversation starts anew with the greeting. */
export const playgroundMessageRequest = z.strictObject({
  text: z.string().min(1).max(2000).optional(),
  language: z.string().max(35).optional(),
});
export type PlaygroundMessageRequest = z.infer<typeof playgroundMessageRequest>;
export const playgroundReply = z.object({
  replies: z.array(z.object({ text: z.string(), speech: z.string(), response: z.string().nullable() })),
  turn,
  language: z.string(),
  transfer: z.object({ target: z.string(), reason: z.string(), summary: z.string() }).nullable(),
  ended: z.boolean(),
});
export type PlaygroundReply = z.infer<typeof playgroundReply>;

// Health -------------------------------------------------------------------------------------------------------------

const fact = z.object({ name: z.string(), ok: z.boolean(), value: z.string(), detail: z.string() });
/** GET /health */
export const health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  startedAtMs: ms,
  calls: z.number().int(),
  /** In use, and why: as `hearken models` tells. */
  models: z.array(
    z.object({ kind: z.string(), language: z.string(), name: z.string().nullable(), reason: z.string() }),
  ),
  stores: z.array(fact),
  /** As the bridge tells; `trunksProblem` says why there are none. */
  trunks: z.array(fact),
  trunksProblem: z.string().nullable(),
  workers: z.array(fact),
  disk: z.object({ folder: z.string(), freeBytes: z.number(), totalBytes: z.number() }).nullable(),
});
export type Health = z.infer<typeof health>;
