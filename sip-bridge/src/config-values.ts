import { z } from 'zod';

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

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
