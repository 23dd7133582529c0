import { z } from 'zod';
import { label, patternOf } from '../config-values.js';

/** What is done with a call; the first route that fits decides. */
export const routeSchema = z.strictObject({
  /** Only calls of this trunk. */
  trunk: label.optional(),
  /** Regular expression on the number dialled (user part of the Request-URI). */
  callee: patternOf().optional(),
  /** Regular expression on the caller's number (user part of From). */
  caller: patternOf().optional(),
  /** Told to the service in `start.route`. */
  application: label.optional(),
  /** BCP 47, `zh-CN`. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
    .optional(),
  /** Said instead of the application's own greeting. */
  greeting: z.string().min(1).max(500).optional(),
  /** Refuses the call with this status. */
  refuse: z.number().int().min(400).max(699).optional(),
});
export type RouteConfig = z.infer<typeof routeSchema>;
