import { Doorkeeper } from './abuse/doorkeeper.js';
import { addressOf } from './address.js';
import { loadApology, loadHoldTone, type Recording } from './apology.js';
import { BridgeCall, type CallFacts, type CallSummary } from './bridge.js';
import { callOptions, exposesKeys, inboundFacts, legMedia, legRules } from './call-options.js';
import { type BridgeConfig, parseBridgeConfig } from './config.js';
import { SafeEmitter } from './emitter.js';
import { messageOf } from './errors.js';
import { type Health, healthOf, type Readiness, ServiceProbe } from './health.js';
import { type Logger, silentLogger } from './log.js';
import { loadSchema } from './media/protocol.js';
import { BridgeMetrics } from './ops/bridge-metrics.js';
import { CdrWriter } from './ops/cdr.js';
import { ControlServer } from './ops/control.js';
import { HepMirror } from './ops/hep.js';
import { tellWhatIsLost } from './ops/preflight.js';
import { controlRoutes } from './ops/routes.js';
import { CallTraces } from './ops/trace.js';
import { Dialler } from './outbound/dialler.js';
import { RecordingRetention } from './recording/retention.js';
import { Routes } from './routing/routes.js';
import type { RtpEngine } from './rtp/engine.js';
import { EngineKeeper } from './rtp-keeper.js';
import { InboundLeg } from './sip/inbound-leg.js';
import type { OutboundLeg } from './sip/outbound-leg.js';
import { type IncomingCall, UserAgent } from './sip/user-agent.js';
import { tlsMaterial } from './tls.js';
import { TrunkBook } from './trunks/book.js';
import { implicitTrunks } from './trunks/implicit.js';
import type { Registrars } from './trunks/registrars.js';

export const USER_AGENT = 'Hearken/0.1';
const METHODS = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'INFO', 'NOTIFY', 'PRACK', 'UPDATE'];
/** Between live calls that are hung up at the end of a drain and the sockets' closing: a BYE and its answer. */
const GOODBYE_MS = 500;
/** What a reload can't change while sockets are open. */
const FIXED = ['sip', 'rtp', 'health', 'log'] as const;

export interface SipBridgeEvents {
  call: [call: BridgeCall];
  over: [call: BridgeCall, summary: CallSummary];
}

interface Parts {
  readonly agent: UserAgent;
  readonly engine: EngineKeeper;
  readonly doorkeeper: Doorkeeper;
  readonly recordings: { readonly apology: Recording; readonly holdTone: Recording };
}

