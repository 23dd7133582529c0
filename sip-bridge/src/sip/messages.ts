import type { IncomingRequestMessage } from 'sip.js/lib/core/index.js';
import type { Key } from '../rtp/dtmf.js';

/** What is read out of single requests. */

export interface IncomingNotify {
  readonly event: string;
  readonly subscriptionState: string;
  readonly body: string;
}

/** `application/dtmf-relay` (`Signal=5`, `Duration=160`) and `application/dtmf` (`5`). */
export function readInfoKey(message: IncomingRequestMessage): Key | undefined {
  const type = (message.getHeader('content-type') ?? '').toLowerCase();
  if (!type.startsWith('application/dtmf')) return undefined;
  const signal =
    /signal\s*=\s*([0-9*#A-D]|1[0-5])\s*(?:\r|\n|$)/i.exec(message.body)?.[1] ??
    /^\s*([0-9*#A-D])\s*$/i.exec(message.body)?.[1];
  if (!signal) return undefined;
  const digit = signal.length === 2 ? '*#ABCD'[Number(signal) - 10] : signal.toUpperCase();
  const duration = Number(/duration\s*=\s*(\d{1,5})/i.exec(message.body)?.[1] ?? 160);
  return digit === undefined ? undefined : { digit, durationMs: duration };
}

export function readNotify(message: IncomingRequestMessage): IncomingNotify {
  return {
    event: message.getHeader('event') ?? '',
    subscriptionState: message.getHeader('subscription-state') ?? '',
    body: message.body,
  };
}

export function byeReason(message: IncomingRequestMessage): string {
  return (message.getHeader('reason') ?? 'the peer hung up').replace(/[^\x20-\x7e]/g, '').slice(0, 200);
}

/** What is said by other means, is of no use behind the bridge, or is a secret. */
const PRIVATE_HEADERS =
  /^(Via|Route|Record-Route|Call-ID|CSeq|Max-Forwards|Content-.*|Authorization|Proxy-.*|Allow|Supported|Require|Accept.*|Session-Expires|Min-SE)$/i;

/** Headers as the media protocol carries them: several of one name joined by commas, printable, bounded. */
export function plainHeaders(message: IncomingRequestMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(message.headers).slice(0, 128)) {
    if (PRIVATE_HEADERS.test(name)) continue;
    const text = values.map((value) => value.raw.replace(/[\r\n]+\s*/g, ' ')).join(', ');
    if (text !== '') headers[name] = text.slice(0, 2048);
  }
  return headers;
}
