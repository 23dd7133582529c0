import { createServer, type Server } from 'node:http';
import { BridgeError, messageOf, systemCode } from './errors.js';

/** What `/healthz` says. */
export interface Health {
  readonly status: 'ok' | 'draining';
  readonly sip: string;
  readonly calls: number;
  readonly maxCalls: number;
  /** null: no registrar is configured. */
  readonly registered: boolean | null;
  readonly answeredCalls: number;
  readonly apologies: number;
  /** The pacer's wake-ups that came more than 10 ms late, and frames never sent because of a stall. */
  readonly lateTicks: number;
  readonly skippedFrames: number;
  readonly worstLateMs: number;
  readonly sipMessages: {
    readonly received: number;
    readonly dropped: number;
    readonly refused: number;
    readonly faults: number;
  };
}

/** GET /healthz: 200 while calls are taken, 503 while draining. Everything else is 404. */
export class HealthServer {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** Throws PORT_TAKEN. */
  static async start(host: string, port: number, read: () => Promise<Health>): Promise<HealthServer> {
    const server = createServer((request, response) => {
      const answer = (status: number, body: unknown): void => {
        response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
        response.end(`${JSON.stringify(body)}\n`);
      };
      if (request.method !== 'GET' || request.url?.split('?')[0] !== '/healthz') {
        answer(404, { error: 'only GET /healthz is here' });
        return;
      }
      read().then(
        (health) => answer(health.status === 'ok' ? 200 : 503, health),
        (error: unknown) => answer(500, { error: messageOf(error) }),
      );
    });
    server.requestTimeout = 5000;
    server.maxConnections = 50;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        const taken = systemCode(error) === 'EADDRINUSE';
        reject(
          new BridgeError(
            'PORT_TAKEN',
            taken
              ? `Port ${port} on ${host} (health) is taken by another process.`
              : `Health can't listen on ${host}:${port}: ${messageOf(error)}`,
            {
              hint: 'Set HEARKEN_BRIDGE_HEALTH to a free port, or to off.',
              cause: error,
            },
          ),
        );
      });
      server.listen(port, host, resolve);
    });
    const address = server.address();
    return new HealthServer(server, typeof address === 'object' && address ? address.port : port);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
