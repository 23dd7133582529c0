import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { VisitorLines } from '../../handoff/visitor-lines.js';
import { conversationId, errorResponse } from '../schemas.js';

/** Longest wait of one request: proxies cut what stays silent for a minute. */
const LONGEST_WAIT_MS = 25_000;

const query = z.strictObject({
  conversationId,
  after: z.coerce.number().int().min(0).default(0).describe('`seq` of the last message that is known'),
  waitMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(LONGEST_WAIT_MS)
    .default(0)
    .describe('For the first one, when there is none'),
});
const messages = z.object({
  messages: z.array(
    z.object({
      seq: z.number().int(),
      id: z.string(),
      who: z.enum(['agent', 'bot', 'system']),
      name: z.string().optional(),
      text: z.string(),
      over: z.boolean().optional().describe('Nobody is there any more; the bot goes on.'),
      atMs: z.number(),
    }),
  ),
});

/** `GET /chat/messages`: what a person has written in the meantime, for clients of `/chat` without a socket. */
export async function visitorRoutes(
  app: FastifyInstance,
  { visitors }: { readonly visitors: VisitorLines },
): Promise<void> {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/chat/messages',
    {
      schema: {
        summary: 'What a person has written since, while they have the conversation',
        tags: ['conversation'],
        querystring: query,
        response: { 200: messages, 400: errorResponse, 429: errorResponse },
      },
    },
    async (request, reply) => {
      const { conversationId: id, after, waitMs } = request.query;
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const found = await visitors.poll(id, after, waitMs, gone.signal);
      return {
        messages: found.map(({ name, ...message }) => ({ ...message, ...(name === undefined ? {} : { name }) })),
      };
    },
  );
}
