import { z } from 'zod';
import { ms, port } from '../config-values.js';

export const controlSchema = z.strictObject({
  /** HEARKEN_BRIDGE_TOKEN: what `Authorization: Bearer …` must carry for everything but health and metrics. Without it those are off. */
  token: z.string().min(16).optional(),
  /** GET /metrics without the token. */
  openMetrics: z.boolean().default(true),
});

export const cdrSchema = z.strictObject({
  /** One JSON line a call. Without it none are written. */
  file: z.string().min(1).optional(),
  /** Beyond this the file is renamed to `.1`, which replaces the one before. */
  maxBytes: z.number().int().min(10_000).default(50_000_000),
  /** Numbers in full, or with only their last digits. */
  numbers: z.enum(['full', 'masked']).default('full'),
});
export type CdrConfig = z.infer<typeof cdrSchema>;

export const hepSchema = z.strictObject({
  /** Homer's (heplify-server's) address, UDP. */
  host: z.string().min(1),
  port: port.default(9060),
  captureId: z.number().int().min(0).max(0xffff_ffff).default(2001),
  password: z.string().min(1).optional(),
});
export type HepConfig = z.infer<typeof hepSchema>;

export const traceSchema = z.strictObject({
  /** Calls whose SIP messages are kept in memory for `GET /calls/:callId/trace`; 0 = none. */
  calls: z.number().int().min(0).max(10_000).default(100),
  messagesPerCall: z.number().int().min(10).max(1000).default(100),
});
export type TraceConfig = z.infer<typeof traceSchema>;

export const reloadSchema = z.strictObject({
  /** Looks at the file this often and takes over changes of trunks, routes, guards and outbound rules; 0 = only at SIGHUP. */
  watchMs: ms(2000),
});
