import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { HearkenError } from '../../errors.js';
import type { PlatformName } from './wire.js';

export interface Credentials {
  /** Secret that a platform shows: as the last part of the path, as `?token=`, in `X-Hearken-Token`, or in `Authorization` (Bearer, or the password of Basic). */
  readonly token?: string | undefined;
  /** Twilio's auth token: when set, Twilio's signature is what counts. */
  readonly twilioAuthToken?: string | undefined;
  /** `wss://voice.example.com`, as Twilio knows us; without it the Host header is believed. */
  readonly publicUrl?: string | undefined;
}

/** Lets a connection in, or throws UNAUTHORIZED or FORBIDDEN. `path` is what follows the platform's own path, without slashes. */
export function admit(
  platform: PlatformName,
  request: IncomingMessage,
  path: string,
  credentials: Credentials,
  scheme: 'wss' | 'https' = 'wss',
): void {
  if (platform === 'twilio' && credentials.twilioAuthToken !== undefined) {
    if (signedByTwilio(request, credentials.twilioAuthToken, credentials.publicUrl, scheme)) return;
    throw new HearkenError('FORBIDDEN', 'The X-Twilio-Signature is missing or wrong.', {
      hint: 'Check HEARKEN_TWILIO_AUTH_TOKEN, and that media.publicUrl is the host in the TwiML.',
    });
  }
  if (credentials.token !== undefined) {
    const { token } = credentials;
    if (tokensOf(request, path).some((given) => sameSecret(given, token))) return;
    throw new HearkenError('UNAUTHORIZED', 'The token is missing or wrong.', {
      hint: 'Both sides need the same HEARKEN_PLATFORM_TOKEN.',
    });
  }
  if (path === '' && isLocal(request)) return;
  throw new HearkenError('FORBIDDEN', 'Without a token only programs on this machine may connect.', {
    hint: 'Set HEARKEN_PLATFORM_TOKEN on both sides.',
  });
}

/** In a time that doesn't depend on where the two differ, nor on their lengths. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function tokensOf(request: IncomingMessage, path: string): string[] {
  const given: string[] = [];
  if (path !== '') given.push(path);
  const inQuery = queryOf(request.url).get('token');
  if (inQuery !== null) given.push(inQuery);
  const header = request.headers['x-hearken-token'];
  if (typeof header === 'string') given.push(header);
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ', 2);
  if (scheme.toLowerCase() === 'bearer') given.push(value);
  if (scheme.toLowerCase() === 'basic') {
    const pair = Buffer.from(value, 'base64').toString('utf8');
    given.push(pair.slice(pair.indexOf(':') + 1));
  }
  return given;
}

/** `?a=b` of a request target. */
export function queryOf(url: string | undefined): URLSearchParams {
  const at = url?.indexOf('?') ?? -1;
  return new URLSearchParams(url === undefined || at === -1 ? '' : url.slice(at + 1, at + 4096));
}

/** HMAC-SHA1 of the URL that Twilio called, with the account's auth token (https://www.twilio.com/docs/usage/security); for a WebSocket the URL begins with `wss`. */
export function twilioSignature(url: string, authToken: string): string {
  return createHmac('sha1', authToken).update(url).digest('base64');
}

function signedByTwilio(
  request: IncomingMessage,
  authToken: string,
  publicUrl: string | undefined,
  scheme: 'wss' | 'https',
): boolean {
  const given = request.headers['x-twilio-signature'];
  if (typeof given !== 'string' || given.length > 128) return false;
  const host = publicUrl?.replace(/^[a-z]+:\/\//, '').replace(/\/+$/, '') ?? request.headers.host ?? '';
  const base = `${scheme}://${host}`;
  const url = `${base}${request.url ?? ''}`;
  // Twilio has been seen to sign with and without a slash at the end.
  return [url, `${url}/`].some((signed) => sameSecret(given, twilioSignature(signed, authToken)));
}

/** From this machine itself: not passed on by a proxy, not from a page in somebody's browser. */
function isLocal(request: IncomingMessage): boolean {
  const { headers, socket } = request;
  return !isPassedOn(headers) && headers.origin === undefined && isLoopback(socket.remoteAddress ?? '');
}

/** Headers that a reverse proxy adds: whoever sends one is not simply a program on this machine. */
export function isPassedOn(headers: IncomingMessage['headers']): boolean {
  return ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'].some((name) => headers[name] !== undefined);
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
