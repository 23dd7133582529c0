import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Brain } from '../../dialogue/brain.js';
import { chatTurn } from '../chat.js';
import { networkOf } from '../client-address.js';
import { chatRequest, chatResponse, errorResponse } from '../schemas.js';

/** `POST /chat`: a typed message in, the bot's replies out. */
export async function chatRoutes(app: FastifyInstance, { brain }: { readonly brain: Brain }): Promise<void> {
  app.withTypeProvider<ZodTypeProvider>().post(
    '/chat',
    {
      // The reply is built key by key as its schema says (see chatTurn): it is not read once more on its way out.
      serializerCompiler: () => (reply) => JSON.stringify(reply),
      schema: {
        summary: 'One message of a conversation',
        tags: ['conversation'],
        body: chatRequest,
        response: { 200: chatResponse, 400: errorResponse, 409: errorResponse, 429: errorResponse, 503: errorResponse },
      },
    },
    async (request) => {
      const { text, ...rest } = request.body;
      return chatTurn(brain, { ...rest, source: networkOf(request.ip), input: { type: 'text', text, confidence: 1 } });
    },
  );
}