/** The whole bridge: SIP and RTP on one side, one media connection a call on the other. */
export class SipBridge extends SafeEmitter<SipBridgeEvents> {
  readonly traces: CallTraces;
  readonly book: TrunkBook;
  readonly dialler: Dialler;
  readonly doorkeeper: Doorkeeper;
  #config: BridgeConfig;
  #routes: Routes;
  readonly #logger: Logger;
  readonly #agent: UserAgent;
  readonly #engine: EngineKeeper;
  readonly #recordings: Parts['recordings'];
  readonly #calls = new Set<BridgeCall>();
  readonly #totals = { answered: 0, apologies: 0 };
  readonly #metrics = new BridgeMetrics();
  readonly #cdr: CdrWriter;
  readonly #probe: ServiceProbe;
  readonly #retention: RecordingRetention;
  #hep: HepMirror | undefined;
  #control: ControlServer | undefined;
  /** Reads the configuration anew; set by whoever started us from a file. */
  reloadSource: (() => unknown) | undefined;
  #draining = false;
  #drainTimer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(config: BridgeConfig, logger: Logger, { agent, engine, doorkeeper, recordings }: Parts) {
    super();
    this.#config = config;
    this.#logger = logger;
    this.#agent = agent;
    this.#engine = engine;
    this.#recordings = recordings;
    this.doorkeeper = doorkeeper;
    this.#routes = new Routes(config.routes);
    this.traces = new CallTraces(config.trace);
    this.#cdr = new CdrWriter(config.cdr, logger);
    this.#probe = new ServiceProbe(config.media.url);
    this.#retention = new RecordingRetention(config.recording, logger);
    tellWhatIsLost(config, logger);
    this.book = new TrunkBook(agent, logger, () => legRules(this.#config));
    this.dialler = new Dialler({
      config: config.outbound,
      place: ({ to, trunk: name, callerId }, ringTimeoutMs) => {
        const trunk = this.#outboundTrunk(name);
        return this.book.dial(trunk, { to, callerId, ringTimeoutMs }, this.#media(trunk));
      },
      connect: (leg, facts) => this.#take(leg, this.#overTrunk(facts)),
      record: (facts, summary) => this.#cdr.write(this.#overTrunk(facts), summary),
      hasRoom: () => !this.#draining && this.#calls.size < this.#config.maxCalls,
      logger,
    });
    agent.on('call', (call) => this.#onCall(call));
    agent.tap((direction, protocol, text, local, peer) => {
      this.traces.add(direction, protocol, text, peer);
      const [from, to] = direction === 'in' ? [peer, local] : [local, peer];
      this.#hep?.send({ protocol, from, to, text, atMs: Date.now() });
    });
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
    let bridge: SipBridge | undefined;
    const doorkeeper = new Doorkeeper({
      config: config.abuse,
      trunks: () => bridge?.book.all ?? [],
      callsOf: (address) => [...(bridge?.calls ?? [])].filter(({ facts }) => facts.remoteAddress === address).length,
      retryAfterSeconds: config.retryAfterSeconds,
      logger,
    });
    const agent = await UserAgent.start({
      host: await addressOf(sip.host),
      port: sip.port,
      advertisedHost: sip.advertisedHost === undefined ? undefined : await addressOf(sip.advertisedHost),
      advertisedPort: sip.advertisedPort,
      protocols: sip.protocols.map((name) => (name === 'udp' ? 'UDP' : name === 'tcp' ? 'TCP' : 'TLS')),
      tls: sip.tls && { ...tlsMaterial(sip.tls), port: sip.tls.port },
      dnsServers: sip.dnsServers,
      srv: sip.srv,
      user: registration?.user ?? sip.user,
      userAgent: USER_AGENT,
      allow: METHODS,
      supported: sip.prack === 'off' ? ['timer'] : ['timer', '100rel'],
      outboundProxy: sip.outboundProxy,
      maxMessageBytes: sip.maxMessageBytes,
      gate: doorkeeper,
      logger,
    });
    let engine: EngineKeeper | undefined;
    try {
      const { portMin, portMax } = config.rtp;
      engine = await EngineKeeper.start({ host: await addressOf(sip.host), portMin, portMax }, logger);
      bridge = new SipBridge(config, logger, { agent, engine, doorkeeper, recordings });
      await bridge.#begin();
      return bridge;
    } catch (error) {
      await agent.close();
      await engine?.close();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    const { health, hep, control } = this.#config;
    if (hep) this.#hep = await HepMirror.open(hep, this.#logger);
    this.dialler.start();
    this.#retention.start();
    if (exposesKeys(this.#config)) this.#logger.warn('SRTP keys go over signalling that is not encrypted');
    if (health.enabled) {
      const { host, port } = health;
      this.#control = await ControlServer.start({
        ...{ host, port },
        token: () => this.#config.control.token ?? control.token,
        routes: controlRoutes(this),
      });
    }
    this.book.apply([...implicitTrunks(this.#config), ...this.#config.trunks]);
  }

  get config(): BridgeConfig {
    return this.#config;
  }

  /** `sip:` address that reaches us over UDP (or TCP, where that is all there is). */
  get uri(): string {
    return this.#agent.endpoints[0]?.contactUri ?? '';
  }

  /** The same over TLS; undefined where it is off. */
  get tlsUri(): string | undefined {
    return this.#agent.endpoints.find(({ protocol }) => protocol === 'TLS')?.contactUri;
  }

  get port(): number {
    return this.#agent.port;
  }

  /** 0 when it is off. */
  get healthPort(): number {
    return this.#control?.port ?? 0;
  }

  get calls(): ReadonlySet<BridgeCall> {
    return this.#calls;
  }

  /** Of `bridge.registration`, else of the first trunk that registers. */
  get registration(): Registrars | undefined {
    return this.book.all.map(({ name }) => this.book.registrarsOf(name)).find((registrars) => registrars);
  }

  /** The RTP thread, for drills. */
  get engine(): RtpEngine {
    return this.#engine.current;
  }

  async health(): Promise<Health> {
    return healthOf({
      draining: this.#draining,
      sip: this.uri,
      calls: this.#calls.size,
      maxCalls: this.#config.maxCalls,
      totals: this.#totals,
      trunks: this.book.states(),
      pacer: await this.engine.stats(),
      agent: this.#agent,
    });
  }

  /** Whether calls should be sent here. */
  async readiness(): Promise<Readiness> {
    const states = this.book.states().filter(({ registered }) => registered !== null);
    const reasons = [
      ...(this.#draining ? ['draining'] : []),
      ...(this.#calls.size >= this.#config.maxCalls ? ['no room for another call'] : []),
      ...(states.length > 0 && states.every(({ registered }) => !registered) ? ['registered nowhere'] : []),
      ...((await this.#probe.ask()) ? [] : ['the service does not answer']),
    ];
    return { ready: reasons.length === 0, reasons };
  }

  async metrics(): Promise<string> {
    return this.#metrics.render({
      health: await this.health(),
      guard: this.doorkeeper.counts,
      bans: this.doorkeeper.bans.list(Date.now()).length,
      jobs: this.dialler.jobs,
      lostRecords: this.#cdr.lost,
    });
  }

  /** Takes over what can change while calls are up; they keep what they began with. Throws CONFIG_INVALID, and then nothing has changed. */
  reload(input: unknown): void {
    const config = parseBridgeConfig(input, 'The new configuration');
    const fixed = FIXED.filter((key) => JSON.stringify(config[key]) !== JSON.stringify(this.#config[key]));
    const material = config.sip.tls && tlsMaterial(config.sip.tls);
    if (fixed.length > 0) this.#logger.warn({ sections: fixed }, 'these sections need a restart and stay as they were');
    const { sip, rtp, health, log } = this.#config;
    this.#config = { ...config, sip, rtp, health, log };
    this.#routes = new Routes(config.routes);
    this.doorkeeper.apply(config.abuse);
    this.dialler.apply(config.outbound);
    this.traces.apply(config.trace);
    this.#cdr.apply(config.cdr);
    this.#retention.apply(config.recording);
    tellWhatIsLost(config, this.#logger);
    if (material) for (const endpoint of this.#agent.endpoints) endpoint.renewTls(material);
    this.book.apply([...implicitTrunks(this.#config), ...config.trunks]);
  }

  /** Reads the file again; what was wrong, or undefined. */
  async reloadNow(): Promise<string | undefined> {
    if (!this.reloadSource) return 'this bridge was not started from a file';
    try {
      this.reload(await this.reloadSource());
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  /** No new calls from here on; live ones may go on for `limitMs`, or for as long as they like. */
  stopTaking(limitMs?: number): void {
    this.#draining = true;
    this.#agent.optionsStatus = 503;
    clearTimeout(this.#drainTimer);
    if (limitMs === undefined) return;
    this.#drainTimer = setTimeout(() => {
      for (const call of this.#calls) call.hangup('error', 'the bridge is being drained');
    }, limitMs);
    this.#drainTimer.unref();
  }

  /** False when it is stopping for good. */
  takeAgain(): boolean {
    if (this.#stopped) return false;
    clearTimeout(this.#drainTimer);
    this.#draining = false;
    this.#agent.optionsStatus = 200;
    return true;
  }

  /** No new calls; live ones may finish within `limitMs`, then they are hung up. Then everything is closed. Idempotent. */
  drain(limitMs = this.#config.drainMs): Promise<void> {
    this.#stopped ??= this.#drain(limitMs);
    return this.#stopped;
  }

  async #drain(limitMs: number): Promise<void> {
    this.stopTaking();
    this.dialler.stop();
    this.#retention.stop();
    await this.book.stop();
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
    await this.#cdr.flush();
    await this.#control?.close();
    await this.#agent.close();
    await this.#engine.close();
    this.#hep?.close();
    this.removeAllListeners();
  }

  async #idle(limitMs: number): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (this.#calls.size > 0 && Date.now() < deadline) {
      await this.next('over', Math.max(1, deadline - Date.now())).catch(() => undefined);
    }
  }

  #media(trunk: ReturnType<TrunkBook['get']>): ReturnType<typeof legMedia> {
    return legMedia(this.#config, this.engine, this.#agent.advertisedHost, trunk);
  }

  #outboundTrunk(name: string | undefined): ReturnType<TrunkBook['get']> {
    const { trunk } = this.#config.outbound;
    return this.book.get(name ?? trunk) ?? this.book.all.find(({ config }) => config.targets.length > 0);
  }

  /** A request that names no trunk went over the usual one: its transfers and its record go that way too. */
  #overTrunk(facts: CallFacts): CallFacts {
    return { ...facts, trunk: this.#outboundTrunk(facts.trunk)?.name };
  }

  #onCall(incoming: IncomingCall): void {
    const logger = this.#logger.child({ call: incoming.request.message.callId.slice(0, 64) });
    const leg = new InboundLeg(incoming, logger, legRules(this.#config));
    if (this.#draining || this.#calls.size >= this.#config.maxCalls) {
      logger.warn({ calls: this.#calls.size, draining: this.#draining }, 'no room for a call');
      leg.reject(503, [`Retry-After: ${this.#config.retryAfterSeconds}`]);
      return;
    }
    const trunk = this.book.get(incoming.trunk);
    const facts = inboundFacts(leg.info, trunk, this.book.open);
    const routed = this.#routes.find(facts);
    if (routed.kind === 'refuse') {
      logger.info({ status: routed.status }, 'no route for a call');
      leg.reject(routed.status);
      return;
    }
    if (trunk?.config.login) leg.endpoint.useCredentials(leg.callId, trunk.config.login);
    this.#take(leg, { ...facts, route: routed.route });
  }

  #take(leg: InboundLeg | OutboundLeg, facts: CallFacts): BridgeCall {
    const logger = this.#logger.child({ call: facts.callId.slice(0, 64) });
    const media = (trunk: ReturnType<TrunkBook['get']>) => this.#media(trunk);
    const options = callOptions(this.#config, facts, media, this.#recordings, this.book);
    const call = new BridgeCall(leg, facts, options, logger);
    const trunk = this.book.get(facts.trunk);
    if (trunk) trunk.calls++;
    this.#calls.add(call);
    call.on('over', (summary) => {
      this.#calls.delete(call);
      const now = this.book.get(facts.trunk);
      if (now) now.calls = Math.max(0, now.calls - 1);
      if (summary.answered) this.#totals.answered++;
      if (summary.apologised) this.#totals.apologies++;
      this.#metrics.over(call, summary);
      this.#cdr.write(facts, summary);
      logger.info({ ...summary, transfers: summary.transfers.length }, 'a call is over');
      this.emit('over', call, summary);
    });
    this.emit('call', call);
    call.run().catch((error: unknown) => logger.error({ err: messageOf(error) }, 'a call failed'));
    return call;
  }
}
