import type { Recording } from './apology.js';
import { SafeEmitter } from './emitter.js';
import { messageOf } from './errors.js';
import { type Logger, maskAddress } from './log.js';
import { MediaClient } from './media/client.js';
import { startHeaders } from './media/protocol.js';
import type { G711 } from './rtp/packet.js';
import type { StreamStats } from './rtp/wire.js';
import type { HangupCause, LegEnd } from './sip/cause.js';
import type { InboundLeg } from './sip/inbound-leg.js';
import type { LegMediaOptions } from './sip/leg-media.js';
import type { TransferRules } from './sip/refer.js';
import { Transfers } from './transfers.js';

export interface BridgeCallOptions {
  readonly media: LegMediaOptions;
  readonly url: string;
  readonly token?: string | undefined;
  readonly connectTimeoutMs: number;
  readonly resumeLimitMs: number;
  readonly pingIntervalMs: number;
  readonly transfer: TransferRules;
  readonly apology: Recording;
  /** `answer`: 200, apology, BYE. `early`: 183, apology, 503. */
  readonly apologyMode: 'answer' | 'early';
  readonly holdTone: Recording;
  readonly holdToneAfterMs: number;
}

export interface CallSummary {
  readonly end: LegEnd;
  readonly answered: boolean;
  readonly apologised: boolean;
  readonly rtp: StreamStats | undefined;
  readonly droppedToService: number;
}

export interface BridgeCallEvents {
  over: [summary: CallSummary];
}

/** Longer than any name that the protocol allows (64), so that it is never the service's. */
const OWN_MARK = `bridge:${'-'.repeat(64)}`;
/** After the apology should have been heard, the call ends whatever the clocks say. */
const APOLOGY_SLACK_MS = 3000;
const MAX_WAITING_KEYS = 32;

/** One call: a SIP leg on one side, the service on the other. Whatever breaks on the service's side, the caller hears words and not silence. */
export class BridgeCall extends SafeEmitter<BridgeCallEvents> {
  readonly leg: InboundLeg;
  readonly #options: BridgeCallOptions;
  readonly #logger: Logger;
  #client: MediaClient | undefined;
  readonly #transfers: Transfers;
  /** Ends the wait for a service that should still hear of a transfer. */
  #giveUpTelling: (() => void) | undefined;
  #shutDown = false;
  #apologising = false;
  #answered = false;
  /** Which of the clears on their way to the pacer the service asked for. */
  #clears: ('service' | 'own')[] = [];
  #waitingKeys: { digit: string; durationMs: number }[] = [];
  #apologyTimer: NodeJS.Timeout | undefined;
  #holdTimer: NodeJS.Timeout | undefined;

