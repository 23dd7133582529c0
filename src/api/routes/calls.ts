import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readRecord } from '../../call/record.js';
import { HearkenError } from '../../errors.js';
import type { SignIn } from '../plugins/sign-in.js';
import { errorResponse } from '../schemas.js';

export interface CallRouteOptions {
  /** The service's data folder; call records lie in `calls/<day>/<id>.jsonl` below it. */
  readonly dataFolder: string;
  /** Our id of a call, by the signalling's. */
  readonly idOf: (callId: string) => string | undefined;
  readonly signIn: SignIn;
}

const params = z.object({ callId: z.string().min(1).max(256) });
const record = z.object({
  id: z.string(),
  audio: z.string().nullable(),
  events: z.array(z.record(z.string(), z.unknown())),
});

/** `GET /api/calls/:callId`: what happened in a call, by the SIP Call-ID (or our own id), as far as it is on disk. */
export async function callRoutes(app: FastifyInstance, options: CallRouteOptions): Promise<void> {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/calls/:callId',
    {
      onRequest: options.signIn.require('calls'),
      schema: {
        summary: 'The record of a call (API key with scope calls, or from the same machine)',
        tags: ['calls'],
        params,
        response: { 200: record, 401: errorResponse, 403: errorResponse, 404: errorResponse },
      },
    },
    async (request) => {
      const { callId } = request.params;
      const id = options.idOf(callId) ?? callId;
      const found = await readRecord(options.dataFolder, id);
      if (found === undefined) {
        throw new HearkenError('NOT_FOUND', 'There is no record of that call.', {
          hint: 'Records are kept when record.events is on; ask by SIP Call-ID while the service runs, or by our id.',
        });
      }
      return { id, audio: found.audio, events: [...found.events] };
    },
  );
}
