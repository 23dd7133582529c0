import type { DoorkeeperCounts } from '../abuse/doorkeeper.js';
import type { BridgeCall, CallSummary } from '../bridge.js';
import type { Health } from '../health.js';
import type { OutboundJob } from '../outbound/requests.js';
import { Histogram, LabelledCounter, type Metric, renderMetrics } from './metrics.js';

const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180, 600, 1800];
const LOSS_PERCENT = [0, 0.1, 0.5, 1, 2, 5, 10, 20];
const JITTER_MS = [1, 2, 5, 10, 20, 40, 80, 160];
const TRIP_MS = [5, 10, 20, 50, 100, 150, 300, 500, 1000];

export interface MetricsInput {
  readonly health: Health;
  readonly guard: DoorkeeperCounts;
  readonly bans: number;
  readonly jobs: readonly OutboundJob[];
  readonly lostRecords: number;
}

/** Counts calls for Prometheus. */
export class BridgeMetrics {
  readonly #calls = new LabelledCounter(['direction', 'trunk', 'cause']);
  readonly #transfers = new LabelledCounter(['mode', 'outcome']);
  readonly #setup = new Histogram(SECONDS);
  readonly #talk = new Histogram(SECONDS);
  readonly #loss = new Histogram(LOSS_PERCENT);
  readonly #jitter = new Histogram(JITTER_MS);
  readonly #remoteLoss = new Histogram(LOSS_PERCENT);
  readonly #trip = new Histogram(TRIP_MS);
  readonly #frames = new LabelledCounter(['kind']);
  readonly #codecs = new LabelledCounter(['codec', 'encrypted']);

  over({ facts }: BridgeCall, summary: CallSummary): void {
    this.#calls.add(facts.direction, facts.trunk ?? '', summary.end.cause);
    const { answeredAtMs, startedAtMs, endedAtMs, rtp } = summary;
    if (answeredAtMs !== undefined) {
      this.#setup.observe((answeredAtMs - startedAtMs) / 1000);
      this.#talk.observe((endedAtMs - answeredAtMs) / 1000);
    }
    if (rtp && rtp.receivedPackets > 0) {
      this.#loss.observe((rtp.lostPackets / (rtp.lostPackets + rtp.receivedPackets)) * 100);
      this.#jitter.observe(rtp.jitterMs);
      this.#codecs.add(summary.codec ?? '', String(rtp.encrypted));
    }
    if (rtp?.remoteLossPercent !== undefined) this.#remoteLoss.observe(rtp.remoteLossPercent);
    if (rtp?.roundTripMs !== undefined) this.#trip.observe(rtp.roundTripMs);
    if (rtp) {
      const { latePackets, duplicatePackets, foreignPackets, refusedPackets, concealedFrames, noiseFrames } = rtp;
      const counts = { latePackets, duplicatePackets, foreignPackets, refusedPackets, concealedFrames, noiseFrames };
      for (const [kind, count] of Object.entries(counts)) this.#frames.addMany(count, snake(kind));
    }
    for (const { mode, outcome } of summary.transfers) this.#transfers.add(mode, outcome);
  }

