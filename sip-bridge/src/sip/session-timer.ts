import type { IncomingRequestMessage, IncomingResponseMessage } from 'sip.js/lib/core/index.js';

/** Session timers, RFC 4028. */

/** Smallest interval we take, §5: 90 s. */
export const MIN_SESSION_SECONDS = 90;
const MAX_SESSION_SECONDS = 86_400;

export interface SessionInterval {
  readonly seconds: number;
  /** Who repeats the INVITE. */
  readonly refresher: 'us' | 'them';
}

export type TimerDecision =
  | { readonly kind: 'none' }
  | { readonly kind: 'too-small' }
  | { readonly kind: 'agreed'; readonly interval: SessionInterval; readonly headers: readonly string[] };

/**
 * What our 200 says to the INVITE's wish (§9). Asterisk's `timers=required` ends the call at once unless the answer has `Require: timer` and
 * `Session-Expires`. A peer that can refresh does it: it knows best whether its caller is still there. `running` is what the call has already: a hold that says nothing of it goes on with
 * that, because a 2xx without the header would switch the timer off on their side and not on ours (§7.2).
 */
export function decideAsServer(
  request: IncomingRequestMessage,
  minSeconds = MIN_SESSION_SECONDS,
  running?: SessionInterval,
): TimerDecision {
  const wish = readSessionExpires(request);
  const supports = tags(request, 'supported').includes('timer') || tags(request, 'require').includes('timer');
  if (!wish)
    return running && supports ? { kind: 'agreed', interval: running, headers: agreement(running) } : { kind: 'none' };
  if (wish.seconds < minSeconds && supports) return { kind: 'too-small' };
  const seconds = Math.min(MAX_SESSION_SECONDS, Math.max(minSeconds, wish.seconds));
  const refresher = !supports || wish.refresher === 'uas' ? 'us' : 'them';
  const [expires = '', require = ''] = agreement({ seconds, refresher });
  // §9: Require only towards a peer that understands it.
  return { kind: 'agreed', interval: { seconds, refresher }, headers: supports ? [expires, require] : [expires] };
}

function agreement({ seconds, refresher }: SessionInterval): string[] {
  return [`Session-Expires: ${seconds};refresher=${refresher === 'us' ? 'uas' : 'uac'}`, 'Require: timer'];
}

/** What a 2xx to our INVITE or refresh agreed to. */
export function readAgreement(response: IncomingResponseMessage): SessionInterval | undefined {
  const agreed = readSessionExpires(response);
  if (!agreed) return undefined;
  return {
    seconds: Math.max(MIN_SESSION_SECONDS, agreed.seconds),
    refresher: agreed.refresher === 'uas' ? 'them' : 'us',
  };
}

function readSessionExpires(
  message: IncomingRequestMessage | IncomingResponseMessage,
): { seconds: number; refresher: string | undefined } | undefined {
  // `x` is the compact form.
  const value = message.getHeader('session-expires') ?? message.getHeader('x');
  const match = /^\s*(\d{1,9})\s*(.*)$/.exec(value ?? '');
  if (!match) return undefined;
  return {
    seconds: Number(match[1]),
    refresher: /;\s*refresher\s*=\s*(uas|uac)/i.exec(match[2] ?? '')?.[1]?.toLowerCase(),
  };
}

function tags(message: IncomingRequestMessage, name: 'supported' | 'require'): string[] {
  const values = [...message.getHeaders(name), ...(name === 'supported' ? message.getHeaders('k') : [])];
  return values.flatMap((value) => value.split(',')).map((tag) => tag.trim().toLowerCase());
}

/**
 * Keeps one call's session alive, or ends it: as refresher at half the interval, as the other side when no refresh came until the interval less
 * min(32 s, a third) is over (§10).
 */
export class SessionTimer {
  readonly #refresh: () => void;
  readonly #expired: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(actions: { refresh(): void; expired(): void }) {
    this.#refresh = actions.refresh;
    this.#expired = actions.expired;
  }

  /** Call at each (re-)agreement; `undefined` switches the timer off. */
  restart(interval: SessionInterval | undefined): void {
    this.stop();
    if (!interval) return;
    const ms = interval.seconds * 1000;
    this.#timer =
      interval.refresher === 'us'
        ? setTimeout(this.#refresh, ms / 2)
        : setTimeout(this.#expired, ms - Math.min(32_000, ms / 3));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
