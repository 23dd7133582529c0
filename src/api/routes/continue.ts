import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Brain } from '../../dialogue/brain.js';
import { speakDigits } from '../../dialogue/digits.js';
import type { ShortCodes } from '../../store/short-codes.js';
import { chatTurn } from '../chat.js';
import { networkOf } from '../client-address.js';
import { chatRequest, chatResponse, conversationId, errorResponse } from '../schemas.js';

export interface ContinueRouteOptions {
  readonly brain: Brain;
  readonly codes: ShortCodes;
}

const errors = { 400: errorResponse, 429: errorResponse, 503: errorResponse };
const codeRequest = z.strictObject({ conversationId, language: chatRequest.shape.language }).meta({
  examples: [{ conversationId: 'demo-1', language: 'zh-CN' }],
});
const codeResponse = z.object({
  code: z.string().describe('Digits. One use.'),
  spoken: z.string().describe('As it is read out.'),
  expiresInMs: z.number().int(),
});
const joinRequest = chatRequest
  .omit({ text: true })
  .extend({
    code: z
      .string()
      .regex(/^\d{6,10}$/, '6 to 10 digits')
      .describe('What the other channel told'),
  })
  .meta({ examples: [{ code: '123456' }] });

/** For front ends with buttons of their own; people can just as well say or type it. */
export async function continueRoutes(app: FastifyInstance, { brain, codes }: ContinueRouteOptions): Promise<void> {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['conversation'];
  api.post(
    '/api/continue/code',
    {
      schema: {
        summary: 'A short code with which this conversation goes on elsewhere',
        tags,
        body: codeRequest,
        response: { 200: codeResponse, ...errors },
      },
    },
    async (request) => {
      const { code, expiresInMs } = await codes.give(request.body.conversationId);
      return { code, spoken: speakDigits(code, request.body.language ?? 'zh-CN'), expiresInMs };
    },
  );
  api.post(
    '/api/continue',
    {
      schema: {
        summary: 'Go on with the conversation of a code; its id is in the answer',
        tags,
        body: joinRequest,
        response: { 200: chatResponse, ...errors },
      },
    },
    async (request) => {
      const { code, ...rest } = request.body;
      return chatTurn(brain, {
        ...rest,
        conversationId: rest.conversationId ?? randomUUID(),
        source: networkOf(request.ip),
        input: { type: 'text', text: `code ${code}`, confidence: 1 },
      });
    },
  );
}
