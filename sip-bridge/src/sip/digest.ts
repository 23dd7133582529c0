import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DigestAuthentication, IncomingResponseMessage, OutgoingRequestMessage } from 'sip.js/lib/core/index.js';
import { headersOf } from './text.js';

/** Digest authentication, RFC 8760 (SHA-256 besides MD5) over RFC 7616. */

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Node's names; the first is the one we like best. */
const HASHES: Readonly<Record<string, string>> = { 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256', MD5: 'md5' };

export interface Challenge {
  readonly algorithm?: string;
  readonly realm?: string;
  readonly nonce?: string;
  readonly opaque?: string;
  readonly qop?: readonly string[] | string;
  readonly stale?: boolean;
}

export interface DigestInput {
  readonly algorithm: string;
  readonly user: string;
  readonly password: string;
  readonly realm: string;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  readonly body: string;
  /** Undefined: RFC 2069, without cnonce and nc. */
  readonly qop?: 'auth' | 'auth-int' | undefined;
  readonly cnonce?: string;
  readonly nc?: string;
}

/** The `response` of RFC 7616 §3.4.1; undefined for an algorithm we don't have. `-sess` is understood. */
export function digestResponse(input: DigestInput): string | undefined {
  const session = /-sess$/i.test(input.algorithm);
  const hash = HASHES[input.algorithm.replace(/-sess$/i, '').toUpperCase()];
  if (hash === undefined) return undefined;
  const h = (text: string): string => createHash(hash).update(text, 'utf8').digest('hex');
  const { nonce, cnonce = '', nc = '', qop } = input;
  const secret = h(`${input.user}:${input.realm}:${input.password}`);
  const a1 = session ? h(`${secret}:${nonce}:${cnonce}`) : secret;
  const a2 = h(`${input.method}:${input.uri}${qop === 'auth-int' ? `:${h(input.body)}` : ''}`);
  return qop === undefined ? h(`${a1}:${nonce}:${a2}`) : h(`${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}`);
}

/** Whether we can answer a challenge with that algorithm. */
export function knowsAlgorithm(algorithm: string | undefined): boolean {
  return HASHES[(algorithm ?? 'MD5').replace(/-sess$/i, '').toUpperCase()] !== undefined;
}

/** Answers challenges for one request; takes the place of the core's own class, which knows only MD5. */
export class DigestAnswer {
  readonly #credentialsFor: (request: OutgoingRequestMessage, realm: string) => Credentials | undefined;
  readonly #beforeRetry: (request: OutgoingRequestMessage) => void;
  #header = '';
  #count = 0;
  #nonce = '';

  /** `beforeRetry` may give the request another CSeq. */
  constructor(
    credentialsFor: (request: OutgoingRequestMessage, realm: string) => Credentials | undefined,
    beforeRetry: (request: OutgoingRequestMessage) => void,
  ) {
    this.#credentialsFor = credentialsFor;
    this.#beforeRetry = beforeRetry;
  }

  /** As the core wants it. False: we can't. */
  authenticate(request: OutgoingRequestMessage, challenge: Challenge): boolean {
    const { realm, nonce, opaque } = challenge;
    if (!realm || !nonce || /["\\\r\n]/.test(realm + nonce + (opaque ?? ''))) return false;
    const credentials = this.#credentialsFor(request, realm);
    if (!credentials) return false;
    const offered = [challenge.qop ?? []].flat().map((name) => name.toLowerCase());
    const qop = offered.length === 0 ? undefined : offered.includes('auth') ? 'auth' : 'auth-int';
    if (qop === 'auth-int' && !offered.includes('auth-int')) return false;
    this.#count = nonce === this.#nonce ? this.#count + 1 : 1;
    this.#nonce = nonce;
    const nc = this.#count.toString(16).padStart(8, '0');
    const cnonce = randomBytes(12).toString('hex');
    const algorithm = challenge.algorithm ?? 'MD5';
    const uri = request.ruri.toRaw();
    const body = typeof request.body === 'string' ? request.body : (request.body?.body ?? '');
    const { user, password } = credentials;
    const response = digestResponse({
      ...{ algorithm, user, password, realm, nonce, method: request.method, uri, body, cnonce, nc },
      qop,
    });
    if (response === undefined) return false;
    this.#beforeRetry(request);
    this.#header = [
      `Digest username="${user.replace(/["\\]/g, '\\$&')}"`,
      `realm="${realm}"`,
      `nonce="${nonce}"`,
      `uri="${uri}"`,
      `response="${response}"`,
      `algorithm=${algorithm}`,
      ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
      ...(qop === undefined ? [] : [`qop=${qop}`, `cnonce="${cnonce}"`, `nc=${nc}`]),
    ].join(', ');
    return true;
  }

  toString(): string {
    return this.#header;
  }

  /** For the core's factory, whose type is its own class. */
  asCore(): DigestAuthentication {
    return this as unknown as DigestAuthentication;
  }
}

/** Of several challenges the first with an algorithm that we have (RFC 8760 §2.4: the server lists them by its preference). The parser keeps only the last one. */
export function chooseChallenge(message: IncomingResponseMessage, text: string): void {
  const name = message.statusCode === 401 ? 'www-authenticate' : 'proxy-authenticate';
  if (message.statusCode !== 401 && message.statusCode !== 407) return;
  const challenges = headersOf(text, name).slice(0, MAX_CHALLENGES);
  const known = challenges.find((challenge) => knowsAlgorithm(readDigest(challenge).algorithm) && isDigest(challenge));
  if (known !== undefined) message.setHeader(name, known);
}

function isDigest(challenge: string): boolean {
  return /^\s*digest\s/i.test(challenge);
}

export type LoginResult =
  | { readonly kind: 'ok'; readonly user: string }
  /** No credentials, or with a nonce that is too old: ask (again). */
  | { readonly kind: 'challenge'; readonly stale: boolean }
  | { readonly kind: 'wrong'; readonly user: string };

const NONCE_LIFE_MS = 120_000;
const MAX_NONCES = 10_000;
const MAX_HEADER_CHARS = 2048;
const MAX_CHALLENGES = 8;

/** One for all trunks: a phone answers the first challenge that names its realm, whichever trunk made it. */
const NONCE_KEY = randomBytes(32);

/** Our side of asking for a password. Nonces carry their time and a signature, so that only those in use are remembered. */
export class DigestGuard {
  readonly realm: string;
  readonly #algorithms: readonly string[];
  readonly #users: ReadonlyMap<string, string>;
  readonly #nowMs: () => number;
  /** Highest count seen of each nonce that was used: a repeated one is a replay. */
  readonly #counts = new Map<string, number>();

  constructor(
    realm: string,
    users: readonly Credentials[],
    algorithms: readonly string[] = ['SHA-256', 'MD5'],
    nowMs: () => number = () => Date.now(),
  ) {
    this.realm = realm;
    this.#algorithms = algorithms;
    this.#users = new Map(users.map(({ user, password }) => [user, password]));
    this.#nowMs = nowMs;
  }

  /** `WWW-Authenticate` lines, the stronger first (RFC 8760 §2.4). */
  challenge(stale: boolean): string[] {
    const nonce = this.#nonce();
    return this.#algorithms.map(
      (algorithm) =>
        `WWW-Authenticate: Digest realm="${this.realm}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"${stale ? ', stale=true' : ''}`,
    );
  }

  /** `realms`: those that were asked for besides; whoever was asked by several trunks answers in the name of one. */
  check(header: string | undefined, method: string, body: string, realms: readonly string[] = []): LoginResult {
    if (header === undefined || header.length > MAX_HEADER_CHARS) return { kind: 'challenge', stale: false };
    const given = readDigest(header);
    const user = given.username ?? '';
    const { realm = '' } = given;
    if (realm !== this.realm && !realms.includes(realm)) return { kind: 'challenge', stale: false };
    if (!given.nonce || !given.response) return { kind: 'challenge', stale: false };
    const ageMs = this.#ageMs(given.nonce);
    if (ageMs === undefined) return { kind: 'challenge', stale: false };
    const password = this.#users.get(user);
    const algorithm = (given.algorithm ?? 'MD5').toUpperCase();
    // The strongest is welcome, whoever asked for it.
    if (![...this.#algorithms, 'SHA-256'].includes(algorithm)) return { kind: 'challenge', stale: false };
    // RFC 2069 clients have neither; those that have qop are held to it.
    const qop = given.qop === undefined ? undefined : given.qop === 'auth' ? 'auth' : 'auth-int';
    const expected = digestResponse({
      ...{ algorithm, user, realm, nonce: given.nonce, method, uri: given.uri ?? '', body, qop },
      password: password ?? randomBytes(8).toString('hex'),
      cnonce: given.cnonce ?? '',
      nc: given.nc ?? '',
    });
    if (expected === undefined || password === undefined || !same(expected, given.response)) {
      return { kind: 'wrong', user: user.slice(0, 64) };
    }
    if (ageMs > NONCE_LIFE_MS) return { kind: 'challenge', stale: true };
    // Without qop the count is not part of what is signed: then a nonce is good for one call.
    const count = qop === undefined || given.nc === undefined ? 1 : Number.parseInt(given.nc, 16);
    const last = this.#counts.get(given.nonce) ?? 0;
    if (!(count > last)) return { kind: 'challenge', stale: true };
    this.#counts.set(given.nonce, count);
    for (const old of this.#counts.keys()) {
      if (this.#counts.size <= MAX_NONCES) break;
      this.#counts.delete(old);
    }
    return { kind: 'ok', user };
  }

  #nonce(): string {
    const head = `${this.#nowMs().toString(36)}.${randomBytes(6).toString('hex')}`;
    return `${head}.${this.#sign(head)}`;
  }

  #sign(head: string): string {
    return createHmac('sha256', NONCE_KEY).update(head).digest('hex').slice(0, 24);
  }

  /** Undefined when it is not one of ours. */
  #ageMs(nonce: string): number | undefined {
    const at = nonce.lastIndexOf('.');
    const head = nonce.slice(0, Math.max(0, at));
    if (!same(this.#sign(head), nonce.slice(at + 1))) return undefined;
    const ageMs = this.#nowMs() - Number.parseInt(head.split('.')[0] ?? '', 36);
    return Number.isFinite(ageMs) ? ageMs : undefined;
  }
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The parameters of an `Authorization: Digest …` header. */
export function readDigest(header: string): Partial<Record<string, string>> {
  const values: Partial<Record<string, string>> = {};
  if (!/^\s*digest\s/i.test(header)) return values;
  for (const [, name = '', quoted, bare] of header.matchAll(/([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g)) {
    values[name.toLowerCase()] ??= quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1');
  }
  return values;
}
