import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Milliseconds up to a day. */
export const ms = (value: number) => z.number().int().min(0).max(86_400_000).default(value);
export const port = z.number().int().min(0).max(65_535);
/** A name that stands in logs, metrics and other sections. */
export const label = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, { error: 'must be a short name without spaces' });
export const sipUri = z
  .string()
  .max(500)
  .regex(/^sips?:[^\s<>"]+$/, { error: 'must be a SIP address like sip:host:port;transport=tcp' });

/** A string that must be a regular expression. */
export function patternOf(): z.ZodString {
  return z
    .string()
    .max(500)
    .refine(
      (text) => {
        try {
          new RegExp(text);
          return true;
        } catch {
          return false;
        }
      },
      { error: 'must be a regular expression' },
    );
}

/** `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
export const network = z.string().refine(isNetwork, { error: 'must be an IP address or a network like 192.0.2.0/24' });

function isNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more !== undefined) return false;
  if (bits === undefined) return true;
  return /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32);
}

/** Tells whether an address lies in one of the networks. */
export class Networks {
  readonly #list = new BlockList();
  readonly empty: boolean;

  constructor(networks: readonly string[]) {
    this.empty = networks.length === 0;
    for (const text of networks) {
      const [address = '', bits] = text.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  has(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}
