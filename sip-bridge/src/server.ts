import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { loadApology, loadHoldTone, type Recording } from './apology.js';
import { BridgeCall, type CallSummary } from './bridge.js';
import { type BridgeConfig, parseBridgeConfig } from './config.js';
import { SafeEmitter } from './emitter.js';
import { BridgeError, messageOf } from './errors.js';
import { type Health, HealthServer } from './health.js';
import { type Logger, silentLogger } from './log.js';
import { loadSchema } from './media/protocol.js';
import { type EngineOptions, RtpEngine } from './rtp/engine.js';
import { InboundLeg } from './sip/inbound-leg.js';
import { Registration } from './sip/registration.js';
import { type IncomingCall, UserAgent } from './sip/user-agent.js';

export const USER_AGENT = 'Hearken/0.1';
const METHODS = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'INFO', 'NOTIFY', 'PRACK', 'UPDATE'];
/** Between live calls that are hung up at the end of a drain and the sockets' closing: a BYE and its answer. */
const GOODBYE_MS = 500;
const FIRST_RESTART_MS = 200;
const LAST_RESTART_MS = 10_000;

export interface SipBridgeEvents {
  call: [call: BridgeCall];
  over: [call: BridgeCall, summary: CallSummary];
}

/** The whole bridge: SIP and RTP on one side, one media connection a call on the other. */
export class SipBridge extends SafeEmitter<SipBridgeEvents> {
  readonly config: BridgeConfig;
  readonly #logger: Logger;
  readonly #agent: UserAgent;
  #engine: RtpEngine;
  #engineRetry: NodeJS.Timeout | undefined;
  readonly #recordings: { readonly apology: Recording; readonly holdTone: Recording };
  readonly #calls = new Set<BridgeCall>();
  readonly #totals = { answered: 0, apologies: 0 };
  #registration: Registration | undefined;
  #health: HealthServer | undefined;
  #draining = false;
  #closed = false;
  #stopped: Promise<void> | undefined;

  private constructor(
    config: BridgeConfig,
    logger: Logger,
    agent: UserAgent,
    engine: RtpEngine,
    recordings: { apology: Recording; holdTone: Recording },
  ) {
    super();
    this.config = config;
    this.#logger = logger;
    this.#agent = agent;
    this.#engine = engine;
    this.#recordings = recordings;
    agent.on('call', (call) => this.#onCall(call));
    this.#watch(engine);
  }

  /** Listens and registers. Throws CONFIG_INVALID, AUDIO_UNREADABLE, SCHEMA_UNREADABLE, PORT_TAKEN, WORKER_LOST. */
  static async start(input: unknown, logger: Logger = silentLogger()): Promise<SipBridge> {
    const config = parseBridgeConfig(input);
    loadSchema();
    const recordings = {
      apology: loadApology(config.apology.folder, config.apology.languages),
      holdTone: loadHoldTone(config.apology.folder),
    };
    const { sip, registration } = config;
    const host = await addressOf(sip.host);
    const agent = await UserAgent.start({
      host,
      port: sip.port,
      advertisedHost: sip.advertisedHost === undefined ? undefined : await addressOf(sip.advertisedHost),
      protocols: sip.protocols.map((name) => (name === 'udp' ? 'UDP' : 'TCP')),
      user: registration?.user ?? sip.user,
      userAgent: USER_AGENT,
      allow: METHODS,
      credentials: registration && { user: registration.user, password: registration.password },
      maxMessageBytes: sip.maxMessageBytes,
      logger,
    });
    let engine: RtpEngine | undefined;
    try {
      engine = await RtpEngine.start(await engineOptions(config));
      const bridge = new SipBridge(config, logger, agent, engine, recordings);
      await bridge.#startHealth();
      bridge.#startRegistration();
      return bridge;
    } catch (error) {
      await agent.close();
      await engine?.close();
      throw error;
    }
  }

  /** `sip:` address that reaches us over UDP (or TCP, where that is all there is). */
  get uri(): string {
    return this.#agent.endpoints[0]?.contactUri ?? '';
  }

  get port(): number {
    return this.#agent.port;
  }

  /** 0 when it is off. */
  get healthPort(): number {
    return this.#health?.port ?? 0;
  }

  get calls(): ReadonlySet<BridgeCall> {
    return this.#calls;
  }

  get registration(): Registration | undefined {
    return this.#registration;
  }

  /** The RTP thread, for drills. */
  get engine(): RtpEngine {
    return this.#engine;
  }

  async health(): Promise<Health> {
    const pacer = await this.#engine.stats();
    const sum = (key: 'received' | 'dropped' | 'refused' | 'faults'): number =>
      this.#agent.endpoints.reduce((total, endpoint) => total + endpoint.stats[key], 0);
    return {
      status: this.#draining ? 'draining' : 'ok',
      sip: this.uri,
      calls: this.#calls.size,
      maxCalls: this.config.maxCalls,
      registered: this.#registration ? this.#registration.registered : null,
      answeredCalls: this.#totals.answered,
      apologies: this.#totals.apologies,
      lateTicks: pacer.lateTicks,
      skippedFrames: pacer.skippedFrames,
      worstLateMs: Math.round(pacer.worstLateMs * 10) / 10,
      sipMessages: {
        received: sum('received'),
        dropped: sum('dropped'),
        refused: sum('refused'),
        faults: sum('faults'),
      },
    };
  }

  /** No new calls; live ones may finish within `limitMs`, then they are hung up. Then everything is closed. Idempotent. */
  drain(limitMs = this.config.drainMs): Promise<void> {
    this.#stopped ??= this.#drain(limitMs);
    return this.#stopped;
  }

  async #drain(limitMs: number): Promise<void> {
    this.#draining = true;
    this.#agent.optionsStatus = 503;
    await this.#registration?.stop();
    if (this.#calls.size > 0 && limitMs > 0) {
      this.#logger.info({ calls: this.#calls.size, limitMs }, 'waiting for live calls');
      await this.#idle(limitMs);
    }
    if (this.#calls.size > 0) {
      this.#logger.warn({ calls: this.#calls.size }, 'hanging up what is left');
      for (const call of this.#calls) call.hangup('error', 'the bridge is shutting down');
      await this.#idle(GOODBYE_MS * 4);
    }
    // The last BYE's answer, or its retransmission.
    await new Promise((resolve) => setTimeout(resolve, limitMs > 0 ? GOODBYE_MS : 50));
    this.#closed = true;
    clearTimeout(this.#engineRetry);
    await this.#health?.close();
    await this.#agent.close();
    await this.#engine.close();
    this.removeAllListeners();
  }

  async #idle(limitMs: number): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (this.#calls.size > 0 && Date.now() < deadline) {
      await this.next('over', Math.max(1, deadline - Date.now())).catch(() => undefined);
    }
  }

