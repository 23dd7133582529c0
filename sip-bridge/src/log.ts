import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** JSON lines on stdout. */
export function createLogger(level: string, name = 'sip-bridge'): Logger {
  return pino({ name, level, base: { name }, timestamp: pino.stdTimeFunctions.isoTime });
}

/** For tests and for whoever wants no lines at all. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

/**
 * A SIP address fit for a log: of a number only the last digits are kept, and of a name the first letter, because logs outlive calls.
 * `sip:13800138000@10.0.0.1` becomes `sip:*8000@10.0.0.1`.
 */
export function maskAddress(address: string): string {
  const match = /^(.*?(?:sips?|tel):)([^@;>?]+)(.*)$/i.exec(address);
  if (!match) return maskUser(address);
  const [, scheme = '', user = '', rest = ''] = match;
  // No user part: only a host is named.
  if (!rest.startsWith('@') && !/^tel:/i.test(scheme)) return address;
  return `${scheme}${maskUser(user)}${rest}`;
}

function maskUser(user: string): string {
  const digits = user.replace(/\D/g, '');
  if (digits.length >= 6) return `*${digits.slice(-4)}`;
  if (digits.length >= 3) return `*${digits.slice(-2)}`;
  return user.length <= 3 ? user : `${user.slice(0, 1)}***`;
}