  render({ health, guard, bans, jobs, lostRecords }: MetricsInput): string {
    const states = ['waiting', 'calling', 'talking', 'done', 'given-up', 'cancelled'] as const;
    const one = (name: string, type: 'gauge' | 'counter', help: string, value: number): Metric => ({
      ...{ name: `hearken_bridge_${name}`, type, help },
      samples: [{ value }],
    });
    const registered = health.trunks.filter((trunk) => trunk.registered !== null);
    return renderMetrics([
      one('calls', 'gauge', 'Calls that are up or ringing.', health.calls),
      one('max_calls', 'gauge', 'Calls at once; the next gets 503.', health.maxCalls),
      one('draining', 'gauge', '1 while no new calls are taken.', health.status === 'ok' ? 0 : 1),
      {
        name: 'hearken_bridge_calls_total',
        type: 'counter',
        help: 'Calls that are over, by what ended them.',
        samples: this.#calls.samples(),
      },
      one('answered_calls_total', 'counter', 'Calls that were answered.', health.answeredCalls),
      one('apologies_total', 'counter', 'Calls that heard the apology because the service was away.', health.apologies),
      {
        name: 'hearken_bridge_setup_seconds',
        type: 'histogram',
        help: 'From INVITE to answer.',
        samples: this.#setup.samples(),
      },
      {
        name: 'hearken_bridge_talk_seconds',
        type: 'histogram',
        help: 'From answer to end.',
        samples: this.#talk.samples(),
      },
      {
        name: 'hearken_bridge_rtp_loss_percent',
        type: 'histogram',
        help: 'Packets lost on the way to us, a call each.',
        samples: this.#loss.samples(),
      },
      {
        name: 'hearken_bridge_rtp_jitter_ms',
        type: 'histogram',
        help: 'Interarrival jitter (RFC 3550), a call each.',
        samples: this.#jitter.samples(),
      },
      {
        name: 'hearken_bridge_rtp_remote_loss_percent',
        type: 'histogram',
        help: 'Packets lost on the way to the peer, as its last RTCP report says.',
        samples: this.#remoteLoss.samples(),
      },
      {
        name: 'hearken_bridge_rtp_round_trip_ms',
        type: 'histogram',
        help: 'Round trip by RTCP, a call each.',
        samples: this.#trip.samples(),
      },
      {
        name: 'hearken_bridge_rtp_events_total',
        type: 'counter',
        help: 'Packets that were late, doubled, from elsewhere or not authentic; frames made up and filled with noise.',
        samples: this.#frames.samples(),
      },
      {
        name: 'hearken_bridge_rtp_calls_total',
        type: 'counter',
        help: 'Calls with sound, by codec and encryption.',
        samples: this.#codecs.samples(),
      },
      {
        name: 'hearken_bridge_transfers_total',
        type: 'counter',
        help: 'Transfers by mode and outcome.',
        samples: this.#transfers.samples(),
      },
      {
        name: 'hearken_bridge_trunk_registered',
        type: 'gauge',
        help: '1 while the trunk is registered.',
        samples: registered.map(({ name, registered: up }) => ({ labels: { trunk: name }, value: up ? 1 : 0 })),
      },
      {
        name: 'hearken_bridge_trunk_calls',
        type: 'gauge',
        help: 'Calls of the trunk.',
        samples: health.trunks.map(({ name, calls }) => ({ labels: { trunk: name }, value: calls })),
      },
      {
        name: 'hearken_bridge_target_up',
        type: 'gauge',
        help: '1 while the target answers OPTIONS.',
        samples: health.trunks.flatMap(({ name, targets }) =>
          Object.entries(targets).map(([target, up]) => ({ labels: { trunk: name, target }, value: up ? 1 : 0 })),
        ),
      },
      {
        name: 'hearken_bridge_sip_messages_total',
        type: 'counter',
        help: 'SIP messages that came in.',
        samples: Object.entries(health.sipMessages).map(([kind, value]) => ({ labels: { kind }, value })),
      },
      {
        name: 'hearken_bridge_guard_total',
        type: 'counter',
        help: 'What the guards did.',
        samples: Object.entries(guard).map(([kind, value]) => ({ labels: { kind }, value })),
      },
      one('banned_sources', 'gauge', 'Sources that are shut out now.', bans),
      one('late_ticks_total', 'counter', "The pacer's wake-ups that came more than 10 ms late.", health.lateTicks),
      one('skipped_frames_total', 'counter', 'Frames never sent because of a stall.', health.skippedFrames),
      one('lost_call_records_total', 'counter', 'Call detail records that could not be written.', lostRecords),
      {
        name: 'hearken_bridge_outbound_jobs',
        type: 'gauge',
        help: 'Calls asked for with POST /calls, by state.',
        samples: states.map((state) => ({
          labels: { state },
          value: jobs.filter((job) => job.state === state).length,
        })),
      },
    ]);
  }
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
