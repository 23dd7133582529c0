/** Reading single lines of a SIP message as text: for routing what we send, and for answering what the parser refused. */

/** Compact forms, RFC 3261 §7.3.3 and §20. */
const COMPACT: Readonly<Record<string, string>> = {
  via: 'v',
  from: 'f',
  to: 't',
  'call-id': 'i',
  contact: 'm',
  'content-length': 'l',
  'content-type': 'c',
};

export interface SipUriParts {
  readonly scheme: string;
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  readonly transport: string | undefined;
}

/** The first value of a header in a message; folded lines are joined. */
export function headerOf(message: string, name: string): string | undefined {
  const end = message.indexOf('\r\n\r\n');
  const head = end < 0 ? message : message.slice(0, end);
  const names = COMPACT[name] ? `(?:${name}|${COMPACT[name]})` : name;
  const match = new RegExp(`\\r\\n${names}[ \\t]*:[ \\t]*([^\\r]*(?:\\r\\n[ \\t][^\\r]*)*)`, 'i').exec(head);
  return match?.[1]?.replace(/\r\n[ \t]+/g, ' ').trim();
}

/** All lines of a header that can't be joined by commas. */
export function headersOf(message: string, name: string): string[] {
  const end = message.indexOf('\r\n\r\n');
  const head = (end < 0 ? message : message.slice(0, end)).replace(/\r\n[ \t]+/g, ' ');
  const start = new RegExp(`^${name}[ \\t]*:[ \\t]*`, 'i');
  return head
    .split('\r\n')
    .filter((line) => start.test(line))
    .map((line) => line.replace(start, '').trim());
}

export function startLineOf(message: string): string {
  const end = message.indexOf('\r\n');
  return end < 0 ? message : message.slice(0, end);
}

/** The first element of a comma-separated header, and what follows it. Commas in quotes and in `<>` do not count. */
export function splitFirst(value: string): { first: string; rest: string } {
  let quoted = false;
  let angle = false;
  for (let at = 0; at < value.length; at++) {
    const char = value[at];
    if (char === '\\' && quoted) at++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === '<') angle = true;
    else if (!quoted && char === '>') angle = false;
    else if (char === ',' && !quoted && !angle) return { first: value.slice(0, at).trim(), rest: value.slice(at) };
  }
  return { first: value.trim(), rest: '' };
}

/** Host, port and transport of a SIP URI, bare or in angle brackets. */
export function parseUri(text: string): SipUriParts | undefined {
  const inner = /<([^>]*)>/.exec(text)?.[1] ?? text.trim();
  const match = /^(sips?|tel):(?:([^@\s<>]*)@)?(\[[0-9a-f:.]+\]|[^:;?>\s]+)?(?::(\d{1,5}))?([^?]*)/i.exec(inner);
  if (!match) return undefined;
  const [, scheme = 'sip', userinfo, host = '', port, parameters = ''] = match;
  const user = userinfo?.split(':')[0];
  if (host === '') return undefined;
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && (number < 1 || number > 65_535)) return undefined;
  return {
    scheme: scheme.toLowerCase(),
    user,
    host: host.replace(/^\[|\]$/g, ''),
    port: number,
    transport: /;transport=([a-z]+)/i.exec(parameters)?.[1]?.toLowerCase(),
  };
}

export interface ViaParts {
  readonly host: string;
  readonly port: number | undefined;
  readonly branch: string | undefined;
  readonly received: string | undefined;
  /** undefined: not asked for. 0: asked for, not filled in yet. */
  readonly rport: number | undefined;
}

export function parseVia(value: string): ViaParts | undefined {
  const match = /^SIP\s*\/\s*\d\.\d\s*\/\s*[A-Za-z]+\s+(\[[0-9a-fA-F:.]+\]|[^\s:;,]+)\s*(?::\s*(\d{1,5}))?(.*)$/s.exec(
    value,
  );
  if (!match) return undefined;
  const [, host = '', port, parameters = ''] = match;
  const parameter = (name: string): string | undefined =>
    new RegExp(`;\\s*${name}\\s*=\\s*"?([^;,"\\s]+)`, 'i').exec(parameters)?.[1];
  const rport = parameter('rport');
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? undefined : Number(port),
    branch: parameter('branch'),
    received: parameter('received')?.replace(/^\[|\]$/g, ''),
    rport: rport !== undefined ? Number(rport) || 0 : /;\s*rport\s*(?:;|$)/i.test(parameters) ? 0 : undefined,
  };
}

/** The top Via as a server must pass it on: `received` and the value of `rport` filled in (RFC 3261 §18.2.1, RFC 3581 §4). */
export function markVia(value: string, address: string, port: number): string {
  const { first, rest } = splitFirst(value);
  const via = parseVia(first);
  if (!via) return value;
  let marked = first.replace(/;\s*received\s*=[^;,]*/gi, '').replace(/;\s*rport\s*(=[^;,]*)?(?=;|$)/gi, '');
  if (via.rport !== undefined) marked += `;rport=${port}`;
  if (via.rport !== undefined || via.host !== address) marked += `;received=${address}`;
  return marked + rest;
}

/** Splits a SIP message's bytes: how long the first whole message in `buffer` is, -1 when more is needed, -2 when it can't be SIP. */
export function framedLength(buffer: Buffer, maxBytes: number): number {
  const end = buffer.indexOf('\r\n\r\n');
  if (end < 0) return buffer.length > maxBytes ? -2 : -1;
  const head = buffer.subarray(0, end).toString('latin1');
  const declared = headerOf(`${head}\r\n\r\n`, 'content-length');
  // Over a stream Content-Length is what separates messages (RFC 3261 §18.3).
  const length = declared === undefined ? 0 : Number(declared);
  if (!Number.isInteger(length) || length < 0 || end + 4 + length > maxBytes) return -2;
  return buffer.length >= end + 4 + length ? end + 4 + length : -1;
}
