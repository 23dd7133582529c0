import type { BridgeCallOptions, CallFacts, CallSummary } from './call-contract.js';
import { SafeEmitter } from './emitter.js';
import { messageOf } from './errors.js';
import { type Logger, maskAddress } from './log.js';
import { MediaClient } from './media/client.js';
import { mediaOf, startHeaders } from './media/protocol.js';
import { QualityReports } from './quality.js';
import { CallRecording, withRecording } from './recording/call-recording.js';
import { type LineFormat, lineMs } from './rtp/packet.js';
import type { HangupCause, LegEnd } from './sip/cause.js';
import { InboundLeg } from './sip/inbound-leg.js';
import { OutboundLeg } from './sip/outbound-leg.js';
import type { TransferDesk } from './transfer/desk.js';
import { whisper } from './transfer/whisper.js';
import { Transfers } from './transfers.js';

export type { BridgeCallOptions, CallFacts, CallSummary } from './call-contract.js';

export interface BridgeCallEvents {
  answered: [];
  over: [summary: CallSummary];
}

/** Longer than any name that the protocol allows (64), so that it is never the service's. */
const OWN_MARK = `bridge:${'-'.repeat(64)}`;
/** After the apology should have been heard, the call ends whatever the clocks say. */
const APOLOGY_SLACK_MS = 3000;
const MAX_WAITING_KEYS = 32;
/** What the service says when it takes no more calls for now (docs/protocol). */
const BUSY_CODES: ReadonlySet<string> = new Set(['OVERLOADED', 'DRAINING']);

/** One call: a SIP leg on one side, the service on the other. Whatever breaks on the service's side, the caller hears words and not silence. */
export class BridgeCall extends SafeEmitter<BridgeCallEvents> {
  readonly leg: InboundLeg | OutboundLeg;
  readonly facts: CallFacts;
  readonly #options: BridgeCallOptions;
  readonly #logger: Logger;
  readonly #startedAtMs = Date.now();
  #answeredAtMs: number | undefined;
  #client: MediaClient | undefined;
  #quality: QualityReports | undefined;
  readonly #transfers: Transfers;
  readonly #recording: CallRecording | undefined;
  /** The caller talks to an agent through us. */
  #agent: OutboundLeg | undefined;
  /** Ends the wait for a service that should still hear of a transfer. */
  #giveUpTelling: (() => void) | undefined;
  #shutDown = false;
  #apologising = false;
  /** Which of the clears on their way to the pacer the service asked for. */
  #clears: ('service' | 'own')[] = [];
  #waitingKeys: { digit: string; durationMs: number }[] = [];
  #apologyTimer: NodeJS.Timeout | undefined;
  #holdTimer: NodeJS.Timeout | undefined;

