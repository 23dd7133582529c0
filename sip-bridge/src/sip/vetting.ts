import {
  type IncomingRequestMessage,
  IncomingResponseMessage,
  type Logger as SipLogger,
} from 'sip.js/lib/core/index.js';
import { parseMessage } from './addresses.js';
import type { Source } from './channel.js';
import { headerOf, markVia, parseVia, splitFirst, startLineOf } from './text.js';

/** What became of a datagram. */
export type Vetted =
  | { readonly kind: 'request'; readonly message: IncomingRequestMessage }
  | { readonly kind: 'response'; readonly message: IncomingResponseMessage }
  /** Not worth an answer (or can't be answered). */
  | { readonly kind: 'drop'; readonly why: string }
  /** A request that is answered without further thought. */
  | { readonly kind: 'refuse'; readonly status: number; readonly headers: readonly string[]; readonly why: string };

/** Methods that exist (IANA's registry); others get 501 instead of 405. */
const KNOWN_METHODS = new Set([
  'ACK',
  'BYE',
  'CANCEL',
  'INFO',
  'INVITE',
  'MESSAGE',
  'NOTIFY',
  'OPTIONS',
  'PRACK',
  'PUBLISH',
  'REFER',
  'REGISTER',
  'SUBSCRIBE',
  'UPDATE',
]); // prettier-ignore
const SCHEMES = new Set(['sip', 'sips', 'tel']);
/** May stand there once (RFC 3261 §7.3.1); with two of them parsers disagree about what was meant. */
const SINGLE = new Map([
  ['cseq', 'cseq'],
  ['call-id', 'call-id'],
  ['i', 'call-id'],
  ['from', 'from'],
  ['f', 'from'],
  ['to', 'to'],
  ['t', 'to'],
  ['max-forwards', 'max-forwards'],
  ['content-length', 'content-length'],
  ['l', 'content-length'],
  ['content-type', 'content-type'],
  ['c', 'content-type'],
]);
/** More lines than this in a head are an attack: real ones have about twenty. */
const MAX_HEADERS = 128;
const MAX_HEAD_CHARS = 16_384;

export interface VettingRules {
  readonly allow: readonly string[];
  /** Option tags we honour in `Require`. */
  readonly supported: readonly string[];
}

