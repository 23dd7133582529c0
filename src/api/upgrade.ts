import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * The one listener for `upgrade` requests of an HTTP server. Each WebSocket endpoint (`/ws`, the media path) registers its
 * path here and does its own handshake with `ws` in `noServer` mode, so that they live beside each other on one port.
 * A path nobody registered gets 404, a handler that throws gets 500; neither touches the other endpoints.
 */
export class UpgradeRouter {
  readonly #handlers = new Map<string, UpgradeHandler>();
  readonly #below = new Map<string, UpgradeHandler>();
  readonly #patterns: { readonly pattern: RegExp; readonly handler: UpgradeHandler }[] = [];
  #server: Server | undefined;

  /** Path is matched exactly, without the query. Throws when it is taken: two endpoints on one path is a mistake in the wiring. */
  register(path: string, handler: UpgradeHandler): void {
    if (this.#handlers.has(path)) throw new TypeError(`An upgrade handler for ${path} is registered already.`);
    this.#handlers.set(path, handler);
  }

  /** This path and those one step below it (`/media/twilio/<token>`): for platforms that can be told nothing but a URL. */
  registerWithBelow(path: string, handler: UpgradeHandler): void {
    this.register(path, handler);
    this.#below.set(path, handler);
  }

  /** Paths with something in them that changes (`/console/api/calls/<id>/listen`); those registered whole come first. */
  registerPattern(pattern: RegExp, handler: UpgradeHandler): void {
    this.#patterns.push({ pattern, handler });
  }

  /** Starts to listen for upgrades on this server. One server a router. */
  attach(server: Server): void {
    if (this.#server !== undefined) throw new TypeError('This router is attached already.');
    this.#server = server;
    server.on('upgrade', this.#onUpgrade);
  }

  detach(): void {
    this.#server?.off('upgrade', this.#onUpgrade);
    this.#server = undefined;
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Until a handler has taken over, a reset of the peer would be an uncaught 'error'.
    const ignore = (): void => {};
    socket.on('error', ignore);
    const path = pathOf(request.url);
    const handler =
      this.#handlers.get(path) ??
      this.#below.get(path.slice(0, Math.max(0, path.lastIndexOf('/')))) ??
      this.#patterns.find(({ pattern }) => pattern.test(path))?.handler;
    if (handler === undefined) {
      refuseUpgrade(socket, 404, 'No WebSocket endpoint at this path.');
      return;
    }
    try {
      handler(request, socket, head);
    } catch {
      refuseUpgrade(socket, 500, 'The endpoint failed to take the connection.');
    }
  };
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Answers an upgrade request with a plain HTTP error and ends the socket. */
export function refuseUpgrade(socket: Duplex, status: number, message: string): void {
  if (socket.destroyed || !socket.writable) return;
  const body = JSON.stringify({ message });
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Error'}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** The path of a request target, without its query; hostile input never throws. */
function pathOf(url: string | undefined): string {
  if (url === undefined) return '/';
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