  constructor(leg: InboundLeg | OutboundLeg, facts: CallFacts, options: BridgeCallOptions, logger: Logger) {
    super();
    this.leg = leg;
    this.facts = facts;
    this.#options = options;
    this.#logger = logger;
    const { recording } = options;
    const { callId, route } = facts;
    if (recording) this.#recording = new CallRecording(recording, { callId, language: route.language }, logger);
    const desk: TransferDesk = {
      dial: options.dial,
      whisper: (agent, headers) => this.#whisper(agent, headers),
      join: (_caller, agent) => this.#join(agent),
    };
    this.#transfers = new Transfers(
      leg,
      options.transfer,
      desk,
      (report) => this.#client?.send(report) ?? false,
      logger,
    );
    leg.on('established', () => this.#onEstablished());
    leg.on('ended', (end) => {
      this.#onEnded(end).catch((error: unknown) =>
        this.#logger.error({ err: messageOf(error) }, 'a call did not end cleanly'),
      );
    });
    leg.on('key', (digit, durationMs) => this.#onKey(digit, durationMs));
    leg.on('codec', (codec) => this.#logger.info({ codec }, 'the codec changed in mid-call'));
  }

  /** Joined with an agent through us, the service has left. */
  get joined(): boolean {
    return this.#agent !== undefined;
  }

  /** Takes the call from its INVITE on, or one that we placed from its answer on. Never rejects. */
  async run(): Promise<void> {
    const { leg } = this;
    try {
      const { caller, callee, direction, trunk, remoteAddress } = this.facts;
      this.#logger.info(
        { caller: maskAddress(caller), callee: maskAddress(callee), from: remoteAddress, direction, trunk },
        'a call begins',
      );
      if (leg instanceof OutboundLeg) {
        this.#wireStream();
        if (leg.established) this.#onEstablished();
        return;
      }
      leg.trying();
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
      // What is said about recording comes before the service, so that its words are not held up by it.
      if (leg.line && !this.#recording) this.#connect(leg.line);
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
    stream?.on('frame', ({ payload }) => this.#client?.sendAudio(payload));
    stream?.on('mark', (name) => {
      if (name === OWN_MARK) this.#apologyHeard();
      else this.#client?.send({ type: 'mark', name });
    });
    stream?.on('cleared', (generation, playedMs) => {
      if (this.#clears.shift() === 'service') this.#client?.send({ type: 'cleared', generation, playedMs });
    });
    stream?.on('overflow', (frames) => this.#logger.warn({ frames }, 'the playout queue is full'));
  }

  #connect(line: LineFormat): void {
    const { callId, direction, caller, callee, headers, route } = this.facts;
    const { url, token, connectTimeoutMs, resumeLimitMs, pingIntervalMs } = this.#options;
    const client = new MediaClient({
      ...{ url, connectTimeoutMs, resumeLimitMs, pingIntervalMs, logger: this.#logger },
      start: {
        ...{ callId, direction },
        caller: caller.slice(0, 512),
        callee: callee.slice(0, 512),
        headers: startHeaders(withRecording(headers, this.#options.recording?.mode), ['quality']),
        media: mediaOf(line),
        ...(Object.keys(route).length === 0 ? {} : { route }),
        ...(token === undefined ? {} : { token }),
      },
    });
    this.#client = client;
    this.#quality = new QualityReports(this.leg, client);
    client.on('ready', () => {
      if (this.leg instanceof InboundLeg) this.leg.accept();
    });
    client.on('audio', (payload) => {
      if (!this.#agent) this.leg.media?.stream.play(payload);
    });
    client.on('mark', (name) => this.leg.media?.stream.mark(name));
    client.on('clear', (generation) => this.#clear('service', generation));
    client.on('hangup', (cause, reason) => {
      this.#giveUpTelling?.();
      // Once the caller talks to an agent, the service has only said goodbye.
      if (!this.#agent) this.leg.hangup(cause, reason);
    });
    client.on('recording', (action) => this.#recording?.order(action));
    client.on('transfer', (request) => this.#transfers.order(request));
    client.on('detached', () => this.#onDetached());
    client.on('resumed', (ready) => {
      this.#stopHoldTone();
      this.#clear('own', ready.generation);
      for (const key of this.#waitingKeys.splice(0)) client.send({ type: 'dtmf', ...key });
      this.#transfers.flush();
      this.#giveUpTelling?.();
    });
    client.on('failed', (reason, code) => {
      this.#giveUpTelling?.();
      // Too busy is not broken: a proxy or exchange that is told so can try another instance, or the caller again.
      if (code !== undefined && BUSY_CODES.has(code) && this.#refuse()) {
        this.#logger.warn({ reason }, 'the service takes no more calls');
        return;
      }
      this.#logger.error({ reason }, 'the service is gone');
      this.#apologise();
    });
  }

  #clear(by: 'service' | 'own', generation: number): void {
    this.#clears.push(by);
    this.leg.media?.stream.clear(generation);
  }

  #onEstablished(): void {
    if (this.#answeredAtMs === undefined) {
      this.#answeredAtMs = Date.now();
      this.emit('answered');
      if (this.facts.digits) this.leg.sendDigits(this.facts.digits).catch(() => undefined);
    }
    if (this.#apologising) this.#playApology();
    else if (!this.#client && this.leg.line) {
      this.#begin(this.leg.line).catch((error: unknown) => this.leg.hangup('error', messageOf(error)));
    }
  }

  /** The conversation, after what has to be said about its recording. */
  async #begin(line: LineFormat): Promise<void> {
    const stream = this.leg.media?.stream;
    if (stream) await this.#recording?.gate(stream, line);
    if (!this.leg.end && !this.#client) this.#connect(line);
  }

  #onKey(digit: string, durationMs: number): void {
    if (this.#agent || this.#recording?.takesKey(digit)) return;
    const key = { digit, durationMs: Math.min(60_000, durationMs) };
    if (this.#client?.live) this.#client.send({ type: 'dtmf', ...key });
    else if (this.#waitingKeys.length < MAX_WAITING_KEYS) this.#waitingKeys.push(key);
  }

  #whisper(agent: OutboundLeg, headers: Readonly<Record<string, string>>): Promise<void> {
    const { url, token, connectTimeoutMs, resumeLimitMs, pingIntervalMs, whisperLimitMs } = this.#options;
    if (whisperLimitMs === 0) return Promise.resolve();
    const { callId, caller, callee, route } = this.facts;
    return whisper(agent, headers, {
      ...{ url, token, connectTimeoutMs, resumeLimitMs, pingIntervalMs, callId, caller },
      target: agent.remoteTarget ?? callee,
      language: route.language,
      limitMs: whisperLimitMs,
      logger: this.#logger,
    });
  }

  #join(agent: OutboundLeg): void {
    const [caller, other] = [this.leg.media?.stream, agent.media?.stream];
    if (!caller || !other) return;
    this.#agent = agent;
    this.#stopHoldTone();
    this.#clear('own', Number.MAX_SAFE_INTEGER);
    caller.join(other);
    this.#logger.info('the caller and the agent are joined');
    agent.once('ended', () => this.leg.hangup('normal', 'the agent hung up'));
  }

  #onDetached(): void {
    if (this.leg.end || this.#agent) return;
    const line = this.leg.line ?? 'pcmu';
    const tone = this.#options.holdTone[line];
    const toneMs = lineMs(tone.length, line);
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

  /** 503 with Retry-After, while the call is not answered; false: it is too late for that. */
  #refuse(): boolean {
    const { leg } = this;
    if (leg.end || this.#answeredAtMs !== undefined || !(leg instanceof InboundLeg)) return false;
    leg.reject(503, [`Retry-After: ${this.#options.retryAfterSeconds}`]);
    return true;
  }

  #apologise(): void {
    const { leg } = this;
    if (leg.end || this.#apologising || this.#agent) return;
    this.#apologising = true;
    this.#stopHoldTone();
    if (this.#answeredAtMs !== undefined || leg instanceof OutboundLeg) {
      this.#playApology();
    } else if (this.#options.apologyMode === 'early' && leg.earlyMedia()) {
      this.#playApology();
    } else {
      // Answered, because early media is lost on the way in too many phones and exchanges; `established` goes on from here.
      leg.accept();
    }
  }

  #playApology(): void {
    const stream = this.leg.media?.stream;
    const line = this.leg.line ?? 'pcmu';
    const words = this.#options.apology[line];
    if (!stream) return;
    this.#clear('own', Number.MAX_SAFE_INTEGER);
    stream.play(words);
    stream.mark(OWN_MARK);
    this.#apologyTimer = setTimeout(() => this.#apologyHeard(), lineMs(words.length, line) + APOLOGY_SLACK_MS);
  }

  #apologyHeard(): void {
    const { leg } = this;
    clearTimeout(this.#apologyTimer);
    if (!this.#refuse()) leg.hangup('error', 'the service is not reachable');
  }

  async #onEnded(end: LegEnd): Promise<void> {
    const endedAtMs = Date.now();
    const codec = this.leg.codec;
    clearTimeout(this.#apologyTimer);
    this.#stopHoldTone();
    this.#agent?.hangup('normal', 'the caller hung up');
    await this.#transfers.idle();
    const client = this.#client;
    const told = this.#farewell(end);
    const recording = await this.#recording?.close();
    const rtp = await this.leg.media?.stream.close();
    await this.leg.release();
    await this.#agent?.release();
    await told;
    this.emit('over', {
      end,
      answered: this.#answeredAtMs !== undefined,
      apologised: this.#apologising,
      rtp,
      droppedToService: client?.droppedFrames ?? 0,
      codec,
      startedAtMs: this.#startedAtMs,
      answeredAtMs: this.#answeredAtMs,
      endedAtMs,
      transfers: this.#transfers.records,
      recording,
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
    await this.#quality?.last();
    client?.stop(end.cause, end.reason);
  }
}
