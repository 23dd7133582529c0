import { z } from 'zod';

/** Whole milliseconds up to a day, with a default. */
export const ms = (value: number) => z.number().int().min(0).max(86_400_000).default(value);
