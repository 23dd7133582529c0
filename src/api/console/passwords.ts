import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** How a password is kept: salt and scrypt sum, with the costs they were made with. */
export const passwordHash = z.object({
  salt: z.string().max(64),
  hash: z.string().max(128),
  n: z.number().int(),
  r: z.number().int(),
  p: z.number().int(),
});
export type PasswordHash = z.infer<typeof passwordHash>;
export type PasswordCost = Pick<PasswordHash, 'n' | 'r' | 'p'>;

/** 32 MiB and about 100 ms; OWASP's password storage cheat sheet has N=2^15, r=8, p=3 among its equal choices. */
export const PASSWORD_COST: PasswordCost = { n: 2 ** 15, r: 8, p: 3 };
const KEY_BYTES = 32;

export async function hashPassword(password: string, cost = PASSWORD_COST): Promise<PasswordHash> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, cost);
  return { salt: salt.toString('base64'), hash: hash.toString('base64'), ...cost };
}

export async function passwordFits(password: string, kept: PasswordHash): Promise<boolean> {
  const hash = await derive(password, Buffer.from(kept.salt, 'base64'), kept);
  const expected = Buffer.from(kept.hash, 'base64');
  return hash.length === expected.length && timingSafeEqual(hash, expected);
}

function derive(password: string, salt: Buffer, { n, r, p }: PasswordCost): Promise<Buffer> {
  const options: ScryptOptions = { N: n, r, p, maxmem: 256 * n * r };
  return new Promise((resolve, reject) => {
    // The same letters typed on another keyboard may come in another form (RFC 8265 uses NFC).
    scrypt(password.normalize('NFC'), salt, KEY_BYTES, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
