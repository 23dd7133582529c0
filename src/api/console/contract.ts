/**
 * What the console's pages and the service say to each other: every request, reply and live event under `/console/api`. Nothing here comes from the rest of the service, so that
 * the pages import the types.
 *
 * - Signed in by an HttpOnly cookie. Every request but GET carries `X-Hearken-Console: 1` (else 403); bodies are JSON.
 * - An error is `{code, message, hint?, requestId?}` with its status: 401 sign in first, 403 not your role, 404, 409 (somebody was faster, or the wrong state), 429 with Retry-After, 503.
 * - Times named `…AtMs` are epoch ms; `fromMs`/`toMs`/`ms` inside a call count from its begin, which is the begin of its sound.
 * - All words of callers, slots and headers are hostile input: text, never markup.
 * - Personal data is masked as `***` on the server, unless the reader is a supervisor or an administrator, or the agent whose conversation it is or was.
 */

export * from './contract/calls.js';
export * from './contract/desk.js';
export * from './contract/health.js';
export * from './contract/live.js';
export * from './contract/past.js';
export * from './contract/playground.js';
export * from './contract/users.js';
