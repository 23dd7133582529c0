import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { HearkenError } from '../../errors.js';
import type { AgentDesk } from '../../handoff/agent-desk.js';
import { errorResponse } from '../schemas.js';
import type { Audit } from './audit.js';
import {
  type CallDetail,
  type CallSummary,
  callDetail,
  callsPage,
  callsQuery,
  waveform,
  waveformQuery,
} from './contract.js';
import type { ConsoleGuard, Viewer } from './guard.js';
import { maskCaller, maskLine, maskTurn, maskValues, maskWords } from './masking.js';
import type { PastCalls } from './past-calls.js';
import { rangeOf, Waveforms } from './sound-files.js';

export interface CallRouteOptions {
  readonly guard: ConsoleGuard;
  readonly past: PastCalls;
  readonly desk: AgentDesk;
  readonly audit: Audit;
}

const errors = { 400: errorResponse, 401: errorResponse, 403: errorResponse, 404: errorResponse, 503: errorResponse };
const byId = z.object({ id: z.string().min(1).max(128) });
const partQuery = z.strictObject({ part: z.string().max(128).optional() });

/** Conversations that are over (or go on): search, one whole, its sound. */
export async function callRoutes(app: FastifyInstance, options: CallRouteOptions): Promise<void> {
  const { guard, past, desk, audit } = options;
  const api = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard.require();
  const waveforms = new Waveforms();
  const hearings = new Hearings();

  const note = (request: FastifyRequest, what: string, about: string, detail?: Readonly<Record<string, unknown>>) =>
    audit.add({
      who: guard.viewer(request).name,
      what,
      about,
      address: request.ip,
      ...(detail === undefined ? {} : { detail }),
    });
  const sees = async (viewer: Viewer, id: string): Promise<boolean> =>
    viewer.seesAll || desk.handled(viewer.name, id) || past.handledBy(viewer.name, id);
  const mayHear = async (viewer: Viewer, id: string): Promise<void> => {
    if (await sees(viewer, id)) return;
    throw new HearkenError('FORBIDDEN', 'The sound of this call is for supervisors, and for who had it in hand.', {
      hint: 'Ask a supervisor.',
    });
  };

  api.get(
    '/calls',
    { onRequest, schema: { hide: true, querystring: callsQuery, response: { 200: callsPage, ...errors } } },
    async (request) => {
      const { from, to, ...wanted } = request.query;
      const viewer = guard.viewer(request);
      const page = await past.search({
        ...wanted,
        fromMs: from === undefined ? undefined : Date.parse(from),
        toMs: to === undefined ? undefined : Date.parse(to),
      });
      note(request, 'searchCalls', '', { ...request.query, found: page.calls.length });
      return {
        ...page,
        calls: page.calls.map((call) =>
          viewer.seesAll || desk.handled(viewer.name, call.id) ? call : maskedSummary(call),
        ),
      };
    },
  );

  api.get(
    '/calls/:id',
    {
      onRequest,
      schema: { hide: true, params: byId, querystring: partQuery, response: { 200: callDetail, ...errors } },
    },
    async (request) => {
      const { id } = request.params;
      const viewer = guard.viewer(request);
      const found = await past.detail(id, request.query.part);
      note(request, 'readCall', id);
      return (await sees(viewer, id)) ? found : maskedDetail(found);
    },
  );

  api.get(
    '/calls/:id/audio',
    { onRequest, schema: { hide: true, params: byId, querystring: partQuery } },
    async (request, reply) => {
      const { id } = request.params;
      await mayHear(guard.viewer(request), id);
      const { file, ended, part } = await past.sound(id, request.query.part);
      const { size } = await stat(file);
      const range = rangeOf(request.headers.range, size);
      void reply.headers({
        'accept-ranges': 'bytes',
        'content-type': 'audio/wav',
        'content-disposition': `inline; filename="${part}.wav"`,
        'cache-control': ended ? 'private, max-age=3600' : 'no-store',
      });
      if (range === null) {
        void reply.header('content-range', `bytes */${size}`).status(416);
        return reply.serializer(String).send('');
      }
      const { from, to } = range ?? { from: 0, to: size - 1 };
      // A player asks for many pieces of one file: one entry a hearing. Not for the first piece only, which somebody might leave out.
      if (hearings.begins(`${guard.viewer(request).name} ${part}`, from === 0)) note(request, 'hearCall', id, { part });
      void reply.header('content-length', String(to - from + 1));
      if (range !== undefined) void reply.header('content-range', `bytes ${from}-${to}/${size}`).status(206);
      return reply.send(createReadStream(file, { start: from, end: to }));
    },
  );

  api.get(
    '/calls/:id/waveform',
    {
      onRequest,
      schema: { hide: true, params: byId, querystring: waveformQuery, response: { 200: waveform, ...errors } },
    },
    async (request) => {
      const { id } = request.params;
      await mayHear(guard.viewer(request), id);
      const { file, part } = await past.sound(id, request.query.part);
      return { part, ...(await waveforms.of(file, request.query.buckets)) };
    },
  );
}

/** Pieces of one file that are asked for within this long of each other are one hearing. */
const HEARING_MS = 600_000;
const MAX_HEARINGS = 1000;

/** Who hears what, now. */
class Hearings {
  readonly #lastMs = new Map<string, number>();

  /** Whether a hearing begins with this piece. */
  begins(key: string, first: boolean): boolean {
    const nowMs = performance.now();
    const lastMs = this.#lastMs.get(key);
    this.#lastMs.delete(key);
    this.#lastMs.set(key, nowMs);
    if (this.#lastMs.size > MAX_HEARINGS) {
      const oldest = this.#lastMs.keys().next();
      if (!oldest.done) this.#lastMs.delete(oldest.value);
    }
    return first || lastMs === undefined || nowMs - lastMs > HEARING_MS;
  }
}

function maskedSummary(call: CallSummary): CallSummary {
  return { ...call, caller: maskCaller(call.caller), excerpt: maskWords(call.excerpt) };
}

function maskedDetail(found: CallDetail): CallDetail {
  return {
    ...found,
    call: maskedSummary(found.call),
    // Signalling and raw events hold numbers in forms of their own.
    headers: {},
    events: [],
    eventsCut: true,
    lines: found.lines.map(maskLine),
    turns: found.turns.map(maskTurn),
    slots: maskValues(found.slots),
    notes: found.notes.map((note) => ({ ...note, text: maskWords(note.text) })),
  };
}
