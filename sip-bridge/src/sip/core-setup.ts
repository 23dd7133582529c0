import { Grammar, LoggerFactory, type URI } from 'sip.js/lib/core/index.js';
import { AllowedMethods } from 'sip.js/lib/core/user-agent-core/allowed-methods.js';
import { BridgeError } from '../errors.js';
import type { Logger } from '../log.js';
import { headerOf, parseUri } from './text.js';

/** What the core of sip.js wants around it: addresses in its own type, a list of methods, a logger; and reason phrases for answers it never sees. */

// The core has one list for the whole process, which it puts into Allow and checks requests against. It promises more than we do, so it starts empty.
AllowedMethods.splice(0);

export function announce(methods: readonly string[]): void {
  for (const method of methods) if (!AllowedMethods.includes(method)) AllowedMethods.push(method);
}

export const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  421: 'Extension Required',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'Version Not Supported',
};

/** A URI as the core wants it. Throws SIP_ADDRESS. */
export function requireUri(text: string): URI {
  const uri = Grammar.URIParse(text);
  if (!uri) {
    throw new BridgeError('SIP_ADDRESS', `"${text.slice(0, 200)}" is not a SIP address.`, {
      hint: 'Write it as sip:user@host:port.',
    });
  }
  return uri;
}

/** A proxy's address as a loose route (RFC 3261 §19.1.1). */
export function withLr(uri: string): string {
  return /;lr\b/i.test(uri) || !parseUri(uri) ? uri : `${uri};lr`;
}

/** The core's log lines, at warn and above, as debug lines of ours: what matters is logged where it is decided. */
export function sipLoggers(logger: Logger): LoggerFactory {
  const factory = new LoggerFactory();
  factory.builtinEnabled = false;
  factory.level = 1;
  factory.connector = (level, category, _label, content) => {
    if (level === 'error' || level === 'warn') logger.trace({ category }, String(content).slice(0, 300));
  };
  return factory;
}

/** The Call-ID of a message's text, for whoever sorts traffic by call. */
export function callIdOf(text: string): string {
  return headerOf(text, 'call-id') ?? '';
}
