import {
  type IncomingMessage,
  type NameAddrHeader,
  Parser,
  type Logger as SipLogger,
  URI,
} from 'sip.js/lib/core/index.js';

/**
 * Addresses that the core of sip.js reads or writes in its own way. From and To may name anybody (RFC 3261 §20.20): the trunks of mobile networks call `tel:+8613…`.
 * The core knows SIP addresses only, so it is given one in their place, and the real one is put into what it has read.
 */

const STAND_IN = '<sip:named.invalid>';
const MAX_ADDRESS_CHARS = 512;

/** What may stand unescaped in a user part (RFC 3261 §25.1, user-unreserved), and the colon before a password. */
const UNRESERVED = /%(?:26|3D|2B|24|2C|3B|3F|2F|3A)/gi;

// The core unescapes the user part a second time when it writes it, so that `%252B` would become `+`, a `%25` ends in an exception and the `;` of a trunk group (RFC 4904)
// in another address. What it holds is unescaped already.
(URI.prototype as unknown as { escapeUser(user: string): string }).escapeUser = (user) =>
  encodeURIComponent(user).replace(UNRESERVED, decodeURIComponent);

/** An address of another scheme, which stays as it came. */
class ForeignAddress extends URI {
  readonly #text: string;

  constructor(text: string) {
    super('sip', text.slice(text.indexOf(':') + 1), 'named.invalid');
    this.#text = text;
  }

  override toString(): string {
    return this.#text;
  }

  override toRaw(): string {
    return this.#text;
  }

  override clone(): URI {
    return new ForeignAddress(this.#text);
  }
}

interface Named {
  readonly field: 'From' | 'To';
  readonly address: string;
  /** The whole header, for answers that repeat it. */
  readonly raw: string;
}

/** As the core's own, but From and To may be of any scheme. Throws what that throws. */
export function parseMessage(text: string, logger: SipLogger): ReturnType<typeof Parser.parseMessage> {
  const end = text.indexOf('\r\n\r\n');
  let head = end < 0 ? text : text.slice(0, end);
  const named: Named[] = [];
  for (const field of ['From', 'To'] as const) {
    const line = (field === 'From' ? FROM : TO).exec(head);
    const [, name = '', raw = ''] = line ?? [];
    const address = line && foreignAddress(raw);
    if (!line || !address) continue;
    const at = line.index + name.length;
    head = head.slice(0, at) + raw.replace(address.whole, () => STAND_IN) + head.slice(at + raw.length);
    named.push({ field, address: address.text, raw: raw.trim() });
  }
  const message = Parser.parseMessage(named.length === 0 || end < 0 ? text : head + text.slice(end), logger);
  if (message) for (const each of named) putBack(message, each);
  return message;
}

const FROM = /(\r\n(?:from|f)[ \t]*:)([^\r\n]*)/i;
const TO = /(\r\n(?:to|t)[ \t]*:)([^\r\n]*)/i;
const BRACKETED = /^\s*(?:"(?:[^"\\]|\\.)*"\s*|[^"<]*)(<([^<>\s]*)>)/;
const BARE = /^\s*(([A-Za-z][A-Za-z0-9+.-]*:[^\s;,<>"]+))/;

/** Undefined: it is a SIP address, or none at all. */
function foreignAddress(value: string): { readonly whole: string; readonly text: string } | undefined {
  const [, whole = '', text = ''] = BRACKETED.exec(value) ?? BARE.exec(value) ?? [];
  const foreign = /^[A-Za-z][A-Za-z0-9+.-]*:./.test(text) && !/^sips?:/i.test(text) && text.length <= MAX_ADDRESS_CHARS;
  return foreign ? { whole, text } : undefined;
}

function putBack(message: IncomingMessage, { field, address, raw }: Named): void {
  const header = message.headers[field]?.[0];
  const read: NameAddrHeader | undefined = field === 'From' ? message.from : message.to;
  if (!header || !read) return;
  header.raw = raw;
  read.uri = new ForeignAddress(address);
}
