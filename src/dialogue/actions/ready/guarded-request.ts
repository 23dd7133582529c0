import { lookup as dnsLookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { HearkenError, messageOf } from '../../../errors.js';

/**
 * A request to somebody's API that can't be turned against this network: the address that is connected to is checked after the name has been resolved (so a
 * name that changes between check and use gains nothing), redirects are not followed, the answer is bounded.
 */
export interface GuardOptions {
  /** Hosts (or `host:port`) inside this network that may be reached. */
  readonly privateHosts: readonly string[];
  /** When not empty: the only hosts (or `host:port`, `*.example.com`) that may be reached. */
  readonly allowedHosts: readonly string[];
}

export interface GuardedRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

export interface GuardedAnswer {
  readonly status: number;
  readonly text: string;
  /** Header `retry-after` in ms, where it was given in seconds. */
  readonly retryAfterMs: number | undefined;
}

const MAX_ANSWER_BYTES = 1024 * 1024;

/** IANA special-purpose address registries (RFC 6890 and successors): nothing here is somebody's public API. */
const NOT_PUBLIC = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  NOT_PUBLIC.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  // Unspecified, loopback, and the old form that carries an IPv4 address (::127.0.0.1).
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  // Protocol assignments, Teredo tunnels among them.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['3fff::', 20],
  ['fe80::', 10],
  // Site-local, of old.
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  NOT_PUBLIC.addSubnet(net, bits, 'ipv6');

/** Whether an IP address lies in a network that is not the public internet. IPv4 inside IPv6 counts as the IPv4. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return NOT_PUBLIC.check(address, 'ipv4');
  if (family !== 6) return true;
  const embedded = embeddedIpv4(address);
  return embedded === undefined ? NOT_PUBLIC.check(address, 'ipv6') : NOT_PUBLIC.check(embedded, 'ipv4');
}

/** `::ffff:a.b.c.d`, `64:ff9b::a.b.c.d` and 6to4 `2002:aabb:ccdd::` carry an IPv4 address. */
function embeddedIpv4(address: string): string | undefined {
  // The URL parser writes an IPv6 address in its shortest hexadecimal form.
  const short = new URL(`http://[${address.split('%')[0]}]/`).hostname.slice(1, -1);
  const mapped =
    /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ??
    /^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/.exec(short);
  if (mapped === null) return undefined;
  const [high, low] = [Number.parseInt(mapped[1] ?? '0', 16), Number.parseInt(mapped[2] ?? '0', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Rejects with FORBIDDEN when the host may not be reached, with the network's error otherwise. */
export async function guardedRequest(options: GuardOptions, request: GuardedRequest): Promise<GuardedAnswer> {
  const { url } = request;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw forbidden(host, `${url.protocol} is no way to reach an API`);
  if (options.allowedHosts.length > 0 && !listed(options.allowedHosts, url))
    throw forbidden(host, 'it is not among app.allowedHosts');
  const inside = listed(options.privateHosts, url);
  if (!inside && isIP(host) !== 0 && isPrivateAddress(host)) throw privateHost(host);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const settings: RequestOptions = {
    method: request.method,
    headers: { accept: 'application/json', 'user-agent': 'hearken', ...request.headers },
    signal: request.signal,
    ...(inside ? {} : { lookup: publicOnly(host) }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = send(url, settings, (answer) => {
      read(answer).then(resolve, reject);
    });
    outgoing.on('error', reject);
    outgoing.end(request.body);
  });
}

function publicOnly(host: string): LookupFunction {
  return (name, options, done) => {
    dnsLookup(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '', 0);
      const first = addresses[0];
      if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address)))
        return done(privateHost(host), '', 0);
      if (options.all === true)
        return (done as unknown as (error: null, all: typeof addresses) => void)(null, addresses);
      return done(null, first.address, first.family);
    });
  };
}

async function read(answer: IncomingMessage): Promise<GuardedAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      answer.destroy();
      throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  const seconds = Number(answer.headers['retry-after']);
  return {
    status: answer.statusCode ?? 0,
    text: Buffer.concat(chunks).toString('utf8'),
    retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined,
  };
}

function listed(list: readonly string[], url: URL): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return list.some((entry) => {
    const name = entry.toLowerCase();
    if (name === host || name === `${url.hostname}:${port}`) return true;
    return name.startsWith('*.') && host.endsWith(name.slice(1));
  });
}

function privateHost(host: string): HearkenError {
  return forbidden(
    host,
    'it is inside a private network',
    `If that is meant, add it to app.privateHosts in hearken.yml: [${host}].`,
  );
}

function forbidden(host: string, why: string, hint = 'Add it to app.allowedHosts in hearken.yml.'): HearkenError {
  return new HearkenError('FORBIDDEN', `The host ${host} may not be reached: ${why}.`, { hint });
}

/** For the log: never the address itself, it may carry what callers said. */
export function describe(error: unknown): string {
  return messageOf(error).slice(0, 300);
}
