import { z } from 'zod';

/** What the text channels take and give. One schema each: it validates, types the code and makes the documentation. */

const id = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'visible ASCII characters only');
export const conversationId = id.describe(
  'Made by the service when left out. Keep it: it is the key to the conversation.',
);
const language = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'a BCP 47 tag such as zh-CN')
  .describe('BCP 47. Counts when the conversation is new.');

/** Longest text of one message; people who type more are better served by a letter. */
export const MAX_TEXT_CHARS = 2000;

const chatFields = z.strictObject({
  conversationId: conversationId.optional(),
  messageId: id.optional().describe('The same id twice gives the same reply and does nothing twice.'),
  text: z.string().min(1).max(MAX_TEXT_CHARS),
  language: language.optional(),
});
export const chatRequest = chatFields.meta({ examples: [{ text: '我想查一下订单', language: 'zh-CN' }] });
export type ChatRequest = z.infer<typeof chatRequest>;

export const transfer = z.object({
  target: z.string().optional(),
  reason: z.string(),
  summary: z.string(),
  slots: z.record(z.string(), z.unknown()),
});

export const chatResponse = z.object({
  conversationId: z.string(),
  messageId: z.string(),
  language: z.string(),
  replies: z.array(
    z.object({
      text: z.string(),
      response: z.string().optional(),
      buttons: z
        .array(z.object({ title: z.string(), payload: z.string() }))
        .optional()
        .describe('Choices to show with it; who takes one sends its payload, or its number, as text.'),
    }),
  ),
  intent: z.string().nullable(),
  confidence: z.number().min(0).max(1).nullable(),
  slots: z.record(z.string(), z.unknown()),
  noMatch: z.boolean(),
  repeated: z.boolean(),
  transfer: transfer.optional(),
  person: z
    .object({ state: z.enum(['queued', 'open']), name: z.string().optional() })
    .optional()
    .describe(
      'A person has the conversation, or it waits for one: what they write comes by itself, see /chat/messages.',
    ),
  ended: z.boolean(),
});
export type ChatResponse = z.infer<typeof chatResponse>;

export const errorResponse = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  requestId: z.string().optional(),
});

export const socketMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start'), messageId: id.optional() }),
  z.strictObject({ type: z.literal('message'), text: z.string().min(1).max(MAX_TEXT_CHARS), messageId: id.optional() }),
  z.strictObject({ type: z.literal('ping') }),
]);
export type SocketMessage = z.infer<typeof socketMessage>;

export const socketQuery = z.object({ conversationId: conversationId.optional(), language: language.optional() });

/** The first thing that is wrong, in words: `text: expected string`. */
export function issueText(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'it is not valid';
  const path = issue.path.map(String).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