/** Parses and checks one message (RFC 3261 §8.2, §18). Never throws. */
export function vet(text: string, source: Source, rules: VettingRules, logger: SipLogger): Vetted {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return drop('no end of headers');
  if (end > MAX_HEAD_CHARS || text.slice(0, end).split('\r\n', MAX_HEADERS + 1).length > MAX_HEADERS) {
    return drop('the head is too large');
  }
  const start = startLineOf(text);
  if (start.startsWith('SIP/')) return vetResponse(text, logger);
  const request = /^([A-Za-z0-9.!%*_+`'~-]{1,64}) (\S{1,1024}) SIP\/(\d\.\d)$/i.exec(start);
  if (!request) {
    // Nearly one (RFC 4475 §3.1.2.7 to 10): it is told so.
    const nearly = /^(?!ACK\b)[A-Z]{1,32}\s.{1,1024}\sSIP\/\d\.\d\s*$/.test(start);
    return nearly
      ? { kind: 'refuse', status: 400, headers: [], why: 'a broken request line' }
      : drop('not a request line');
  }
  const [, method = '', target = '', version] = request;
  const refuse = (status: number, why: string, headers: readonly string[] = []): Vetted =>
    method === 'ACK' ? drop(why) : { kind: 'refuse', status, headers, why };
  if (version !== '2.0') return refuse(505, `version ${version}`);
  if (!rules.allow.includes(method)) {
    const status = KNOWN_METHODS.has(method) ? 405 : 501;
    return refuse(status, `method ${method}`, [`Allow: ${rules.allow.join(', ')}`]);
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(target)?.[1]?.toLowerCase();
  if (scheme === undefined) return refuse(400, 'no scheme in the Request-URI');
  if (!SCHEMES.has(scheme)) return refuse(416, `scheme ${scheme}`);
  // Headers belong into addresses that people write, not into requests (§19.1.1).
  if (scheme !== 'tel' && /\?/.test(target.slice(target.lastIndexOf('@') + 1)))
    return refuse(400, 'headers in the Request-URI');
  const twice = repeatedHeader(text.slice(0, end));
  if (twice !== undefined) return refuse(400, `two headers ${twice}`);
  let message: ReturnType<typeof parseMessage>;
  try {
    message = parseMessage(text, logger);
  } catch {
    return refuse(400, 'the parser gave up');
  }
  if (!message || message instanceof IncomingResponseMessage) return refuse(400, 'malformed');
  const problem = missing(message, method);
  if (problem) return refuse(400, problem);
  const cseqMethod = headerOf(text, 'cseq')?.split(/\s+/)[1];
  if (cseqMethod !== method) return refuse(400, 'CSeq names another method');
  const declared = message.getHeader('content-length');
  if (declared !== undefined && Number(declared) > Buffer.byteLength(text.slice(end + 4))) {
    return refuse(400, 'the body is cut off');
  }
  const unsupported = requiredTags(message).filter((tag) => !rules.supported.includes(tag));
  if (unsupported.length > 0 && method !== 'CANCEL' && method !== 'ACK') {
    return refuse(420, `requires ${unsupported.join(', ')}`, [`Unsupported: ${unsupported.join(', ')}`]);
  }
  adoptVia(message, source);
  return { kind: 'request', message };
}

function repeatedHeader(head: string): string | undefined {
  const seen = new Set<string>();
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    const name = SINGLE.get(line.slice(0, Math.max(0, colon)).trim().toLowerCase());
    // A line that begins with white space goes on with the one before.
    if (name === undefined || /^[ \t]/.test(line)) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

function vetResponse(text: string, logger: SipLogger): Vetted {
  try {
    const message = parseMessage(text, logger);
    if (!(message instanceof IncomingResponseMessage)) return drop('malformed response');
    if (!message.viaBranch || !message.callId || !message.from || !message.to || !message.method) {
      return drop('response without its headers');
    }
    return { kind: 'response', message };
  } catch {
    return drop('malformed response');
  }
}

function drop(why: string): Vetted {
  return { kind: 'drop', why };
}

function missing(message: IncomingRequestMessage, method: string): string | undefined {
  if (!message.via) return 'no Via';
  if (!message.from) return 'no From';
  if (!message.to) return 'no To';
  if (!message.callId) return 'no Call-ID';
  if (message.callId.length > 256) return 'Call-ID too long';
  if (typeof message.cseq !== 'number' || !(message.cseq >= 0 && message.cseq < 2 ** 31)) return 'no CSeq';
  if (!message.fromTag) return 'no tag in From';
  if (method === 'INVITE' && !message.hasHeader('contact')) return 'INVITE without Contact';
  return undefined;
}

function requiredTags(message: IncomingRequestMessage): string[] {
  return message
    .getHeaders('require')
    .flatMap((value) => value.split(','))
    .map((tag) => tag.trim().toLowerCase())
    .filter((tag) => tag !== '');
}

/**
 * Fills in where the message came from, for the way back, and makes the core's transaction key unique to the sender: it uses the branch alone, where
 * RFC 3261 §17.2.3 wants the sent-by too, and an RFC 2543 client sends none.
 */
function adoptVia(message: IncomingRequestMessage, source: Source): void {
  const header = message.headers.Via?.[0];
  if (!header) return;
  header.raw = markVia(header.raw, source.address, source.port);
  const via = parseVia(splitFirst(header.raw).first);
  const branch = via?.branch?.startsWith('z9hG4bK')
    ? via.branch
    : `z9hG4bK-2543-${message.callId}-${message.cseq}-${message.fromTag}`;
  message.viaBranch = `${branch} ${via?.host ?? source.address}:${via?.port ?? 5060}`;
}

/** An answer made from the text alone, for requests the core never sees. `undefined` when even that is impossible. */
export function plainResponse(
  request: string,
  source: Source,
  status: number,
  reason: string,
  headers: readonly string[],
): string | undefined {
  const vias = allVias(request);
  const [top, ...below] = vias;
  const from = headerOf(request, 'from');
  const to = headerOf(request, 'to');
  const callId = headerOf(request, 'call-id');
  const cseq = headerOf(request, 'cseq');
  if (top === undefined || !from || !to || !callId || !cseq || !parseVia(splitFirst(top).first)) return undefined;
  const tagged = /;\s*tag\s*=/i.test(to) ? to : `${to};tag=${Math.random().toString(36).slice(2, 12)}`;
  return `${[
    `SIP/2.0 ${status} ${reason}`,
    `Via: ${markVia(top, source.address, source.port)}`,
    ...below.map((via) => `Via: ${via}`),
    `From: ${from}`,
    `To: ${tagged}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq}`,
    ...headers,
    'Content-Length: 0',
  ].join('\r\n')}\r\n\r\n`;
}

function allVias(message: string): string[] {
  const end = message.indexOf('\r\n\r\n');
  const head = (end < 0 ? message : message.slice(0, end)).replace(/\r\n[ \t]+/g, ' ');
  return head
    .split('\r\n')
    .filter((line) => /^(via|v)[ \t]*:/i.test(line))
    .map((line) => line.slice(line.indexOf(':') + 1).trim());
}
