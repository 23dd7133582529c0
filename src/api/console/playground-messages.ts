import { z } from 'zod';
import type { BotAction, TurnResult } from '../../dialogue/brain.js';
import { playgroundReply } from './contract.js';

/** What the service and the process of a playground say to each other. Both sides check it: the process runs an application that nobody has vouched for. */

const id = z.number().int();
const words = z.string().max(20_000);

/** As a channel hands it over (`UserMessage`). */
const userMessage = z.object({
  conversationId: z.string(),
  messageId: z.string(),
  channel: z.enum(['voice', 'text']),
  language: z.string().optional(),
  input: z.discriminatedUnion('type', [
    z.object({ type: z.literal('text'), text: words, confidence: z.number(), language: z.string().optional() }),
    z.object({ type: z.literal('dtmf'), digits: z.string() }),
    z.object({
      type: z.literal('event'),
      name: z.enum(['start', 'no_input', 'no_match', 'transfer_failed']),
      attempt: z.number().int(),
    }),
  ]),
  sender: z.string().optional(),
});

export const playgroundOrder = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('open'),
    folder: z.string(),
    cacheFolder: z.string(),
    /** For tickets; whoever gave it takes it away. */
    deskFolder: z.string(),
    environment: z.record(z.string(), z.string()),
    privateHosts: z.array(z.string()),
    allowedHosts: z.array(z.string()),
  }),
  z.object({
    type: z.literal('message'),
    id,
    conversationId: z.string(),
    /** Undefined: greet. */
    text: z.string().optional(),
    language: z.string().optional(),
  }),
  /** Of a spoken conversation; answered by `turn`. */
  z.object({ type: z.literal('turn'), id, message: userMessage }),
  /** Answered by `turn`, with null where that can't be told. */
  z.object({ type: z.literal('rehearse'), id, message: userMessage }),
  z.object({ type: z.literal('peek'), id, conversationId: z.string(), text: words }),
  z.object({ type: z.literal('heard'), conversationId: z.string(), text: words }),
  /** Nobody waits for this turn any more. */
  z.object({ type: z.literal('abort'), id }),
]);
export type PlaygroundOrder = z.infer<typeof playgroundOrder>;

const slots = z.record(z.string(), z.unknown());
const say = z.object({
  type: z.literal('say'),
  text: words,
  speech: words,
  response: z.string().max(300).optional(),
  bargeIn: z.boolean(),
  rate: z.number().min(0.25).max(4).optional(),
});
const expectation = z.object({
  slot: z.string().max(300).optional(),
  type: z.string().max(100),
  minLength: z.number().int().optional(),
  maxLength: z.number().int().optional(),
});
const action = z.discriminatedUnion('type', [
  say,
  z.object({ type: z.literal('expect'), expectation }),
  z.object({
    type: z.literal('transfer'),
    target: z.string().max(500).optional(),
    reason: z.string().max(2000),
    summary: words,
    slots,
  }),
  z.object({ type: z.literal('hangup'), reason: z.string().max(2000) }),
  z.object({ type: z.literal('recording'), action: z.enum(['start', 'pause', 'resume', 'stop']) }),
]);
const rank = z.object({ name: z.string().max(300), confidence: z.number() });
const turnResult = z.object({
  conversationId: z.string(),
  messageId: z.string(),
  language: z.string().max(35),
  // What a call and the console read of it.
  parse: z
    .looseObject({
      text: words,
      intent: rank,
      ranking: z.array(rank).max(1000),
      entities: z.array(z.looseObject({ entity: z.string(), value: z.unknown() })).max(500),
      sentiment: z.number(),
      model: z.string().max(500),
    })
    .optional(),
  actions: z.array(action).max(200),
  noMatch: z.boolean(),
  repeated: z.boolean(),
  slots,
});
/** For the words of the answer that is awaited: looked up while the turn's own process has them. */
const hints = z.object({
  words: z.array(z.string().max(500)).max(20_000),
  numbers: z.array(z.string().max(64)).max(200),
});

export const playgroundNews = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), languages: z.array(z.string().max(35)).max(100) }),
  z.object({ type: z.literal('failed'), problem: z.string() }),
  z.object({ type: z.literal('reply'), id, reply: playgroundReply }),
  z.object({ type: z.literal('interim'), id, say }),
  z.object({ type: z.literal('understood'), id }),
  z.object({ type: z.literal('turn'), id, result: turnResult.nullable(), hints: hints.optional() }),
  z.object({
    type: z.literal('reading'),
    id,
    reading: z.object({ complete: z.boolean(), openNumber: z.boolean(), dangling: z.boolean().optional() }),
  }),
  z.object({ type: z.literal('refused'), id, problem: z.string() }),
]);
export type PlaygroundNews = z.infer<typeof playgroundNews>;

/** The checked form is the brain's own; what the schema leaves loose is for reading only. */
export function turnResultOf(news: Extract<PlaygroundNews, { type: 'turn' }>): TurnResult | undefined {
  return (news.result ?? undefined) as TurnResult | undefined;
}

export function sayOf(news: Extract<PlaygroundNews, { type: 'interim' }>): Extract<BotAction, { type: 'say' }> {
  return news.say as Extract<BotAction, { type: 'say' }>;
}
