import { z } from 'zod';

/** Values that many of the console's messages have. */

export const id = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[\x21-\x7e]+$/, 'visible ASCII characters only');
export const values = z.record(z.string(), z.unknown());
export const ms = z.number();
