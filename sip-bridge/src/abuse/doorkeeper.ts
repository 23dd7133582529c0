import type { IncomingRequestMessage } from 'sip.js/lib/core/index.js';
import { Networks } from '../config-values.js';
import type { Logger } from '../log.js';
import type { Source } from '../sip/channel.js';
import type { Verdict } from '../sip/endpoint.js';
import { headerOf } from '../sip/text.js';
import type { Gate } from '../sip/user-agent.js';
import { IMPLICIT } from '../trunks/implicit.js';
import type { Trunk } from '../trunks/trunk.js';
import type { AbuseConfig } from './config.js';
import { Bans, TokenBucket, WindowCounter } from './limits.js';

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
}

/** Who may talk to us and who may call: bans, limits, logins, trunks. */
export class Doorkeeper implements Gate {
  readonly counts: DoorkeeperCounts = { banned: 0, silenced: 0, unknown: 0, badLogins: 0, limited: 0 };
  readonly bans = new Bans();
  readonly #options: DoorkeeperOptions;
  readonly #nowMs: () => number;
  #config: AbuseConfig;
  #exempt: Networks;
  #scanners: RegExp;
  #all: TokenBucket;
  #calls: WindowCounter;
  #faults: WindowCounter;

  constructor(options: DoorkeeperOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => Date.now());
    this.#config = options.config;
    this.#exempt = new Networks(options.config.neverBan);
    this.#scanners = new RegExp(options.config.scanners, 'i');
    this.#all = new TokenBucket(options.config.callsPerSecond);
    this.#calls = new WindowCounter(60_000);
    this.#faults = new WindowCounter(options.config.windowMs);
  }

  /** New rules; bans stay. */
  apply(config: AbuseConfig): void {
    this.#config = config;
    this.#exempt = new Networks(config.neverBan);
    this.#scanners = new RegExp(config.scanners, 'i');
    this.#all = new TokenBucket(config.callsPerSecond);
    this.#faults = new WindowCounter(config.windowMs);
  }

  mayTalk(source: Source, text: string): boolean {
    const { address } = source;
    if (this.bans.has(address, this.#nowMs()) && this.#config.answer === 'silent') {
      this.counts.silenced++;
      return false;
    }
    // Only what asks for something has a User-Agent worth a look; our own answers come back without delay.
    if (text.startsWith('SIP/2.0') || this.#isExempt(address)) return true;
    const agent = headerOf(text, 'user-agent');
    if (agent === undefined || !this.#scanners.test(agent.slice(0, 200))) return true;
    this.#ban(address, 'a scanner');
    if (this.#config.answer === 'refuse') return true;
    this.counts.silenced++;
    return false;
  }

  judge(message: IncomingRequestMessage, source: Source): Verdict {
    const nowMs = this.#nowMs();
    const { address } = source;
    if (this.bans.has(address, nowMs)) return refuse(403);
    if (message.method !== 'INVITE') return { kind: 'pass' };
    const known = this.#options.trunks().find((trunk) => trunk.hasSource(address));
    if (!this.#all.take(nowMs)) return this.#limited();
    if (!this.#isExempt(address) && this.#tooMany(address, nowMs)) return this.#limited();
    if (known) return known.guard ? this.#login(message, source, [known]) : this.#admit(known);
    const anywhere = this.#options.trunks().filter((trunk) => trunk.anywhere);
    if (anywhere.length > 0) return this.#login(message, source, anywhere);
    return this.#stranger(source);
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
    if (answer === 'accept') return { kind: 'pass' };
    this.counts.unknown++;
    this.#fault(source.address, 'calls from no trunk of ours');
    return answer === 'silent' ? { kind: 'drop' } : refuse(403);
  }

  #login(message: IncomingRequestMessage, source: Source, trunks: readonly Trunk[]): Verdict {
    const header = message.getHeader('authorization');
    const [first] = trunks;
    let stale = false;
    for (const trunk of trunks) {
      const result = trunk.guard?.check(header, message.method, message.body);
      if (result?.kind === 'ok') return this.#admit(trunk, result.user);
      if (result?.kind === 'wrong') {
        this.counts.badLogins++;
        this.#options.logger.warn({ from: source.address, trunk: trunk.name }, 'a login failed');
        this.#fault(source.address, 'failed logins');
        return this.bans.has(source.address, this.#nowMs())
          ? refuse(403)
          : refuse(401, trunk.guard?.challenge(false) ?? []);
      }
      stale ||= result?.kind === 'challenge' && result.stale;
    }
    return refuse(401, trunks.flatMap((trunk) => trunk.guard?.challenge(stale) ?? []).slice(0, first ? 8 : 0));
  }

  #admit(trunk: Trunk, login?: string): Verdict {
    if (trunk.full) return this.#limited();
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

function refuse(status: number, headers: readonly string[] = []): Verdict {
  return { kind: 'refuse', status, headers };
}
