import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BridgeError, messageOf, systemCode } from '../errors.js';

export interface ControlRequest {
  readonly method: string;
  /** Parts of the path, decoded: `['calls', 'abc', 'trace']`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Default: JSON. */
  readonly type?: string;
}

export interface ControlRoute {
  /** `POST /calls`, `GET /calls/:id/trace`. */
  readonly at: string;
  /** Works without the token. */
  readonly open: boolean;
  run(request: ControlRequest): Promise<ControlAnswer> | ControlAnswer;
}

export interface ControlOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined: only open routes answer. */
  readonly token: () => string | undefined;
  readonly routes: readonly ControlRoute[];
}

const MAX_BODY_BYTES = 65_536;

/** The bridge's own HTTP port: health for whoever asks, everything else for those who have the token. */
export class ControlServer {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Throws PORT_TAKEN. */
  static async start(options: ControlOptions): Promise<ControlServer> {
    const server = createServer((request, response) => {
      handle(request, options).then(
        (answer) => send(response, answer),
        (error: unknown) => send(response, { status: 500, body: { error: messageOf(error) } }),
      );
    });
    server.requestTimeout = 5000;
    server.maxConnections = 50;
    const { host, port } = options;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        const taken = systemCode(error) === 'EADDRINUSE';
        const message = taken
          ? `Port ${port} on ${host} (health and control) is taken by another process.`
          : `Health and control can't listen on ${host}:${port}: ${messageOf(error)}`;
        reject(
          new BridgeError('PORT_TAKEN', message, {
            hint: 'Set HEARKEN_BRIDGE_HEALTH to a free port, or to off.',
            cause: error,
          }),
        );
      });
      server.listen(port, host, resolve);
    });
    const address = server.address();
    return new ControlServer(server, typeof address === 'object' && address ? address.port : port);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

async function handle(request: IncomingMessage, options: ControlOptions): Promise<ControlAnswer> {
  const url = new URL(request.url ?? '/', 'http://bridge.invalid');
  const path = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const method = request.method ?? 'GET';
  const route = options.routes.find(({ at }) => fits(at, method, path));
  if (!route) return { status: 404, body: { error: `there is no ${method} ${url.pathname.slice(0, 100)} here` } };
  if (!route.open && !mayAsk(request, options.token())) {
    return { status: 401, body: { error: 'Authorization: Bearer with the token of bridge.control.token is needed' } };
  }
  const text = await readBody(request);
  if (text === undefined) return { status: 413, body: { error: `at most ${MAX_BODY_BYTES} bytes` } };
  let body: unknown;
  try {
    body = text === '' ? undefined : JSON.parse(text);
  } catch {
    return { status: 400, body: { error: 'the body is not JSON' } };
  }
  return route.run({ method, path, query: url.searchParams, body });
}

function fits(at: string, method: string, path: readonly string[]): boolean {
  const [wanted, pattern = ''] = at.split(' ');
  const parts = pattern.split('/').filter((part) => part !== '');
  if (wanted !== method || parts.length !== path.length) return false;
  return parts.every((part, index) => part.startsWith(':') || part === path[index]);
}

function mayAsk(request: IncomingMessage, token: string | undefined): boolean {
  if (token === undefined) return false;
  const given = /^Bearer (.{1,512})$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, { status, body, type }: ControlAnswer): void {
  response.writeHead(status, { 'content-type': type ?? 'application/json', 'cache-control': 'no-store' });
  response.end(typeof body === 'string' ? body : `${JSON.stringify(body)}\n`);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
