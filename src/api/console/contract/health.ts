import { z } from 'zod';
import { ms } from './common.js';

/** How the service is. See contract.ts. */

const fact = z.object({ name: z.string(), ok: z.boolean(), value: z.string(), detail: z.string() });
/** GET /health */
export const health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  startedAtMs: ms,
  calls: z.number().int(),
  /** In use, and why: as `hearken models` tells. */
  models: z.array(
    z.object({ kind: z.string(), language: z.string(), name: z.string().nullable(), reason: z.string() }),
  ),
  stores: z.array(fact),
  /** As the bridge tells; `trunksProblem` says why there are none. */
  trunks: z.array(fact),
  trunksProblem: z.string().nullable(),
  workers: z.array(fact),
  disk: z.object({ folder: z.string(), freeBytes: z.number(), totalBytes: z.number() }).nullable(),
});
export type Health = z.infer<typeof health>;
