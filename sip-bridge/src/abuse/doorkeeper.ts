import type { IncomingRequestMessage } from 'sip.js/lib/core/index.js';
import { Networks } from '../config-values.js';
import type { Logger } from '../log.js';
import type { Source } from '../sip/channel.js';
import type { Verdict } from '../sip/endpoint.js';
import { headerOf } from '../sip/text.js';
import type { Gate } from '../sip/user-agent.js';
import { TokenBucket } from '../token-bucket.js';
import { IMPLICIT } from '../trunks/implicit.js';
import type { Trunk } from '../trunks/trunk.js';
import type { AbuseConfig } from './config.js';
import { Bans, SourceBuckets, WindowCounter } from './limits.js';

/** Headers of one request that are looked at, and that one answer has. */
const MAX_LOGINS = 4;
const MAX_CHALLENGES = 8;

export interface DoorkeeperOptions {
  readonly config: AbuseConfig;
  readonly trunks: () => readonly Trunk[];
  /** Live calls of a source. */
  readonly callsOf: (address: string) => number;
  readonly retryAfterSeconds: number;
  readonly logger: Logger;
  readonly nowMs?: () => number;
}

export interface DoorkeeperCounts {
  banned: number;
  silenced: number;
  unknown: number;
  badLogins: number;
  limited: number;
  flooded: number;
}

/** Who may talk to us and who may call: bans, limits, logins, trunks. */
export class Doorkeeper implements Gate {
  readonly counts: DoorkeeperCounts = { banned: 0, silenced: 0, unknown: 0, badLogins: 0, limited: 0, flooded: 0 };
  readonly bans = new Bans();
  readonly #options: DoorkeeperOptions;
  readonly #nowMs: () => number;
  #config: AbuseConfig;
  #exempt: Networks;
  #scanners: RegExp;
  #all: TokenBucket;
  #messages: TokenBucket;
  #messagesInCalls: TokenBucket;
  #messagesOf: SourceBuckets;
  #calls: WindowCounter;
  #faults: WindowCounter;

