import { isIP } from 'node:net';
import { Networks } from '../config-values.js';
import { DigestGuard } from '../sip/digest.js';
import { parseUri } from '../sip/text.js';
import type { TrunkConfig } from './config.js';

/** One peer of ours as it is configured, with what is known about it. A reload makes new ones; calls keep theirs. */
export class Trunk {
  readonly config: TrunkConfig;
  /** Undefined: no password is asked for. */
  readonly guard: DigestGuard | undefined;
  readonly #networks: Networks;
  /** Addresses that names of targets and registrars led to. */
  readonly #learnt = new Set<string>();
  calls = 0;

  constructor(config: TrunkConfig) {
    this.config = config;
    this.guard = config.users.length > 0 ? new DigestGuard(config.realm, config.users, config.algorithms) : undefined;
    this.#networks = new Networks([...config.from, ...literals(config)]);
  }

  get name(): string {
    return this.config.name;
  }

  /** Only its users' passwords tell who it is. */
  get anywhere(): boolean {
    return this.guard !== undefined && this.config.from.length === 0;
  }

  hasSource(address: string): boolean {
    return this.#networks.has(address) || this.#learnt.has(address);
  }

  /** A target or registrar that is given by name has that address. */
  learn(address: string): void {
    if (this.#learnt.size < 100) this.#learnt.add(address);
  }

  get full(): boolean {
    return this.config.maxCalls !== undefined && this.calls >= this.config.maxCalls;
  }

  /** The user part we dial for a number. */
  dialled(number: string): string {
    for (const { pattern, replacement } of this.config.rewrite) {
      const expression = new RegExp(pattern);
      if (expression.test(number)) return number.replace(expression, replacement);
    }
    return number;
  }

  /** Host in the From of our calls. */
  domain(fallback: string): string {
    const first = this.config.targets[0] ?? this.config.register?.registrars[0];
    return this.config.domain ?? (first === undefined ? undefined : parseUri(first)?.host) ?? fallback;
  }
}

/** Every address a trunk talks to. */
export function placesOf({ targets, register, outboundProxy }: TrunkConfig): string[] {
  return [...targets, ...(register?.registrars ?? []), ...(outboundProxy === undefined ? [] : [outboundProxy])];
}

function literals(config: TrunkConfig): string[] {
  return placesOf(config)
    .map((uri) => parseUri(uri)?.host ?? '')
    .filter((host) => isIP(host) !== 0);
}
