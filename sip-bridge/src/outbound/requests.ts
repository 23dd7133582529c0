import { z } from 'zod';
import { label, ms } from '../config-values.js';
import type { Detection } from './answer-detection.js';

/** What `POST /calls` takes. */
export const callRequestSchema = z.strictObject({
  /** A number (`+8613800138000`) or a SIP address. Only an address has parameters: behind a bare number they would hide it from the do-not-call list. */
  to: z
    .string()
    .min(1)
    .max(256)
    .regex(/^((sips?|tel):[A-Za-z0-9+*#@.:;=_~%[\]-]+|[A-Za-z0-9+*#._~-]+)$/, {
      error: 'must be a number or a SIP address',
    }),
  trunk: label.optional(),
  callerId: z
    .string()
    .regex(/^\+?[A-Za-z0-9._-]{1,64}$/)
    .optional(),
  application: label.optional(),
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
    .optional(),
  greeting: z.string().min(1).max(500).optional(),
  /** Told to the service in `start.headers`, as `X-…` headers. */
  headers: z.record(z.string().regex(/^X-[A-Za-z0-9-]{1,100}$/), z.string().max(2048)).default({}),
  /** Pressed once the call is up: an extension. */
  digits: z
    .string()
    .regex(/^[0-9*#A-D]{1,64}$/)
    .optional(),
  /** Not before, and not after: Unix milliseconds. */
  earliestMs: z.number().int().min(0).optional(),
  latestMs: z.number().int().min(0).optional(),
  ringTimeoutMs: ms(0).optional(),
  attempts: z.number().int().min(1).max(20).optional(),
  onMachine: z.enum(['hangup', 'message']).optional(),
});
export type CallRequest = z.infer<typeof callRequestSchema>;

export type CallResult = 'person' | 'machine' | 'busy' | 'no-answer' | 'refused' | 'failed';

export interface Attempt {
  readonly atMs: number;
  readonly callId: string;
  readonly result: CallResult;
  readonly status: number;
  readonly reason: string;
  readonly detection?: Detection;
}

/** One wish for a call, with what came of it. */
export interface OutboundJob {
  readonly id: string;
  readonly request: CallRequest;
  state: 'waiting' | 'calling' | 'talking' | 'done' | 'given-up' | 'cancelled';
  /** When it is tried next. */
  dueMs: number;
  readonly attempts: Attempt[];
  /** In words, once it is over without a conversation. */
  why?: string;
}
