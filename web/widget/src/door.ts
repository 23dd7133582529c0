/** The door of the service: tokens. */

export interface Pass {
  readonly token: string;
  readonly conversationId: string;
  /** By this machine's clock. */
  readonly expiresAtMs: number;
  readonly mediaPath: string;
  readonly textPath: string;
}

/** `busy`: too many requests; `closed`: this site may not; `away`: nobody answers. */
export type DoorProblem = 'busy' | 'closed' | 'away';

export class DoorError extends Error {
  readonly problem: DoorProblem;

  constructor(problem: DoorProblem) {
    super(problem);
    this.problem = problem;
  }
}

/** Renewed this long before it runs out. */
const MARGIN_MS = 20_000;
const LIMIT_MS = 10_000;

/** A pass that is good now: the one there is, or a new one for the same conversation. `tokens`: the address that gives them. Throws DoorError. */
export async function validPass(tokens: string, old: Pass | undefined): Promise<Pass> {
  if (old !== undefined && old.expiresAtMs - MARGIN_MS > Date.now()) return old;
  return (await ask(tokens, old?.token)) ?? (await ask(tokens, undefined)) ?? fail('closed');
}

/** Undefined: the old token is not taken any more. */
async function ask(tokens: string, token: string | undefined): Promise<Pass | undefined> {
  const response = await fetch(tokens, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(token === undefined ? {} : { token }),
    signal: AbortSignal.timeout(LIMIT_MS),
  }).catch(() => fail('away'));
  if (response.status === 429) fail('busy');
  if (response.status >= 500) fail('away');
  if (!response.ok) return token === undefined ? fail('closed') : undefined;
  const body: unknown = await response.json().catch(() => undefined);
  if (typeof body !== 'object' || body === null) fail('away');
  const { token: fresh, conversationId, expiresInMs, mediaPath, textPath } = body as Record<string, unknown>;
  if (typeof fresh !== 'string' || typeof conversationId !== 'string') fail('away');
  return {
    token: fresh,
    conversationId,
    expiresAtMs: Date.now() + Number(expiresInMs),
    mediaPath: typeof mediaPath === 'string' ? mediaPath : '/media',
    textPath: typeof textPath === 'string' ? textPath : '/ws',
  };
}

function fail(problem: DoorProblem): never {
  throw new DoorError(problem);
}
