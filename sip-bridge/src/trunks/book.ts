import { BridgeError, messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import { userOf } from '../routing/routes.js';
import type { LegRules } from '../sip/leg.js';
import type { LegMediaOptions } from '../sip/leg-media.js';
import { OutboundLeg } from '../sip/outbound-leg.js';
import { parseUri } from '../sip/text.js';
import type { UserAgent } from '../sip/user-agent.js';
import type { TrunkConfig } from './config.js';
import { IMPLICIT } from './implicit.js';
import { KeepAlive } from './keep-alive.js';
import { Registrars } from './registrars.js';
import { placesOf, Trunk } from './trunk.js';

export interface TrunkState {
  readonly name: string;
  readonly calls: number;
  /** null: it registers nowhere. */
  readonly registered: boolean | null;
  readonly registrar: string | null;
  /** Of each target that is asked with OPTIONS. */
  readonly targets: Readonly<Record<string, boolean>>;
}

export interface DialRequest {
  /** A number, dialled at the trunk's targets, or a whole SIP address. */
  readonly to: string;
  readonly headers?: readonly string[];
  readonly ringTimeoutMs: number;
  readonly callerId?: string | undefined;
  readonly onProgress?: (status: number, reason: string) => void;
}

/** At most so many hosts are tried for one call. */
const MAX_TRIES = 6;

/** All trunks, as the configuration has them now. */
export class TrunkBook {
  readonly #agent: UserAgent;
  readonly #logger: Logger;
  readonly #rules: () => LegRules;
  #trunks = new Map<string, Trunk>();
  readonly #registrars = new Map<string, { readonly key: string; readonly registrars: Registrars }>();
  readonly #keepAlives = new Map<string, KeepAlive>();
  #learning: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(agent: UserAgent, logger: Logger, rules: () => LegRules) {
    this.#agent = agent;
    this.#logger = logger;
    this.#rules = rules;
  }

  get all(): readonly Trunk[] {
    return [...this.#trunks.values()];
  }

  get(name: string | undefined): Trunk | undefined {
    return name === undefined ? undefined : this.#trunks.get(name);
  }

  /** No trunk is set up: who calls is as good as anybody else. */
  get open(): boolean {
    return this.all.every(({ name }) => name === IMPLICIT);
  }

  /** The trunk that owns this source; `anywhere` ones are known by their users only. */
  bySource(address: string): Trunk | undefined {
    return this.all.find((trunk) => trunk.hasSource(address));
  }

  registrarsOf(name: string): Registrars | undefined {
    return this.#registrars.get(name)?.registrars;
  }

  /** Takes over a configuration: what did not change goes on undisturbed. */
  apply(configs: readonly TrunkConfig[]): void {
    const before = this.#trunks;
    this.#trunks = new Map(
      configs.map((config) => {
        const old = before.get(config.name);
        const same = old && JSON.stringify(old.config) === JSON.stringify(config);
        const trunk = same ? old : new Trunk(config);
        if (old && !same) trunk.calls = old.calls;
        return [config.name, trunk];
      }),
    );
    const goodbyes = new Map<string, Promise<void>>();
    for (const [name, { registrars, key }] of [...this.#registrars]) {
      const config = this.#trunks.get(name)?.config;
      if (config && keyOf(config) === key) continue;
      this.#registrars.delete(name);
      goodbyes.set(
        name,
        registrars.stop().catch(() => undefined),
      );
    }
    for (const [name, keepAlive] of [...this.#keepAlives]) {
      keepAlive.stop();
      this.#keepAlives.delete(name);
    }
    for (const trunk of this.#trunks.values()) this.#start(trunk, goodbyes.get(trunk.name));
    clearInterval(this.#learning);
    this.#learn();
    this.#learning = setInterval(() => this.#learn(), LEARN_EVERY_MS);
    this.#learning.unref();
  }

  /** Says goodbye to all registrars. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#learning);
    for (const keepAlive of this.#keepAlives.values()) keepAlive.stop();
    await Promise.all([...this.#registrars.values()].map(({ registrars }) => registrars.stop()));
  }

  states(): TrunkState[] {
    return this.all.map(({ name, calls }) => {
      const registrars = this.registrarsOf(name);
      return {
        name,
        calls,
        registered: registrars ? registrars.registered : null,
        registrar: registrars ? registrars.registrar : null,
        targets: this.#keepAlives.get(name)?.states() ?? {},
      };
    });
  }

  /**
   * Places a call over a trunk: its targets in order, each with its SRV hosts, until one answers anything at all. What that says is the leg's. Throws SIP_ADDRESS,
   * RTP_PORTS_EXHAUSTED, CALL_FAILED when nobody answered.
   */
  async dial(trunk: Trunk | undefined, request: DialRequest, media: LegMediaOptions): Promise<OutboundLeg> {
    const places = await this.#places(trunk, request.to);
    let last: OutboundLeg | undefined;
    for (const uri of places.slice(0, MAX_TRIES)) {
      await last?.release();
      const leg = await this.#place(trunk, uri, request, media);
      last = leg;
      const failoverMs = trunk?.config.failoverMs ?? request.ringTimeoutMs;
      if (await within(leg.reached, places.length > 1 ? failoverMs : request.ringTimeoutMs + 5000)) return leg;
      leg.endpoint.targetFailed(leg.callId);
      if (!leg.end) leg.hangup('no-answer', 'the target does not answer');
      this.#logger.warn({ trunk: trunk?.name, target: parseUri(uri)?.host }, 'a target does not answer');
    }
    // It ended with what the last one said; whoever asked reads that.
    if (last) return last;
    throw new BridgeError('CALL_FAILED', 'There is nowhere to send this call.', {
      hint: 'Give the trunk `targets`, or dial a whole SIP address.',
    });
  }

  async #place(
    trunk: Trunk | undefined,
    uri: string,
    request: DialRequest,
    media: LegMediaOptions,
  ): Promise<OutboundLeg> {
    const endpoint = await this.#agent.locate(uri);
    const user = request.callerId ?? trunk?.config.callerId;
    const domain = trunk?.domain(this.#agent.advertisedHost) ?? this.#agent.advertisedHost;
    const host = domain.includes(':') && !domain.startsWith('[') ? `[${domain}]` : domain;
    const from = user === undefined ? plain(endpoint.contactUri) : `sip:${user}@${host}`;
    const asserted = trunk?.config.assertIdentity && user !== undefined ? [`P-Asserted-Identity: <${from}>`] : [];
    return OutboundLeg.place(
      endpoint,
      media,
      {
        to: uri,
        from,
        headers: [...asserted, ...(request.headers ?? [])],
        ringTimeoutMs: request.ringTimeoutMs,
        ...(request.onProgress ? { onProgress: request.onProgress } : {}),
        credentials: trunk?.config.login,
        outboundProxy: trunk?.config.outboundProxy,
        rules: this.#rules(),
      },
      this.#logger,
    );
  }

  /** Request-URIs in the order they are tried; a name with several hosts stands there once for each. */
  async #places(trunk: Trunk | undefined, to: string): Promise<string[]> {
    if (/^sips?:/i.test(to)) return this.#perHost(to);
    if (!trunk) return [];
    const number = trunk.dialled(numberOf(to));
    const keepAlive = this.#keepAlives.get(trunk.name)?.states() ?? {};
    const targets = [...trunk.config.targets].sort(
      (a, b) => Number(keepAlive[a] === false) - Number(keepAlive[b] === false),
    );
    const lists = await Promise.all(
      targets.map((target) =>
        this.#perHost(target.replace(/^(sips?:)(?:[^@]*@)?/i, `$1${encodeURIComponent(number)}@`)),
      ),
    );
    return lists.flat();
  }

  async #perHost(uri: string): Promise<string[]> {
    const parts = parseUri(uri);
    if (!parts) throw new BridgeError('SIP_ADDRESS', `"${uri.slice(0, 200)}" is not a SIP address.`);
    try {
      const endpoint = await this.#agent.locate(uri);
      const hosts = await this.#agent.locator.find(parts, endpoint.protocol);
      return hosts.slice(0, MAX_TRIES).map(() => uri);
    } catch (error) {
      this.#logger.warn({ host: parts.host, err: messageOf(error) }, 'a target was not found');
      return [];
    }
  }

  /** `goodbye`: of its registration as it was; a new one before that would be taken away by it. */
  #start(trunk: Trunk, goodbye: Promise<void> = Promise.resolve()): void {
    const { register, login, outboundProxy, keepAliveSeconds, targets } = trunk.config;
    if (register && !this.#registrars.has(trunk.name)) {
      const registrars = new Registrars({
        trunk: trunk.name,
        registrars: register.registrars,
        user: register.user ?? login?.user ?? 'hearken',
        credentials: login,
        outboundProxy,
        expiresSeconds: register.expiresSeconds,
        failoverMs: register.failoverMs,
        returnMs: register.returnMs,
        endpointFor: (registrar) => this.#agent.locate(registrar),
        logger: this.#logger,
      });
      this.#registrars.set(trunk.name, { key: keyOf(trunk.config), registrars });
      void goodbye.then(() => registrars.start());
    }
    if (keepAliveSeconds > 0 && targets.length > 0) {
      const keepAlive = new KeepAlive(this.#agent, targets, keepAliveSeconds * 1000, this.#logger);
      this.#keepAlives.set(trunk.name, keepAlive);
      keepAlive.start();
    }
  }

  /** Calls come from the addresses behind the names we call and register with. */
  #learn(): void {
    for (const trunk of this.all) {
      for (const uri of placesOf(trunk.config)) {
        const parts = parseUri(uri);
        if (!parts) continue;
        this.#agent
          .locate(uri)
          .then((endpoint) => this.#agent.locator.find(parts, endpoint.protocol))
          .then(
            (found) => {
              if (!this.#stopped) for (const { address } of found) trunk.learn(address);
            },
            () => undefined,
          );
      }
    }
  }
}

const LEARN_EVERY_MS = 60_000;

function keyOf({ register, login, outboundProxy }: TrunkConfig): string {
  return JSON.stringify([register, login, outboundProxy]);
}

/** Of a `tel:` address without its parameters and what people write between digits (RFC 3966 §5.1.1); anything else as it is. */
function numberOf(to: string): string {
  return /^tel:/i.test(to) ? userOf(to).replace(/[().-]/g, '') : to;
}

function plain(uri: string): string {
  return uri.split(';')[0] ?? uri;
}

async function within(promise: Promise<boolean>, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
