import type { SipBridge } from '../server.js';
import type { ControlAnswer, ControlRoute } from './control.js';
import { renderTrace } from './trace.js';

/** What can be asked of the bridge over HTTP. */
export function controlRoutes(bridge: SipBridge): ControlRoute[] {
  const route = (at: string, run: ControlRoute['run'], open = false): ControlRoute => ({ at, open, run });
  return [
    route(
      'GET /healthz',
      async () => {
        const health = await bridge.health();
        return { status: health.status === 'ok' ? 200 : 503, body: health };
      },
      true,
    ),
    route(
      'GET /readyz',
      async () => {
        const readiness = await bridge.readiness();
        return { status: readiness.ready ? 200 : 503, body: readiness };
      },
      true,
    ),
    route(
      'GET /metrics',
      async () => ({ status: 200, body: await bridge.metrics(), type: 'text/plain; version=0.0.4' }),
      bridge.config.control.openMetrics,
    ),
    route('GET /calls', () =>
      ok({ live: liveCalls(bridge), traced: bridge.traces.callIds, outbound: bridge.dialler.jobs }),
    ),
    route('POST /calls', ({ body }) => {
      const added = bridge.dialler.add(body);
      return 'job' in added ? { status: 202, body: added.job } : { status: added.status, body: { error: added.error } };
    }),
    route('GET /calls/:id', ({ path: [, id = ''] }) => {
      const job = bridge.dialler.job(id) ?? liveCalls(bridge).find(({ callId }) => callId === id);
      return job ? ok(job) : missing('call');
    }),
    route('DELETE /calls/:id', ({ path: [, id = ''] }) => {
      if (bridge.dialler.cancel(id)) return ok({ cancelled: id });
      const live = [...bridge.calls].find(({ facts }) => facts.callId === id);
      if (!live) return missing('waiting or live call');
      live.hangup('normal', 'hung up by the operator');
      return ok({ hungUp: id });
    }),
    route('GET /calls/:id/trace', ({ path: [, id = ''], query }) => {
      const messages = bridge.traces.messages(id);
      if (!messages) return missing('traced call');
      return query.get('format') === 'json'
        ? ok(messages)
        : { ...ok(renderTrace(messages)), type: 'text/plain; charset=utf-8' };
    }),
    route('PUT /do-not-call/:number', ({ path: [, number = ''] }) => {
      bridge.dialler.doNotCall.add(number);
      return ok({ size: bridge.dialler.doNotCall.size });
    }),
    route('GET /bans', () => ok(bridge.doorkeeper.bans.list(Date.now()))),
    route('DELETE /bans/:source', ({ path: [, source = ''] }) =>
      bridge.doorkeeper.bans.lift(source) ? ok({ lifted: source }) : missing('ban'),
    ),
    route('POST /drain', ({ query }) => {
      const seconds = Number(query.get('seconds') ?? Number.NaN);
      bridge.stopTaking(Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined);
      return { status: 202, body: { draining: true, calls: bridge.calls.size } };
    }),
    route('POST /resume', () =>
      bridge.takeAgain() ? ok({ draining: false }) : { status: 409, body: { error: 'it is stopping for good' } },
    ),
    route('POST /reload', async () => {
      const problem = await bridge.reloadNow();
      return problem === undefined ? ok({ reloaded: true }) : { status: 422, body: { error: problem } };
    }),
  ];
}

function ok(body: unknown): ControlAnswer {
  return { status: 200, body };
}

function missing(what: string): ControlAnswer {
  return { status: 404, body: { error: `there is no such ${what}` } };
}

function liveCalls(
  bridge: SipBridge,
): { callId: string; direction: string; caller: string; callee: string; trunk: string | null; joined: boolean }[] {
  return [...bridge.calls].map(({ facts: { callId, direction, caller, callee, trunk }, joined }) => ({
    ...{ callId, direction, caller, callee, joined },
    trunk: trunk ?? null,
  }));
}
