import type { EngineStats } from './rtp/wire.js';
import type { EndpointHeld } from './sip/endpoint-contract.js';
import type { UserAgent } from './sip/user-agent.js';
import type { TrunkState } from './trunks/book.js';

/** What `/healthz` says. */
export interface Health {
  readonly status: 'ok' | 'draining';
  readonly sip: string;
  readonly calls: number;
  readonly maxCalls: number;
  /** null: no registrar is configured. With several, true when all are registered. */
  readonly registered: boolean | null;
  readonly trunks: readonly TrunkState[];
  readonly answeredCalls: number;
  readonly apologies: number;
  /** The pacer's wake-ups that came more than 10 ms late, and frames never sent because of a stall. */
  readonly lateTicks: number;
  readonly skippedFrames: number;
  readonly worstLateMs: number;
  /** What is held on account of calls, live or just over; all 0 half a minute after the last one. */
  readonly held: {
    readonly rtpStreams: number;
    readonly dialogs: number;
    readonly transactions: number;
    readonly repeated: number;
    readonly perCall: number;
  };
  readonly sipMessages: {
    readonly received: number;
    readonly dropped: number;
    readonly refused: number;
    readonly faults: number;
  };
}

export interface HealthInput {
  readonly draining: boolean;
  readonly sip: string;
  readonly calls: number;
  readonly maxCalls: number;
  readonly totals: { readonly answered: number; readonly apologies: number };
  readonly trunks: readonly TrunkState[];
  readonly pacer: EngineStats;
  readonly agent: UserAgent;
}

export function healthOf({ draining, totals, trunks, pacer, agent, ...rest }: HealthInput): Health {
  const sum = (key: 'received' | 'dropped' | 'refused' | 'faults'): number =>
    agent.endpoints.reduce((total, endpoint) => total + endpoint.stats[key], 0);
  const registering = trunks.filter(({ registered }) => registered !== null);
  const heldIn = (key: keyof EndpointHeld): number =>
    agent.endpoints.reduce((total, endpoint) => total + endpoint.held[key], 0);
  return {
    status: draining ? 'draining' : 'ok',
    ...rest,
    registered: registering.length === 0 ? null : registering.every(({ registered }) => registered),
    trunks,
    answeredCalls: totals.answered,
    apologies: totals.apologies,
    lateTicks: pacer.lateTicks,
    skippedFrames: pacer.skippedFrames,
    worstLateMs: Math.round(pacer.worstLateMs * 10) / 10,
    held: {
      rtpStreams: pacer.streams,
      dialogs: heldIn('dialogs'),
      transactions: heldIn('transactions'),
      repeated: heldIn('repeated'),
      perCall: heldIn('perCall'),
    },
    sipMessages: { received: sum('received'), dropped: sum('dropped'), refused: sum('refused'), faults: sum('faults') },
  };
}

/** What `/readyz` says: whether a load balancer should send calls here. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
}

/** The service is asked this often at most; balancers ask every second. */
const PROBE_CACHE_MS = 2000;
const PROBE_LIMIT_MS = 1500;

/** Whether anything listens where the service should be, by its health page, remembered for a moment. */
export class ServiceProbe {
  readonly #url: string;
  #atMs = 0;
  #last: Promise<boolean> = Promise.resolve(true);

  constructor(mediaUrl: string) {
    this.#url = `${new URL(mediaUrl).origin.replace(/^ws/, 'http')}/healthz`;
  }

  ask(): Promise<boolean> {
    if (Date.now() - this.#atMs > PROBE_CACHE_MS) {
      this.#atMs = Date.now();
      // Any answer of HTTP will do: what counts is that calls find somebody.
      this.#last = fetch(this.#url, { signal: AbortSignal.timeout(PROBE_LIMIT_MS), redirect: 'manual' }).then(
        async (response) => {
          await response.body?.cancel();
          return response.status < 500;
        },
        () => false,
      );
    }
    return this.#last;
  }
}
