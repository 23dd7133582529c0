import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { BridgeError } from './errors.js';

/** Sockets and SDP want numbers, people write names. Throws CONFIG_INVALID. */
export async function addressOf(host: string): Promise<string> {
  if (isIP(host)) return host;
  try {
    return (await lookup(host, { family: 4 })).address;
  } catch (error) {
    throw new BridgeError('CONFIG_INVALID', `No address was found for the host "${host}".`, {
      hint: 'Set HEARKEN_SIP_HOST and HEARKEN_SIP_ADVERTISED to IP addresses.',
      cause: error,
    });
  }
}
