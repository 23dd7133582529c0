import type { FastifyInstance } from 'fastify';
import { admit, type Credentials } from './credentials.js';
import { NEXT_FORMATS, type NextFormat, type NextSteps, render } from './next-step.js';

export interface NextStepRouteOptions {
  /** `/media/next`; the format is the last part of the path. */
  readonly path: string;
  readonly steps: NextSteps;
  readonly credentials: Credentials;
}

/** What the platforms call a call's id when they ask. */
const ID_NAMES = ['call', 'CallSid', 'call_sid', 'callSid', 'uuid'] as const;

/** `GET /media/next/twiml?CallSid=…`: what comes next for a call whose media connection has ended. Throws UNAUTHORIZED or FORBIDDEN as the media connections do. */
export function registerNextStep(app: FastifyInstance, { path, steps, credentials }: NextStepRouteOptions): void {
  for (const format of NEXT_FORMATS) {
    app.get(`${path}/${format}`, { schema: { hide: true } }, async (request, reply) => {
      admit(format === 'twiml' ? 'twilio' : platformOf(format), request.raw, '', credentials, 'https');
      const query = request.query as Readonly<Record<string, unknown>>;
      const id = ID_NAMES.map((name) => query[name]).find((value) => typeof value === 'string');
      const { type, body } = render(steps.take(typeof id === 'string' ? id : ''), format);
      return reply.type(type).header('cache-control', 'no-store').send(body);
    });
  }
}

function platformOf(format: NextFormat): 'asterisk' | 'jambonz' | 'vonage' {
  if (format === 'jambonz') return 'jambonz';
  return format === 'ncco' ? 'vonage' : 'asterisk';
}
