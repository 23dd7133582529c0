import { z } from 'zod';
import { HearkenError } from '../../errors.js';
import type { ActionResult } from './api.js';

const MAX_SAYS = 20;

const resultSchema = z.object({
  slots: z.record(z.string(), z.unknown()).optional(),
  say: z
    .array(
      z.union([
        z.string(),
        z.object({
          response: z.string().optional(),
          values: z.record(z.string(), z.unknown()).optional(),
          text: z.string().optional(),
          speech: z.string().optional(),
        }),
      ]),
    )
    .max(MAX_SAYS)
    .optional(),
  handOff: z.object({ reason: z.string(), target: z.string().optional() }).optional(),
  hangUp: z.object({ reason: z.string() }).optional(),
  followUp: z.string().optional(),
});

/** What an action gave back, held against what it may. Throws ACTION_FAILED that names what does not fit. */
export function readResult(name: string, value: unknown): ActionResult {
  if (value === undefined || value === null) return {};
  const read = resultSchema.safeParse(value);
  if (read.success) return read.data as ActionResult;
  throw new HearkenError(
    'ACTION_FAILED',
    `The action ${name} gave back what can't be used:\n${z.prettifyError(read.error)}`,
    {
      hint: 'Give back { slots, say, handOff, hangUp, followUp }, each of them optional.',
    },
  );
}