  /** A thread that dies takes its calls along; the next calls get a new one. */
  #watch(engine: RtpEngine, waitMs = FIRST_RESTART_MS): void {
    engine.onLost = (error) => {
      this.#logger.error(
        { err: error === undefined ? 'exit' : messageOf(error), waitMs },
        'the RTP thread died and is started again',
      );
      this.#restartEngine(waitMs);
    };
  }

  #restartEngine(waitMs: number): void {
    const nextWaitMs = Math.min(LAST_RESTART_MS, waitMs * 2);
    this.#engineRetry = setTimeout(() => {
      engineOptions(this.config)
        .then((options) => RtpEngine.start(options))
        .then(
          async (engine) => {
            if (this.#closed) {
              await engine.close();
              return;
            }
            this.#engine = engine;
            this.#watch(engine, nextWaitMs);
          },
          (error: unknown) => {
            this.#logger.error({ err: messageOf(error) }, 'the RTP thread could not be started');
            if (!this.#closed) this.#restartEngine(nextWaitMs);
          },
        );
    }, waitMs);
  }

  #onCall(incoming: IncomingCall): void {
    const leg = new InboundLeg(incoming, this.#logger.child({ call: incoming.request.message.callId.slice(0, 64) }));
    if (this.#draining || this.#calls.size >= this.config.maxCalls) {
      this.#logger.warn({ calls: this.#calls.size, draining: this.#draining }, 'no room for a call');
      leg.reject(503, [`Retry-After: ${this.config.retryAfterSeconds}`]);
      return;
    }
    const { sip, rtp, media, transfer, apology } = this.config;
    const logger = this.#logger.child({ call: leg.callId.slice(0, 64) });
    const call = new BridgeCall(
      leg,
      {
        media: {
          engine: this.#engine,
          advertisedHost: this.#agent.advertisedHost,
          codecs: sip.codecs,
          fill: true,
          maxQueueMs: rtp.playoutQueueMs,
          mediaTimeoutMs: rtp.mediaTimeoutMs,
        },
        url: media.url,
        token: media.token,
        connectTimeoutMs: media.connectTimeoutMs,
        resumeLimitMs: media.resumeLimitMs,
        pingIntervalMs: media.pingIntervalMs,
        holdToneAfterMs: media.holdToneAfterMs,
        transfer: {
          allowedTargets: transfer.allowedTargets.map((pattern) => new RegExp(pattern)),
          allowedHeaders: new RegExp(transfer.allowedHeaders, 'i'),
        },
        apologyMode: apology.mode,
        ...this.#recordings,
      },
      logger,
    );
    this.#calls.add(call);
    call.on('over', (summary) => {
      this.#calls.delete(call);
      if (summary.answered) this.#totals.answered++;
      if (summary.apologised) this.#totals.apologies++;
      logger.info({ ...summary }, 'a call is over');
      this.emit('over', call, summary);
    });
    this.emit('call', call);
    call.run().catch((error: unknown) => logger.error({ err: messageOf(error) }, 'a call failed'));
  }

  async #startHealth(): Promise<void> {
    const { enabled, host, port } = this.config.health;
    if (enabled) this.#health = await HealthServer.start(host, port, () => this.health());
  }

  #startRegistration(): void {
    const { registration } = this.config;
    if (!registration) return;
    const endpoint = this.#agent.endpointFor(registration.registrar);
    this.#registration = new Registration(endpoint, { ...registration, logger: this.#logger });
    this.#registration.start();
  }
}

async function engineOptions({ sip, rtp }: BridgeConfig): Promise<EngineOptions> {
  return { host: await addressOf(sip.host), portMin: rtp.portMin, portMax: rtp.portMax };
}

/** Sockets and SDP want numbers, people write names. Throws CONFIG_INVALID. */
async function addressOf(host: string): Promise<string> {
  if (isIP(host)) return host;
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch (error) {
    throw new BridgeError('CONFIG_INVALID', `No address was found for the host "${host}".`, {
      hint: 'Set HEARKEN_SIP_HOST and HEARKEN_SIP_ADVERTISED to IP addresses.',
      cause: error,
    });
  }
}
