import { z } from 'zod';
import { turn } from './calls.js';

/** Applications that are not live. See contract.ts. */

/** GET /playground → {apps, sessions of mine}. */
export const playgroundApp = z.object({ name: z.string(), folder: z.string(), live: z.boolean() });
export type PlaygroundApp = z.infer<typeof playgroundApp>;
/** `loading`: reads and trains. POST /playground {app} → playground; GET /playground/:id asks how it is; DELETE ends it. */
export const playground = z.object({
  id: z.string(),
  app: z.string(),
  state: z.enum(['loading', 'ready', 'failed', 'ended']),
  /** Why it failed: file, line, what to mend. */
  problem: z.string().nullable(),
  languages: z.array(z.string()),
  /** Whether it can be spoken to: WebSocket /playground/:id/talk, `hearken.media.v1`, one call at a time. What happens in it comes as `playgroundLine` and `playgroundTurn`. */
  talk: z.boolean(),
});
export type Playground = z.infer<typeof playground>;
export const playgroundList = z.object({ apps: z.array(playgroundApp), sessions: z.array(playground) });
export type PlaygroundList = z.infer<typeof playgroundList>;
export const playgroundRequest = z.strictObject({ app: z.string().min(1).max(200) });
export type PlaygroundRequest = z.infer<typeof playgroundRequest>;
/** POST /playground/:id/messages. Without text the conversation starts anew with the greeting. */
export const playgroundMessageRequest = z.strictObject({
  text: z.string().min(1).max(2000).optional(),
  language: z.string().max(35).optional(),
});
export type PlaygroundMessageRequest = z.infer<typeof playgroundMessageRequest>;
export const playgroundReply = z.object({
  replies: z.array(
    z.object({
      text: z.string(),
      speech: z.string(),
      response: z.string().nullable(),
      /** Choices with it; who takes one sends its payload. */
      buttons: z.array(z.object({ title: z.string(), payload: z.string() })).optional(),
    }),
  ),
  turn,
  language: z.string(),
  transfer: z.object({ target: z.string(), reason: z.string(), summary: z.string() }).nullable(),
  ended: z.boolean(),
});
export type PlaygroundReply = z.infer<typeof playgroundReply>;
