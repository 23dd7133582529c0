import { withoutKeys } from '../sdes.js';
import type { Destination, Protocol } from '../sip/channel.js';
import { callIdOf } from '../sip/core-setup.js';
import { startLineOf } from '../sip/text.js';
import type { TraceConfig } from './config.js';

export interface TracedMessage {
  readonly atMs: number;
  readonly direction: 'in' | 'out';
  readonly protocol: Protocol;
  readonly peer: string;
  readonly text: string;
}

const MAX_MESSAGE_CHARS = 4096;
/** Secrets, and who may try to guess them. */
const SECRETS = /^((?:proxy-)?authorization[ \t]*:).*$/gim;

/** The SIP messages of the last calls, in memory, so that a complaint about a call can be looked into without a capture running. */
export class CallTraces {
  #config: TraceConfig;
  readonly #calls = new Map<string, TracedMessage[]>();

  constructor(config: TraceConfig) {
    this.#config = config;
  }

  apply(config: TraceConfig): void {
    this.#config = config;
    this.#trim();
  }

  add(direction: 'in' | 'out', protocol: Protocol, text: string, peer: Pick<Destination, 'address' | 'port'>): void {
    if (this.#config.calls === 0) return;
    const callId = callIdOf(text).slice(0, 256);
    // Registrations and keep-alives are no calls; a method is in both the request's and the answers' CSeq.
    if (callId === '' || /\r\nCSeq[ \t]*:[ \t]*\d+[ \t]+(REGISTER|OPTIONS)/i.test(text)) return;
    const messages = this.#calls.get(callId) ?? [];
    this.#calls.set(callId, messages);
    this.#trim();
    if (messages.length >= this.#config.messagesPerCall) return;
    messages.push({
      atMs: Date.now(),
      direction,
      protocol,
      peer: `${peer.address}:${peer.port}`,
      text: withoutKeys(text.slice(0, MAX_MESSAGE_CHARS)).replace(SECRETS, '$1 (left out)'),
    });
  }

  messages(callId: string): readonly TracedMessage[] | undefined {
    return this.#calls.get(callId);
  }

  get callIds(): readonly string[] {
    return [...this.#calls.keys()];
  }

  #trim(): void {
    for (const old of this.#calls.keys()) {
      if (this.#calls.size <= this.#config.calls) break;
      this.#calls.delete(old);
    }
  }
}

/** The messages as text: a line with time, direction and peer above each. */
export function renderTrace(messages: readonly TracedMessage[]): string {
  return messages
    .map(({ atMs, direction, protocol, peer, text }) => {
      const arrow = direction === 'in' ? '<--' : '-->';
      return `${new Date(atMs).toISOString()} ${arrow} ${protocol} ${peer}  ${startLineOf(text)}\n${text.replace(/\r\n/g, '\n').trimEnd()}\n`;
    })
    .join('\n');
}
