import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { HearkenError } from '../../errors.js';
import type { AgentDesk } from '../../handoff/agent-desk.js';
import type { LiveBus, Published } from '../../insight/live-bus.js';
import type { LiveCalls } from '../../insight/live-calls.js';
import type { Audit } from './audit.js';
import type { LiveEvent } from './contract.js';
import type { ConsoleGuard, Viewer } from './guard.js';
import { maskLive, maskPhoneCalls, maskQueue } from './masking.js';

export interface LiveRouteOptions {
  readonly guard: ConsoleGuard;
  readonly bus: LiveBus;
  readonly calls: LiveCalls;
  readonly desk: AgentDesk;
  readonly audit: Audit;
  /** Default 15 s. */
  readonly heartbeatMs?: number;
}

/** A page that reads slower than this is cut off; it comes back and starts over. */
const MAX_BUFFERED_BYTES = 2 * 1024 * 1024;
const MAX_READERS = 500;
const MAX_READERS_EACH = 20;

/** `GET /live`: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) of all that happens and may be seen. */
export async function liveRoutes(app: FastifyInstance, options: LiveRouteOptions): Promise<void> {
  const { guard, bus, calls, desk, audit, heartbeatMs = 15_000 } = options;
  /** Numbers of another run mean nothing here. */
  const run = randomUUID().slice(0, 8);
  const readers = new Map<ServerResponse, { readonly name: string; readonly end: () => void }>();

  app.addHook('preClose', async () => {
    for (const { end } of readers.values()) end();
  });

  app.get('/live', { schema: { hide: true }, onRequest: guard.require() }, async (request, reply) => {
    const viewer = guard.viewer(request);
    const mine = [...readers.values()].filter(({ name }) => name === viewer.name).length;
    if (readers.size >= MAX_READERS || mine >= MAX_READERS_EACH)
      throw new HearkenError('OVERLOADED', 'Too many pages watch already.', { hint: 'Close some.' });
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      // nginx would gather events.
      'x-accel-buffering': 'no',
    });

    const send = (seq: number, event: LiveEvent): void => {
      raw.write(`event: ${event.type}\nid: ${run}-${seq}\ndata: ${JSON.stringify(event)}\n\n`);
      if (raw.writableLength > MAX_BUFFERED_BYTES) raw.destroy();
    };
    const tell = ({ seq, event, to }: Published): void => {
      const seen = visible(event, to, viewer, desk);
      if (seen !== undefined) send(seq, seen);
    };
    const missed = sinceOf(request.headers['last-event-id'], run, bus);
    if (missed === undefined) send(bus.seq, snapshot(viewer, calls, desk));
    else for (const published of missed) tell(published);

    const stopReading = bus.read(tell);
    // Supervisors too: who has taken a visitor over is missed when their pages are gone.
    const leaveDesk = viewer.rung || viewer.seesAll ? desk.connect(viewer) : () => undefined;
    const heartbeat = setInterval(() => {
      // A page that is open is in use.
      guard.session(request.headers).then(
        (session) => {
          const same = session?.user.roles.join() === viewer.roles.join();
          if (same) {
            raw.write(': still here\n\n');
            return;
          }
          // Whose roles have changed comes back, and sees what they may see now.
          if (session === undefined) send(bus.seq, { type: 'signedOut' });
          end();
        },
        () => raw.write(': still here\n\n'),
      );
    }, heartbeatMs);
    const close = (): void => {
      clearInterval(heartbeat);
      stopReading();
      leaveDesk();
      readers.delete(raw);
    };
    const end = (): void => {
      close();
      raw.end();
    };
    readers.set(raw, { name: viewer.name, end });
    if (viewer.seesAll) audit.add({ who: viewer.name, what: 'watchCalls', address: request.ip });
    raw.on('error', () => raw.destroy());
    raw.on('close', close);
  });
}

function sinceOf(header: unknown, run: string, bus: LiveBus): readonly Published[] | undefined {
  const match = typeof header === 'string' ? /^([0-9a-f]{8})-(\d{1,15})$/.exec(header) : null;
  return match === null || match[1] !== run ? undefined : bus.since(Number(match[2]));
}

function snapshot(viewer: Viewer, calls: LiveCalls, desk: AgentDesk): LiveEvent {
  const shown = viewer.seesAll ? calls.all : calls.all.filter(({ id }) => desk.chatOf(id)?.agent === viewer.name);
  const view = desk.view(viewer);
  return {
    type: 'snapshot',
    atMs: Date.now(),
    calls: [...shown],
    agents: view.agents,
    queue: viewer.seesAll ? view.queue : maskQueue(view.queue),
    phoneCalls: viewer.seesAll ? view.phoneCalls : maskPhoneCalls(view.phoneCalls),
    offers: view.offers,
    chats: view.chats,
  };
}

/** What this user sees of it; undefined: nothing. */
function visible(event: LiveEvent, to: string | undefined, viewer: Viewer, desk: AgentDesk): LiveEvent | undefined {
  if (to !== undefined) return to === viewer.name ? event : undefined;
  if (viewer.seesAll) return event;
  const callId = callOf(event);
  if (callId === undefined) return maskLive(event);
  return desk.chatOf(callId)?.agent === viewer.name ? event : undefined;
}

function callOf(event: LiveEvent): string | undefined {
  switch (event.type) {
    case 'callStarted':
      return event.call.id;
    case 'callChanged':
    case 'callEnded':
    case 'line':
    case 'turn':
      return event.callId;
    default:
      return undefined;
  }
}
