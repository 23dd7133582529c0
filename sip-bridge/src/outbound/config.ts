import { z } from 'zod';
import { label, ms, patternOf } from '../config-values.js';

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time like 09:00' });

/** Calls that we place: call-backs and reminders. */
export const outboundSchema = z.strictObject({
  /** The number (or URI) to dial must match one of these. None: no calls are placed. */
  allowedTargets: z.array(patternOf()).default([]),
  /** Used when the request names none; the first trunk with targets where it is left out. */
  trunk: label.optional(),
  ringTimeoutMs: ms(30_000),
  maxAtOnce: z.number().int().min(1).max(1000).default(10),
  callsPerSecond: z.number().min(0.01).max(100).default(1),
  /** Requests that wait for their hour, a retry or a free line; the next is refused. */
  maxWaiting: z.number().int().min(1).max(100_000).default(1000),
  /** Outside these hours calls wait, and what would be past `latest` of its request is given up. */
  hours: z
    .strictObject({
      timeZone: z
        .string()
        .refine(isTimeZone, { error: 'must be a time zone like Asia/Shanghai' })
        .default('Asia/Shanghai'),
      /** 1 = Monday … 7 = Sunday. */
      days: z.array(z.number().int().min(1).max(7)).min(1).default([1, 2, 3, 4, 5, 6, 7]),
      from: clock.default('09:00'),
      to: clock.default('20:00'),
    })
    .prefault({}),
  /** One number a line, `#` begins a comment. Read again when it changes. */
  doNotCallFile: z.string().min(1).optional(),
  /** Waiting calls are kept there over a restart. */
  queueFile: z.string().min(1).optional(),
  retry: z
    .strictObject({
      /** All attempts together. */
      attempts: z.number().int().min(1).max(20).default(3),
      busyWaitMs: ms(300_000),
      noAnswerWaitMs: ms(1_800_000),
      machineWaitMs: ms(3_600_000),
      failedWaitMs: ms(60_000),
    })
    .prefault({}),
  answerDetection: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** `hangup` (and try again), or `message`: the conversation begins after the beep. */
      onMachine: z.enum(['hangup', 'message']).default('hangup'),
      /** Nothing decided by then counts as a person. */
      longestMs: ms(4000),
      /** A greeting longer than this is a machine's. */
      greetingMs: ms(2400),
      /** Silence after a short greeting: a person waits for an answer. */
      silenceMs: ms(700),
      /** Level above which it is voice, dBFS. */
      voiceDbfs: z.number().min(-70).max(-5).default(-38),
      /** Longest wait for a machine's beep. */
      beepWaitMs: ms(25_000),
    })
    .prefault({}),
});
export type OutboundConfig = z.infer<typeof outboundSchema>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
