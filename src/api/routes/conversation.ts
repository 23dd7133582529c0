import { createHash, randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Brain } from '../../dialogue/brain.js';
import type { SearchableLog } from '../../store/conversation-log.js';
import { chatTurn } from '../chat.js';
import { networkOf } from '../client-address.js';
import type { SignIn } from '../plugins/sign-in.js';
import { chatRequest, chatResponse, conversationId, errorResponse, MAX_TEXT_CHARS } from '../schemas.js';

export interface ConversationRouteOptions {
  readonly brain: Brain;
  /** Without it there is no history. */
  readonly log?: SearchableLog | undefined;
  readonly signIn: SignIn;
}

const errors = { 400: errorResponse, 404: errorResponse, 409: errorResponse, 429: errorResponse, 503: errorResponse };

const sender = z.string().max(256).optional();
const BELIEVED = 'Counts from a program on the same machine, or with an API key of scope sender; else it is left out.';

const message = chatRequest
  .extend({
    channel: z
      .enum(['text', 'web', 'app', 'wechat'])
      .default('text')
      .describe('Where it was typed; all of them are text to the dialogue.'),
    sender: sender.describe(`The channel's own name of the person. ${BELIEVED}`),
  })
  .meta({ examples: [{ text: '我要退货', channel: 'app', sender: 'user-17' }] });

const begin = z
  .strictObject({
    conversationId: conversationId.optional(),
    language: chatRequest.shape.language,
    sender: sender.describe(`Who it is. ${BELIEVED}`),
  })
  .meta({ examples: [{ language: 'zh-CN' }] });

const question = chatRequest.pick({ text: true, language: true }).meta({ examples: [{ text: '你们几点下班' }] });

const historyQuery = z
  .object({ conversationId, limit: z.coerce.number().int().min(1).max(200).default(50) })
  .meta({ examples: [{ conversationId: 'demo-1', limit: 20 }] });
const history = z.object({
  conversationId: z.string(),
  events: z.array(z.object({ atMs: z.number(), type: z.string(), data: z.record(z.string(), z.unknown()) })),
});

