import { z } from 'zod';
import { HearkenError } from '../../errors.js';
import type { ActionResult } from './api.js';

const MAX_SAYS = 20;

/** What an action may give back, and what one of its replies may hold. */
export const RESULT_KEYS = ['slots', 'say', 'handOff', 'hangUp', 'followUp'] as const;
export const SAY_KEYS = ['response', 'values', 'text', 'speech'] as const;

/** Other keys are kept, so that whoever applies the result can tell them. */
const resultSchema = z.looseObject({
  slots: z.record(z.string(), z.unknown()).optional(),
  say: z
    .array(
      z.union([
        z.string(),
        z.looseObject({
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
  if (isOnlySlots(value)) return value;
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

/** What most actions give back; there is nothing in it that could not fit. */
function isOnlySlots(value: unknown): value is { readonly slots: Readonly<Record<string, unknown>> } {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 1) return false;
  const slots = 'slots' in value ? value.slots : undefined;
  return typeof slots === 'object' && slots !== null && Object.getPrototypeOf(slots) === Object.prototype;
}
