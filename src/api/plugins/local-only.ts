import type { FastifyRequest } from 'fastify';
import { HearkenError } from '../../errors.js';

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/**
 * Guards what people said until there is sign-in: only programs on the same machine may read it. Behind a reverse proxy on this
 * machine everybody looks local, so such a proxy must not pass these paths on. Throws FORBIDDEN.
 */
export async function localOnly(request: FastifyRequest): Promise<void> {
  if (LOOPBACK.has(request.socket.remoteAddress ?? '')) return;
  throw new HearkenError('FORBIDDEN', 'What was said is read on the machine that the service runs on.', {
    hint: 'It lies in calls/ and conversations/ in the data folder.',
  });
}
