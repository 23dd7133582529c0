import { BlockList, isIP } from 'node:net';
import type { StreamRemote } from './wire.js';

/** A NAT that forgets a mapping gives the phone another port in mid-call: after so long without a packet from the old one, a plausible address may take over. */
const MOVED_MS = 500;

/**
 * Where RTP may come from. A peer behind NAT sends from another port (and often another address) than its SDP says; we answer to where it comes from. Bound to the addresses that are
 * plausible, because whoever guesses the port first would otherwise get the call.
 */
export class Latch {
  readonly #any: boolean;
  readonly #networks = new BlockList();
  #signalled: StreamRemote;
  #latched: StreamRemote | undefined;
  /** Packets from elsewhere. */
  foreign = 0;

  /** `from`: networks and addresses besides the signalled one; undefined: from anywhere, the first wins. */
  constructor(signalled: StreamRemote, from: readonly string[] | undefined) {
    this.#signalled = signalled;
    this.#any = from === undefined;
    for (const network of from ?? []) allow(this.#networks, network);
  }

  /** Where to send to. */
  get remote(): StreamRemote {
    return this.#latched ?? this.#signalled;
  }

  /** A re-negotiation may move the peer: latch anew, to whatever comes first. */
  renew(signalled: StreamRemote): void {
    this.#signalled = signalled;
    this.#latched = undefined;
  }

  /** True when a packet may come from there. */
  admits(address: string): boolean {
    if (this.#any || address === this.#signalled.address) return true;
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  /** A valid packet came from there, `quietMs` after the last. `new`: we send there from now on; `foreign`: it is to be dropped. */
  check(address: string, port: number, quietMs: number): 'known' | 'new' | 'foreign' {
    const latched = this.#latched;
    if (latched && latched.port === port && latched.address === address) return 'known';
    const signalled = address === this.#signalled.address && port === this.#signalled.port;
    const moved = !this.#any && quietMs >= MOVED_MS;
    // Only the address that was signalled may take over from one that still sends.
    if (!signalled && ((latched && !moved) || !this.admits(address))) {
      this.foreign++;
      return 'foreign';
    }
    this.#latched = { address, port };
    return 'new';
  }
}

function allow(list: BlockList, network: string): void {
  const [address = '', bits] = network.split('/');
  const family = isIP(address);
  if (family === 0) return;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, type);
  else list.addSubnet(address, Number(bits), type);
}