  constructor(leg: InboundLeg, options: BridgeCallOptions, logger: Logger) {
    super();
    this.leg = leg;
    this.#options = options;
    this.#logger = logger;
    this.#transfers = new Transfers(leg, options.transfer, (report) => this.#client?.send(report) ?? false, logger);
    leg.on('established', () => this.#onEstablished());
    leg.on('ended', (end) => {
      this.#onEnded(end).catch((error: unknown) =>
        this.#logger.error({ err: messageOf(error) }, 'a call did not end cleanly'),
      );
    });
    leg.on('key', (digit, durationMs) => this.#onKey(digit, durationMs));
  }

  /** Takes the call from its INVITE on. Never rejects. */
  async run(): Promise<void> {
    const { leg } = this;
    try {
      leg.trying();
      this.#logger.info(
        { caller: maskAddress(leg.info.caller), callee: maskAddress(leg.info.callee), from: leg.info.remoteAddress },
        'a call comes in',
      );
      const problem = await leg.prepare(this.#options.media);
      if (leg.end) {
        // Cancelled while the ports were being bound.
        await leg.release();
        return;
      }
      if (problem) {
        leg.reject(problem.status, problem.headers);
        return;
      }
      leg.ring();
      this.#wireStream();
      // Without an offer the codec is known only after our 200, so the service comes second.
      if (leg.codec) this.#connect(leg.codec);
      else leg.accept();
    } catch (error) {
      this.#logger.error({ err: messageOf(error) }, 'a call could not be set up');
      leg.hangup('overloaded', messageOf(error));
    }
  }

  /** Ends it now; for shutdown. */
  hangup(cause: HangupCause, reason: string): void {
    this.#shutDown = true;
    this.#giveUpTelling?.();
    this.leg.hangup(cause, reason);
  }

  #wireStream(): void {
    const stream = this.leg.media?.stream;
    stream?.on('frame', (frame) => this.#client?.sendAudio(frame.payload));
    stream?.on('mark', (name) => {
      if (name === OWN_MARK) this.#apologyHeard();
      else this.#client?.send({ type: 'mark', name });
    });
    stream?.on('cleared', (generation, playedMs) => {
      if (this.#clears.shift() === 'service') this.#client?.send({ type: 'cleared', generation, playedMs });
    });
    stream?.on('overflow', (frames) => this.#logger.warn({ frames }, 'the playout queue is full'));
  }

  #connect(codec: G711): void {
    const { info } = this.leg;
    const { token } = this.#options;
    const client = new MediaClient({
      url: this.#options.url,
      start: {
        callId: info.callId,
        direction: 'inbound',
        caller: info.caller.slice(0, 512),
        callee: info.callee.slice(0, 512),
        headers: startHeaders(info.headers),
        media: { encoding: codec, sampleRate: 8000 },
        ...(token === undefined ? {} : { token }),
      },
      connectTimeoutMs: this.#options.connectTimeoutMs,
      resumeLimitMs: this.#options.resumeLimitMs,
      pingIntervalMs: this.#options.pingIntervalMs,
      logger: this.#logger,
    });
    this.#client = client;
    client.on('ready', () => this.leg.accept());
    client.on('audio', (payload) => this.leg.media?.stream.play(payload));
    client.on('mark', (name) => this.leg.media?.stream.mark(name));
    client.on('clear', (generation) => this.#clear('service', generation));
    client.on('hangup', (cause, reason) => {
      this.#giveUpTelling?.();
      this.leg.hangup(cause, reason);
    });
    client.on('transfer', (request) => this.#transfers.order(request));
    client.on('detached', () => this.#onDetached());
    client.on('resumed', (ready) => {
      this.#stopHoldTone();
      this.#clear('own', ready.generation);
      for (const key of this.#waitingKeys.splice(0)) client.send({ type: 'dtmf', ...key });
      this.#transfers.flush();
      this.#giveUpTelling?.();
    });
    client.on('failed', (reason) => {
      this.#giveUpTelling?.();
      this.#logger.error({ reason }, 'the service is gone');
      this.#apologise();
    });
  }

  #clear(by: 'service' | 'own', generation: number): void {
    this.#clears.push(by);
    this.leg.media?.stream.clear(generation);
  }

  #onEstablished(): void {
    this.#answered = true;
    if (this.#apologising) this.#playApology();
    else if (!this.#client && this.leg.codec) this.#connect(this.leg.codec);
  }

  #onKey(digit: string, durationMs: number): void {
    const key = { digit, durationMs: Math.min(60_000, durationMs) };
    if (this.#client?.live) this.#client.send({ type: 'dtmf', ...key });
    else if (this.#waitingKeys.length < MAX_WAITING_KEYS) this.#waitingKeys.push(key);
  }

  #onDetached(): void {
    if (this.leg.end) return;
    const tone = this.#options.holdTone[this.leg.codec ?? 'pcmu'];
    const toneMs = tone.length / 8;
    this.#stopHoldTone();
    const again = (): void => {
      this.leg.media?.stream.play(tone);
      this.#holdTimer = setTimeout(again, toneMs);
    };
    this.#holdTimer = setTimeout(again, this.#options.holdToneAfterMs);
  }

  #stopHoldTone(): void {
    clearTimeout(this.#holdTimer);
    this.#holdTimer = undefined;
  }

  #apologise(): void {
    if (this.leg.end || this.#apologising) return;
    this.#apologising = true;
    this.#stopHoldTone();
    if (this.#answered) {
      this.#playApology();
    } else if (this.#options.apologyMode === 'early' && this.leg.earlyMedia()) {
      this.#playApology();
    } else {
      // Answered, because early media is lost on the way in too many phones and exchanges; `established` goes on from here.
      this.leg.accept();
    }
  }

  #playApology(): void {
    const stream = this.leg.media?.stream;
    const words = this.#options.apology[this.leg.codec ?? 'pcmu'];
    if (!stream) return;
    this.#clear('own', Number.MAX_SAFE_INTEGER);
    stream.play(words);
    stream.mark(OWN_MARK);
    this.#apologyTimer = setTimeout(() => this.#apologyHeard(), words.length / 8 + APOLOGY_SLACK_MS);
  }

  #apologyHeard(): void {
    clearTimeout(this.#apologyTimer);
    if (this.#answered) this.leg.hangup('error', 'the service is not reachable');
    else this.leg.reject(503, ['Retry-After: 10']);
  }

  async #onEnded(end: LegEnd): Promise<void> {
    clearTimeout(this.#apologyTimer);
    this.#stopHoldTone();
    await this.#transfers.idle();
    const client = this.#client;
    const told = this.#farewell(end);
    const rtp = await this.leg.media?.stream.close();
    await this.leg.release();
    await told;
    this.emit('over', {
      end,
      answered: this.#answered,
      apologised: this.#apologising,
      rtp,
      droppedToService: client?.droppedFrames ?? 0,
    });
    this.removeAllListeners();
  }

  /** Parts with the service. One that is away and has to hear how a transfer ended is waited for; the client's window for coming back limits that. */
  async #farewell(end: LegEnd): Promise<void> {
    const client = this.#client;
    if (client && !client.over && this.#transfers.owing && !this.#shutDown) {
      await new Promise<void>((resolve) => {
        this.#giveUpTelling = resolve;
      });
      this.#giveUpTelling = undefined;
    }
    client?.stop(end.cause, end.reason);
  }
}
