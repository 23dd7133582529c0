import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { ORDERS } from './orders.js';
import { type Entry, Records } from './records.js';
import { Routes } from './routes.js';

/**
 * The sample shop's back end: what a company has already, and what the actions talk to over HTTP. Orders, customers and goods come from the files beside this one;
 * what is created lives in memory. Routes: see README.md.
 */
export interface Shop {
  readonly url: string;
  /** What was written down: `return`, `cancellation`, `exchange`, `invoice`, `refund`, `ticket`, `message`, `password-reset`. */
  written(kind: string): readonly Entry[];
  /** How it behaves from now on, for trying how conversations take it. */
  behave(behaviour: Behaviour): void;
  stop(): Promise<void>;
}

export interface Behaviour {
  /** Before each answer. */
  readonly delayMs?: number;
  /** Answered instead of anything else. */
  readonly status?: number;
}

export interface ShopOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Epoch ms. */
  readonly now?: () => number;
  /** The code that "is sent" to whoever forgot a password. */
  readonly code?: string;
}

const MAX_BODY_BYTES = 16_384;
/** How long the order with the fault `slow` takes: longer than any action waits. */
const SLOW_MS = 15_000;

/** Listens on loopback only. */
export async function startShop({ port = 0, now = Date.now, code = '246810' }: ShopOptions = {}): Promise<Shop> {
  const records = new Records(now);
  const routes = new Routes(records, now, code);
  const stopped = new AbortController();
  let behaviour: Behaviour = {};
  const server = createServer((request, response) => {
    serve(request, response, routes, () => behaviour, stopped.signal).catch(() =>
      send(response, 500, { error: 'internal' }),
    );
  });
  server.requestTimeout = 10_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  // The shop must not keep a process alive whose work is done.
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    written: (kind) => records.all(kind),
    behave: (next) => {
      behaviour = next;
    },
    stop: async () => {
      stopped.abort();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  behaviour: () => Behaviour,
  stopped: AbortSignal,
): Promise<void> {
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', 'http://shop');
  const body = method === 'GET' ? undefined : await readJson(request);
  const fault = faultOf(url.pathname);
  const { delayMs = fault === 'slow' ? SLOW_MS : 0, status = fault === 'error' ? 500 : undefined } = behaviour();
  if (delayMs > 0) await setTimeout(delayMs, undefined, { signal: stopped, ref: false });
  if (status !== undefined) return send(response, status, { error: 'the shop is out of order' });
  const answer = routes.answer({ method, path: url.pathname, query: url.searchParams, body });
  send(response, answer.status, answer.body);
}

function faultOf(path: string): 'error' | 'slow' | undefined {
  const number = /^\/orders\/(\d{4,8})/.exec(path)?.[1];
  return number === undefined
    ? undefined
    : ORDERS.find((each) => each.fault !== undefined && each.number.endsWith(number))?.fault;
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
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return;
  const text = JSON.stringify(body);
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}
