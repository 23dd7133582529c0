import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { HearkenError } from '../../errors.js';
import type { AgentDesk } from '../../handoff/agent-desk.js';
import type { DeskItem, DeskStore } from '../../handoff/desk-store.js';
import type { LiveBus } from '../../insight/live-bus.js';
import { errorResponse } from '../schemas.js';
import type { Audit } from './audit.js';
import {
  agent,
  type Chat,
  chat,
  chatMessageRequest,
  desk as deskView,
  line,
  newTicketRequest,
  notesRequest,
  presenceRequest,
  type Ticket,
  ticket,
  ticketChangeRequest,
  ticketList,
  ticketsQuery,
  wrapUpRequest,
} from './contract.js';
import type { ConsoleGuard, Viewer } from './guard.js';
import { maskCaller, maskPhoneCalls, maskQueue, maskWords } from './masking.js';

export interface DeskRouteOptions {
  readonly guard: ConsoleGuard;
  readonly desk: AgentDesk;
  readonly tickets: DeskStore;
  readonly bus: LiveBus;
  readonly audit: Audit;
}

const errors = {
  400: errorResponse,
  401: errorResponse,
  403: errorResponse,
  404: errorResponse,
  409: errorResponse,
  503: errorResponse,
};
const byId = z.object({ id: z.string().min(1).max(128) });

