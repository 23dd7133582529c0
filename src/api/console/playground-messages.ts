import { z } from 'zod';
import { playgroundReply } from './contract.js';

/** What the service and the process of a playground say to each other. Both sides check it: the process runs an application that nobody has vouched for. */

export const playgroundOrder = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('open'),
    folder: z.string(),
    cacheFolder: z.string(),
    /** For tickets; whoever gave it takes it away. */
    deskFolder: z.string(),
    environment: z.record(z.string(), z.string()),
    privateHosts: z.array(z.string()),
    allowedHosts: z.array(z.string()),
  }),
  z.object({
    type: z.literal('message'),
    id: z.number().int(),
    conversationId: z.string(),
    /** Undefined: greet. */
    text: z.string().optional(),
    language: z.string().optional(),
  }),
]);
export type PlaygroundOrder = z.infer<typeof playgroundOrder>;

export const playgroundNews = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), languages: z.array(z.string().max(35)).max(100) }),
  z.object({ type: z.literal('failed'), problem: z.string() }),
  z.object({ type: z.literal('reply'), id: z.number().int(), reply: playgroundReply }),
  z.object({ type: z.literal('refused'), id: z.number().int(), problem: z.string() }),
]);
export type PlaygroundNews = z.infer<typeof playgroundNews>;
