import type { MediaClient } from './media/client.js';
import type { QualityMessage } from './media/protocol.js';
import type { StreamStats } from './rtp/wire.js';
import type { Leg } from './sip/leg.js';

/** How the line to the caller was, in the words of the call's record. */
export interface LineQuality {
  readonly receivedPackets: number;
  readonly sentPackets: number;
  readonly lossPercent: number;
  readonly remoteLossPercent: number | null;
  readonly jitterMs: number;
  readonly remoteJitterMs: number | null;
  readonly roundTripMs: number | null;
  readonly worstRoundTripMs: number | null;
  readonly latePackets: number;
  readonly duplicatePackets: number;
  readonly concealedFrames: number;
  /** How long the jitter buffer waited for a missing packet at the end. */
  readonly depthMs: number;
}

export function qualityOf(rtp: StreamStats): LineQuality {
  const expected = rtp.receivedPackets + rtp.lostPackets;
  return {
    receivedPackets: rtp.receivedPackets,
    sentPackets: rtp.sentPackets,
    lossPercent: expected === 0 ? 0 : Math.round((rtp.lostPackets / expected) * 1000) / 10,
    remoteLossPercent: rtp.remoteLossPercent ?? null,
    jitterMs: rtp.jitterMs,
    remoteJitterMs: rtp.remoteJitterMs ?? null,
    roundTripMs: rtp.roundTripMs ?? null,
    worstRoundTripMs: rtp.worstRoundTripMs ?? null,
    latePackets: rtp.latePackets,
    duplicatePackets: rtp.duplicatePackets,
    concealedFrames: rtp.concealedFrames,
    depthMs: Math.round(rtp.depthMs),
  };
}

/** After the first reports of the peer, and then often enough to find the stretch in which a call was bad. */
const FIRST_MS = 4000;
const INTERVAL_MS = 10_000;
/** A call that ends waits so long for its last report. */
const LAST_LIMIT_MS = 300;

/** Tells the service how the line is, now and then and at the end. A service that did not say that it wants to know is told nothing. */
export class QualityReports {
  readonly #leg: Leg;
  readonly #client: MediaClient;
  #timer: NodeJS.Timeout | undefined;

  constructor(leg: Leg, client: MediaClient) {
    this.#leg = leg;
    this.#client = client;
    client.once('ready', () => this.#later(FIRST_MS));
  }

  /** Now, for the last time; before the stream is closed. Resolves within 300 ms, told or not; never rejects. */
  async last(): Promise<void> {
    clearTimeout(this.#timer);
    let limit: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((done) => {
      limit = setTimeout(done, LAST_LIMIT_MS);
    });
    await Promise.race([this.#tell(true), enough]);
    clearTimeout(limit);
  }

  #later(waitMs: number): void {
    if (!this.#client.accepts('quality')) return;
    this.#timer = setTimeout(() => {
      void this.#tell(false);
      this.#later(INTERVAL_MS);
    }, waitMs);
  }

  async #tell(final: boolean): Promise<void> {
    if (!this.#client.live || !this.#client.accepts('quality')) return;
    // A thread that is gone has nothing to tell; the call ends for that reason anyway.
    const rtp = await this.#leg.media?.stream.stats().catch(() => undefined);
    if (!rtp) return;
    const known = Object.entries(qualityOf(rtp)).filter(([, value]) => value !== null);
    const { codec } = this.#leg;
    this.#client.send({
      ...({ type: 'quality', final, ...Object.fromEntries(known) } as QualityMessage),
      encrypted: rtp.encrypted,
      ...(codec === undefined ? {} : { codec }),
    });
  }
}
