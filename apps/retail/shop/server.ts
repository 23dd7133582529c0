import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ORDERS } from './data.js';

/**
 * The sample shop: `GET /orders/20250415` (or its last four digits), `POST /returns {order, key}`, `POST /tickets {text, key}`. The same key
 * twice makes one return or ticket. Everything lives in memory.
 */
export interface Shop {
  readonly url: string;
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 16_384;
const MAX_RECORDS = 10_000;

export async function startShop(port = 0): Promise<Shop> {
  const numbers = new Map<string, string>();
  const server = createServer((request, response) => {
    answer(request, response, numbers).catch(() => send(response, 500, { error: 'internal' }));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  // The shop must not keep a process alive whose work is done.
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, numbers: Map<string, string>): Promise<void> {
  const path = (request.url ?? '').split('?')[0] ?? '';
  const order = /^\/orders\/(\d{4}|\d{8})$/.exec(path)?.[1];
  if (request.method === 'GET' && order !== undefined) {
    const found = ORDERS.filter((each) => each.number === order || (order.length === 4 && each.number.endsWith(order)));
    return found[0] === undefined ? send(response, 404, { error: 'no such order' }) : send(response, 200, found[0]);
  }
  if (request.method === 'POST' && (path === '/returns' || path === '/tickets')) {
    const body = await readJson(request);
    if (body === undefined || typeof body.key !== 'string')
      return send(response, 400, { error: 'send JSON with a key' });
    const id = `${path}:${body.key}`;
    const number = numbers.get(id) ?? String(10_000 + numbers.size + 1);
    if (numbers.size < MAX_RECORDS) numbers.set(id, number);
    return send(response, 201, { number });
  }
  return send(response, 404, { error: 'not found' });
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
