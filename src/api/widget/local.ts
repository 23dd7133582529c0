import type { FastifyRequest } from 'fastify';

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
/** Names of this machine. A page of another site whose name was made to point here (DNS rebinding) brings its own. */
const LOCAL_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;
/** Headers that a reverse proxy adds: whoever sends one is not simply a program on this machine. */
const PROXY_HEADERS = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'] as const;

/** Whether a browser on this machine asks us by this machine's own name. */
export function isLocal(request: Pick<FastifyRequest, 'headers' | 'socket'>): boolean {
  return (
    LOOPBACK.has(request.socket.remoteAddress ?? '') &&
    LOCAL_HOST.test(request.headers.host ?? '') &&
    PROXY_HEADERS.every((name) => request.headers[name] === undefined)
  );
}

/** Our own origin as such a browser sees it; undefined for everybody else. */
export function ownOrigin(request: Pick<FastifyRequest, 'headers' | 'socket'>): string | undefined {
  return isLocal(request) ? `http://${request.headers.host}` : undefined;
}