const searchQuery = z.strictObject({
  text: z.string().min(1).max(200).optional().describe('Words said by either side; letters of any case'),
  intent: z.string().max(200).optional(),
  channel: z.enum(['voice', 'text']).optional(),
  type: z.string().max(64).optional().describe('`turn`, `heard`, `transfer`, `ended`'),
  conversationId: conversationId.optional(),
  from: z.iso.datetime({ offset: true }).optional().describe('Inside'),
  to: z.iso.datetime({ offset: true }).optional().describe('Not inside'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(500).optional().describe('`next` of the page before'),
});
const searchPage = z.object({
  events: z.array(
    z.object({
      id: z.string(),
      conversationId: z.string(),
      atMs: z.number(),
      type: z.string(),
      data: z.record(z.string(), z.unknown()),
    }),
  ),
  next: z.string().nullable().describe('null: that was the last page'),
});

/** What customers' own front ends speak: begin a conversation, send messages, ask once, read back. */
export async function conversationRoutes(
  app: FastifyInstance,
  { brain, log, signIn }: ConversationRouteOptions,
): Promise<void> {
  const api = app.withTypeProvider<ZodTypeProvider>();

  api.post(
    '/api/conversation',
    {
      schema: {
        summary: 'Begin a conversation: its id and the greeting',
        tags: ['conversation'],
        body: begin,
        response: { 200: chatResponse, ...errors },
      },
    },
    async (request) => {
      const { sender: named, ...rest } = request.body;
      return chatTurn(brain, {
        ...rest,
        sender: believed(signIn, request, named),
        input: { type: 'event', name: 'start', attempt: 1 },
      });
    },
  );

  api.post(
    '/api/message',
    {
      schema: {
        summary: 'One message of a conversation, from any channel',
        tags: ['conversation'],
        body: message,
        response: { 200: chatResponse, ...errors },
      },
    },
    async (request) => {
      const { text, channel, sender: named, ...rest } = request.body;
      return chatTurn(brain, {
        ...rest,
        source: networkOf(request.ip),
        sender: believed(signIn, request, named === undefined ? undefined : `${channel}:${named}`),
        input: { type: 'text', text, confidence: 1 },
      });
    },
  );

  api.post(
    '/api/query',
    {
      schema: {
        summary: 'One question in a conversation of its own',
        tags: ['conversation'],
        body: question,
        response: { 200: chatResponse, ...errors },
      },
    },
    async (request) =>
      chatTurn(brain, {
        conversationId: `query-${randomUUID()}`,
        source: networkOf(request.ip),
        language: request.body.language,
        input: { type: 'text', text: request.body.text, confidence: 1 },
      }),
  );

  if (log !== undefined) {
    const read = async (query: z.infer<typeof historyQuery>): Promise<z.infer<typeof history>> => {
      const events = await log.history(query.conversationId, query.limit);
      return {
        conversationId: query.conversationId,
        events: events.map(({ atMs, type, data }) => ({ atMs, type, data: { ...data } })),
      };
    };
    const schema = {
      summary: 'What was said in a conversation, oldest first (API key with scope history, or from the same machine)',
      tags: ['conversation'],
    };
    api.get(
      '/api/history',
      {
        onRequest: signIn.require('history'),
        schema: {
          ...schema,
          querystring: historyQuery,
          response: { 200: history, 401: errorResponse, 403: errorResponse, ...errors },
        },
      },
      async (request) => read(request.query),
    );
    api.post(
      '/api/history',
      {
        onRequest: signIn.require('history'),
        schema: {
          ...schema,
          body: historyQuery,
          response: { 200: history, 401: errorResponse, 403: errorResponse, ...errors },
        },
      },
      async (request) => read(request.body),
    );
    api.get(
      '/api/conversations',
      {
        onRequest: signIn.require('history'),
        schema: {
          summary: 'Search what was said, newest first (API key with scope history, or from the same machine)',
          tags: ['conversation'],
          querystring: searchQuery,
          response: { 200: searchPage, 401: errorResponse, 403: errorResponse, ...errors },
        },
      },
      async (request) => {
        const { from, to, ...query } = request.query;
        const page = await log.search({
          ...query,
          fromMs: from === undefined ? undefined : Date.parse(from),
          toMs: to === undefined ? undefined : Date.parse(to),
        });
        return {
          events: page.events.map((event) => ({ ...event, data: { ...event.data } })),
          next: page.next ?? null,
        };
      },
    );
  }
}

/** Who somebody says they are opens what is kept about that person, and what the application looks up for them: a stranger's word for it is not enough. */
function believed(signIn: SignIn, request: FastifyRequest, named: string | undefined): string | undefined {
  return named !== undefined && signIn.may(request, 'sender') ? named : undefined;
}

const rasaMessage = z
  .object({
    sender: z.string().min(1).max(128).default('default'),
    message: z.string().min(1).max(MAX_TEXT_CHARS),
  })
  .meta({ examples: [{ sender: 'user-17', message: '你好' }] });

const rasaReply = z.object({
  recipient_id: z.string(),
  text: z.string(),
  buttons: z.array(z.object({ title: z.string(), payload: z.string() })).optional(),
});

/** Rasa's REST channel: `POST /webhooks/rest/webhook {sender, message}` → `[{recipient_id, text, buttons}]`. A sender is a conversation. */
export async function rasaWebhookRoute(app: FastifyInstance, { brain }: { readonly brain: Brain }): Promise<void> {
  app.withTypeProvider<ZodTypeProvider>().post(
    '/webhooks/rest/webhook',
    {
      schema: {
        summary: "Rasa's REST channel",
        tags: ['compatibility'],
        body: rasaMessage,
        response: { 200: z.array(rasaReply), ...errors },
      },
    },
    async (request) => {
      const { sender, message: said } = request.body;
      // Rasa takes any text as a sender; ours are keys of visible ASCII.
      const id = /^[\x21-\x7e]+$/.test(sender) ? sender : createHash('sha256').update(sender).digest('hex');
      const reply = await chatTurn(brain, {
        conversationId: id,
        source: networkOf(request.ip),
        input: { type: 'text', text: said, confidence: 1 },
      });
      return reply.replies.map(({ text, buttons }) => ({
        recipient_id: sender,
        text,
        ...(buttons === undefined ? {} : { buttons }),
      }));
    },
  );
}