  constructor(options: DoorkeeperOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => Date.now());
    this.#config = options.config;
    this.#exempt = new Networks(options.config.neverBan);
    this.#scanners = new RegExp(options.config.scanners, 'i');
    this.#all = new TokenBucket(options.config.callsPerSecond);
    this.#messages = messagesOf(options.config);
    this.#messagesInCalls = messagesOf(options.config);
    this.#messagesOf = messagesOfSources(options.config);
    this.#calls = new WindowCounter(60_000);
    this.#faults = new WindowCounter(options.config.windowMs);
  }

  /** New rules; bans stay. */
  apply(config: AbuseConfig): void {
    this.#config = config;
    this.#exempt = new Networks(config.neverBan);
    this.#scanners = new RegExp(config.scanners, 'i');
    this.#all = new TokenBucket(config.callsPerSecond);
    this.#messages = messagesOf(config);
    this.#messagesInCalls = messagesOf(config);
    this.#messagesOf = messagesOfSources(config);
    this.#faults = new WindowCounter(config.windowMs);
  }

  mayTalk(source: Source, text: string): boolean {
    const { address } = source;
    if (this.bans.has(address, this.#nowMs()) && this.#config.answer === 'silent') {
      this.counts.silenced++;
      return false;
    }
    if (this.#isExempt(address)) return true;
    if (this.#floods(address)) {
      this.counts.flooded++;
      return false;
    }
    // Only what asks for something has a User-Agent worth a look.
    if (text.startsWith('SIP/2.0')) return true;
    const agent = headerOf(text, 'user-agent');
    if (agent === undefined || !this.#scanners.test(agent.slice(0, 200))) return true;
    this.#ban(address, 'a scanner');
    if (this.#config.answer === 'refuse') return true;
    this.counts.silenced++;
    return false;
  }

  /** Reading a message takes milliseconds: who sends thousands a second, from one address or from many, must not cost the calls of others theirs. */
  #floods(address: string): boolean {
    const nowMs = this.#nowMs();
    if (!this.#messagesOf.take(address, nowMs)) return true;
    if (this.#messages.take(nowMs)) return false;
    return this.#options.callsOf(address) === 0 || !this.#messagesInCalls.take(nowMs);
  }

  judge(message: IncomingRequestMessage, source: Source): Verdict {
    const nowMs = this.#nowMs();
    const { address } = source;
    if (this.bans.has(address, nowMs)) return refuse(403);
    if (message.method !== 'INVITE') return { kind: 'pass' };
    if (!this.#isExempt(address) && this.#tooMany(address, nowMs)) return this.#limited();
    const trunks = this.#options.trunks();
    const known = trunks.filter((trunk) => trunk.hasSource(address));
    const asked = known.length > 0 ? known : trunks.filter((trunk) => trunk.anywhere);
    const [first] = asked;
    if (!first) return this.#stranger(source);
    return first.guard ? this.#login(message, source, asked) : this.#admit(first);
  }

  onFault(source: Source, _why: string): void {
    this.#fault(source.address, 'messages that make no sense');
  }

  /** Trunks have limits of their own. */
  #tooMany(address: string, nowMs: number): boolean {
    const { callsPerSourcePerMinute, maxCallsPerSource } = this.#config;
    const perMinute = this.#calls.add(address, nowMs);
    return perMinute > callsPerSourcePerMinute || this.#options.callsOf(address) >= maxCallsPerSource;
  }

  /** Any refusal of a call counts towards a ban: trying numbers is how exchanges are robbed. */
  #stranger(source: Source): Verdict {
    const { unknownSources } = this.#config;
    const answer =
      unknownSources === 'auto'
        ? this.#options.trunks().every(({ name }) => name === IMPLICIT)
          ? 'accept'
          : 'refuse'
        : unknownSources;
    if (answer === 'accept') return this.#all.take(this.#nowMs()) ? { kind: 'pass' } : this.#limited();
    this.counts.unknown++;
    this.#fault(source.address, 'calls from no trunk of ours');
    return answer === 'silent' ? { kind: 'drop' } : refuse(403);
  }

  #login(message: IncomingRequestMessage, source: Source, trunks: readonly Trunk[]): Verdict {
    const headers = message.getHeaders('authorization').slice(0, MAX_LOGINS);
    const realms = trunks.flatMap(({ guard }) => guard?.realm ?? []);
    let stale = false;
    let wrong: Trunk | undefined;
    for (const trunk of trunks) {
      for (const header of headers) {
        const result = trunk.guard?.check(header, message.method, message.body, realms);
        if (result?.kind === 'ok') return this.#admit(trunk, result.user);
        // Another trunk may know them.
        if (result?.kind === 'wrong') wrong ??= trunk;
        stale ||= result?.kind === 'challenge' && result.stale;
      }
    }
    if (wrong) {
      this.counts.badLogins++;
      this.#options.logger.warn({ from: source.address, trunk: wrong.name }, 'a login failed');
      this.#fault(source.address, 'failed logins');
      if (this.bans.has(source.address, this.#nowMs())) return refuse(403);
    }
    return refuse(401, challenges(trunks, stale));
  }

  /** What is refused before takes nothing of the calls that may begin in a second: strangers can't use it up for the trunks. */
  #admit(trunk: Trunk, login?: string): Verdict {
    if (trunk.full || !this.#all.take(this.#nowMs())) return this.#limited();
    return { kind: 'pass', trunk: trunk.name, ...(login === undefined ? {} : { login }) };
  }

  #limited(): Verdict {
    this.counts.limited++;
    return refuse(503, [`Retry-After: ${this.#options.retryAfterSeconds}`]);
  }

  #fault(address: string, why: string): void {
    if (this.#isExempt(address)) return;
    if (this.#faults.add(address, this.#nowMs()) >= this.#config.faultsUntilBan) this.#ban(address, why);
  }

  #ban(address: string, why: string): void {
    const nowMs = this.#nowMs();
    if (this.#isExempt(address) || this.bans.has(address, nowMs)) return;
    this.bans.ban(address, nowMs + this.#config.banMs, why);
    this.#faults.clear(address);
    this.counts.banned++;
    this.#options.logger.warn({ from: address, why, banMs: this.#config.banMs }, 'a source is banned');
  }

  #isExempt(address: string): boolean {
    return this.#exempt.has(address) || this.#options.trunks().some((trunk) => trunk.hasSource(address));
  }
}

function messagesOf({ messagesPerSecond }: AbuseConfig): TokenBucket {
  return new TokenBucket(messagesPerSecond, 2);
}

function messagesOfSources({ messagesPerSourcePerSecond }: AbuseConfig): SourceBuckets {
  return new SourceBuckets(messagesPerSourcePerSecond, 10);
}

/** Of trunks that share a realm once for each algorithm. */
function challenges(trunks: readonly Trunk[], stale: boolean): string[] {
  const once = new Map<string, string>();
  for (const { guard } of trunks) {
    for (const line of guard?.challenge(stale) ?? []) {
      const name = line.replace(/nonce="[^"]*"/, '');
      if (!once.has(name)) once.set(name, line);
    }
  }
  return [...once.values()].slice(0, MAX_CHALLENGES);
}

function refuse(status: number, headers: readonly string[] = []): Verdict {
  return { kind: 'refuse', status, headers };
}
