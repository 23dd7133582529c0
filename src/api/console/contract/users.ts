import { z } from 'zod';
import { ms } from './common.js';

/** Who is who. See contract.ts. */

/** `agent`: the desk. `supervisor`: also all calls and listen-in. `admin`: everything. A user has one or more. */
export const role = z.enum(['agent', 'supervisor', 'admin']);
export type Role = z.infer<typeof role>;

/** POST /sign-in → `me` and the cookie. 401 for a wrong name or password (alike), 429 with Retry-After while locked. */
export const signInRequest = z.strictObject({
  name: z.string().min(1).max(64),
  password: z.string().min(1).max(1024),
});
export type SignInRequest = z.infer<typeof signInRequest>;

/** GET /me (401 when nobody is signed in; its hint says what to do on a first start). POST /sign-out → 204. */
export const me = z.object({
  name: z.string(),
  displayName: z.string(),
  roles: z.array(role),
  /** The session ends then, unless it is used before. */
  expiresAtMs: ms,
  /** What this user may do here, so that pages show no doors that are locked. */
  can: z.object({
    desk: z.boolean(),
    search: z.boolean(),
    listenIn: z.boolean(),
    superviseDesk: z.boolean(),
    playground: z.boolean(),
    health: z.boolean(),
    audio: z.boolean(),
  }),
});
export type Me = z.infer<typeof me>;
