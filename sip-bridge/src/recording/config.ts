import { z } from 'zod';

export const recordingSchema = z
  .strictObject({
    /** `always`: from the answer on, after the announcement. `ask`: only when the caller presses `consentKey` or the service says yes. */
    mode: z.enum(['off', 'always', 'ask']).default('off'),
    /** What callers hear first, a WAV file (16 bit, mono, 8 or 16 kHz): that the call is recorded, or how to agree. By language of the route, and `default`. */
    announcements: z.record(z.string().regex(/^[A-Za-z0-9-]{1,35}$/), z.string().min(1)).default({}),
    /** For `always`: recorded without a word. Not lawful everywhere. */
    withoutAnnouncement: z.boolean().default(false),
    consentKey: z
      .string()
      .regex(/^[0-9*#]$/)
      .default('1'),
    /** After the announcement; who presses nothing is not recorded, and the conversation begins. */
    consentWaitMs: z.number().int().min(0).max(30_000).default(5000),
    folder: z.string().min(1).default('data/recordings'),
    /** Days; 0 keeps them. */
    keepDays: z.number().int().min(0).max(36_500).default(30),
    /** What is longer is cut. */
    longestMinutes: z.number().int().min(1).max(1440).default(120),
  })
  .refine(
    ({ mode, announcements, withoutAnnouncement }) =>
      mode === 'off' || Object.keys(announcements).length > 0 || (mode === 'always' && withoutAnnouncement),
    { error: 'needs an announcement (announcements.default: file.wav); without one `ask` makes no sense' },
  );
export type RecordingConfig = z.infer<typeof recordingSchema>;