/** The agent desk: presence, rings, conversations in hand, tickets. */
export async function deskRoutes(app: FastifyInstance, options: DeskRouteOptions): Promise<void> {
  const { guard, desk, tickets, bus, audit } = options;
  const api = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard.require('agent', 'supervisor');
  /** Who is rung. A supervisor who is no agent takes over by joining, or out of the queue. */
  const ofAgents = guard.require('agent');

  /** A conversation that is theirs; supervisors have them all. */
  const chatOf = (request: FastifyRequest, id: string): { readonly viewer: Viewer; readonly found: Chat } => {
    const viewer = guard.viewer(request);
    const found = desk.chat(id);
    if (found.agent !== viewer.name && !viewer.seesAll)
      throw new HearkenError('FORBIDDEN', 'This conversation is somebody else’s.', {
        hint: 'Ask them, or a supervisor.',
      });
    return { viewer, found };
  };
  const note = (request: FastifyRequest, what: string, about: string, detail: Readonly<Record<string, unknown>> = {}) =>
    audit.add({ who: guard.viewer(request).name, what, about, address: request.ip, detail });

  api.get('/desk', { onRequest, schema: { hide: true, response: { 200: deskView, ...errors } } }, async (request) => {
    const viewer = guard.viewer(request);
    const view = desk.view(viewer);
    return viewer.seesAll
      ? view
      : { ...view, queue: maskQueue(view.queue), phoneCalls: maskPhoneCalls(view.phoneCalls) };
  });

  api.put(
    '/desk/presence',
    { onRequest: ofAgents, schema: { hide: true, body: presenceRequest, response: { 200: agent, ...errors } } },
    async (request) => {
      note(request, 'presence', request.body.presence);
      return desk.setPresence(guard.viewer(request), request.body.presence);
    },
  );

  api.post(
    '/desk/alive',
    // A whole office may sit behind one address; who is let in is signed in.
    { onRequest, config: { rateLimit: false }, schema: { hide: true } },
    async (request, reply) => {
      desk.alive(guard.viewer(request));
      return reply.status(204).send();
    },
  );

  const taking = { onRequest, schema: { hide: true, params: byId, response: { 200: chat, ...errors } } };
  api.post('/desk/offers/:id/accept', { ...taking, onRequest: ofAgents }, async (request) => {
    const begun = desk.accept(request.params.id, guard.viewer(request));
    note(request, 'acceptCall', begun.callId);
    return begun;
  });
  api.post('/desk/queue/:id/take', taking, async (request) => {
    const begun = desk.take(request.params.id, guard.viewer(request));
    note(request, 'takeCall', begun.callId);
    return begun;
  });
  api.post(
    '/desk/offers/:id/decline',
    { onRequest: ofAgents, schema: { hide: true, params: byId } },
    async (request, reply) => {
      desk.decline(request.params.id, guard.viewer(request));
      note(request, 'declineCall', request.params.id);
      return reply.status(204).send();
    },
  );
  api.post('/desk/phone/:id/open', { ...taking, onRequest: ofAgents }, async (request) => {
    const viewer = guard.viewer(request);
    const begun = desk.phone.open(request.params.id, viewer, viewer.is('supervisor'));
    note(request, 'openPhoneCall', begun.callId);
    return begun;
  });
  api.post('/desk/calls/:id/join', { ...taking, onRequest: guard.require('supervisor') }, async (request) => {
    const begun = desk.join(request.params.id, guard.viewer(request));
    note(request, 'joinCall', begun.callId);
    return begun;
  });

  api.get('/desk/chats/:id', taking, async (request) => {
    const { viewer, found } = chatOf(request, request.params.id);
    if (found.agent !== viewer.name) note(request, 'readChat', found.callId);
    return found;
  });
  api.post(
    '/desk/chats/:id/messages',
    {
      onRequest,
      schema: { hide: true, params: byId, body: chatMessageRequest, response: { 200: line, ...errors } },
    },
    async (request) => {
      const { viewer, found } = chatOf(request, request.params.id);
      return desk.agentSays(found.id, viewer, request.body.text, request.body.messageId);
    },
  );
  api.post('/desk/chats/:id/hand-back', taking, async (request) => {
    const { found } = chatOf(request, request.params.id);
    note(request, 'handBack', found.callId);
    return desk.handBack(found.id);
  });
  api.post('/desk/chats/:id/end', taking, async (request) => {
    const { found } = chatOf(request, request.params.id);
    note(request, 'endChat', found.callId);
    return desk.end(found.id);
  });
  api.put(
    '/desk/chats/:id/notes',
    { onRequest, schema: { hide: true, params: byId, body: notesRequest, response: { 200: chat, ...errors } } },
    async (request) => desk.setNotes(chatOf(request, request.params.id).found.id, request.body.notes),
  );
  api.post(
    '/desk/chats/:id/wrap-up',
    { onRequest, schema: { hide: true, params: byId, body: wrapUpRequest, response: { 200: chat, ...errors } } },
    async (request) => {
      const { found } = chatOf(request, request.params.id);
      note(request, 'wrapUp', found.callId, { code: request.body.code });
      return desk.wrapUp(found.id, request.body.code, request.body.notes);
    },
  );

  api.get(
    '/desk/tickets',
    { onRequest, schema: { hide: true, querystring: ticketsQuery, response: { 200: ticketList, ...errors } } },
    async (request) => {
      const { kind, status, limit } = request.query;
      const items = await tickets.list({
        limit,
        ...(kind === undefined ? {} : { kind }),
        ...(status === undefined ? {} : { status }),
      });
      note(request, 'readTickets', `${items.length}`);
      const viewer = guard.viewer(request);
      return { tickets: items.map((item) => shown(item, viewer, desk)) };
    },
  );
  api.post(
    '/desk/tickets',
    { onRequest, schema: { hide: true, body: newTicketRequest, response: { 200: ticket, ...errors } } },
    async (request) => {
      const { callId, subject, text, priority } = request.body;
      const viewer = guard.viewer(request);
      const found = desk.chatOf(callId);
      // What a colleague has in hand is theirs to file: neither its facts nor its list of tickets are anybody else's.
      const open = found === undefined || (found.agent !== viewer.name && !viewer.seesAll) ? undefined : found;
      const added = await tickets.add({
        kind: 'ticket',
        conversationId: callId,
        key: `console ${randomUUID()}`,
        channel: 'desk',
        language: open?.language ?? '',
        ...(open === undefined || open.caller === '' ? {} : { sender: open.caller }),
        subject,
        text,
        priority,
        summary: open?.context.summary ?? '',
        slots: open?.context.slots ?? {},
      });
      if (open !== undefined) desk.addTicket(open.id, added.number);
      note(request, 'addTicket', added.number, { callId });
      bus.publish({ type: 'ticket', number: added.number, status: added.status });
      return shown(added, viewer, desk);
    },
  );
  api.post(
    '/desk/tickets/:id',
    {
      onRequest,
      schema: { hide: true, params: byId, body: ticketChangeRequest, response: { 200: ticket, ...errors } },
    },
    async (request) => {
      const viewer = guard.viewer(request);
      const { status, note: words } = request.body;
      const changed = await tickets.update(request.params.id, {
        status,
        by: viewer.displayName,
        ...(words === undefined ? {} : { note: words }),
      });
      note(request, 'changeTicket', changed.number, { status });
      bus.publish({ type: 'ticket', number: changed.number, status: changed.status });
      return shown(changed, viewer, desk);
    },
  );
}

/** A call-back is there to be called: its number is shown to whoever works at the desk. What else may be personal, to those whose conversation it was. */
function shown(item: DeskItem, viewer: Viewer, desk: AgentDesk): Ticket {
  const full = viewer.seesAll || desk.handled(viewer.name, item.conversationId);
  const words = full ? (text: string) => text : maskWords;
  const isTicket = item.kind === 'ticket';
  return {
    number: item.number,
    kind: item.kind,
    status: item.status,
    createdAtMs: Date.parse(item.createdAt),
    updatedAtMs: Date.parse(item.updatedAt),
    callId: item.conversationId,
    channel: item.channel,
    language: item.language,
    sender: full ? (item.sender ?? '') : maskCaller(item.sender ?? ''),
    subject: words(item.subject),
    summary: words(item.summary),
    text: isTicket ? words(item.text) : '',
    priority: isTicket ? item.priority : null,
    phone: isTicket ? '' : item.phone,
    when: isTicket ? '' : item.when,
    notes: item.notes.map(({ at, by, text }) => ({ atMs: Date.parse(at), by, text: words(text) })),
  };
}
