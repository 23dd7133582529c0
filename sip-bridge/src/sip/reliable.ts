import type { IncomingRequestMessage } from 'sip.js/lib/core/index.js';

/** Reliable provisional responses, RFC 3262: our side as the one who is called. */

const T1_MS = 500;
const GIVE_UP_MS = 64 * T1_MS;

/** Whether 180 and 183 to that INVITE are to be acknowledged. */
export function wantsReliable(invite: IncomingRequestMessage, mode: 'off' | 'supported' | 'required'): boolean {
  // Where it is required by them there is no choice: without it the request would have been refused.
  return mode !== 'off' && (requiresReliable(invite) || names(invite, 'supported') || names(invite, 'k'));
}

/** The caller takes no others. */
export function requiresReliable(invite: IncomingRequestMessage): boolean {
  return names(invite, 'require');
}

function names(invite: IncomingRequestMessage, header: string): boolean {
  return invite
    .getHeaders(header)
    .flatMap((value) => value.split(','))
    .some((tag) => tag.trim().toLowerCase() === '100rel');
}

type Send = (headers: string[]) => string | undefined;

export class ReliableProvisionals {
  readonly #repeat: (text: string) => void;
  readonly #failed: () => void;
  #sequence = 1 + Math.floor(Math.random() * 1000);
  #pending: { readonly rseq: number; readonly withSdp: boolean; timer: NodeJS.Timeout } | undefined;
  #next: { readonly send: Send; readonly withSdp: boolean } | undefined;
  #stopped = false;
  /** Was not acknowledged when the final answer went out: its PRACK is on the way and still right (RFC 3262 §3). */
  #crossing: number | undefined;

  /** `failed`: nobody acknowledged for 32 s. */
  constructor(repeat: (text: string) => void, failed: () => void) {
    this.#repeat = repeat;
    this.#failed = failed;
  }

  /** A response with an SDP waits for its PRACK, or waits to be sent. */
  get holdsFinal(): boolean {
    return this.#pending?.withSdp === true || this.#next?.withSdp === true;
  }

  /** Sends it now, or once the one before is acknowledged; `send` returns its text. */
  send(send: Send, withSdp: boolean): void {
    if (this.#stopped) return;
    if (this.#pending) {
      this.#next = { send, withSdp };
      return;
    }
    const rseq = this.#sequence++;
    const text = send(['Require: 100rel', `RSeq: ${rseq}`]);
    if (text === undefined) return;
    const startMs = Date.now();
    let waitMs = T1_MS;
    const again = (): void => {
      if (this.#pending?.rseq !== rseq) return;
      if (Date.now() - startMs >= GIVE_UP_MS) {
        this.stop();
        this.#failed();
        return;
      }
      this.#repeat(text);
      waitMs *= 2;
      this.#pending.timer = setTimeout(again, waitMs);
    };
    this.#pending = { rseq, withSdp, timer: setTimeout(again, waitMs) };
  }

  /** `RAck: rseq cseq INVITE`. False when it fits nothing that is open. */
  onPrack(rack: string | undefined, inviteCseq: number): boolean {
    const match = /^\s*(\d{1,10})\s+(\d{1,10})\s+INVITE\s*$/.exec(rack ?? '');
    const pending = this.#pending;
    if (match && Number(match[1]) === this.#crossing && Number(match[2]) === inviteCseq) {
      this.#crossing = undefined;
      return true;
    }
    if (!match || !pending || Number(match[1]) !== pending.rseq || Number(match[2]) !== inviteCseq) return false;
    clearTimeout(pending.timer);
    this.#pending = undefined;
    const next = this.#next;
    this.#next = undefined;
    if (next) setImmediate(() => this.send(next.send, next.withSdp));
    return true;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#pending?.timer);
    this.#crossing = this.#pending?.rseq;
    this.#pending = undefined;
    this.#next = undefined;
  }
}
