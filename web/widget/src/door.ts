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

/** The pass of this conversation: kept, and renewed when it is about to run out. */
export class PassKeeper {
  readonly #tokens: string;
  #pass: Pass | undefined;
  #asked: Promise<Pass> | undefined;

  /** `tokens`: the address that gives tokens. `pass`: the one of the page before. */
  constructor(tokens: string, pass: Pass | undefined) {
    this.#tokens = tokens;
    this.#pass = pass;
  }

  /** The last one there was; it may have run out. */
  get last(): Pass | undefined {
    return this.#pass;
  }

  /** One that is good now; those who ask at the same time get the same. Throws DoorError. */
  async valid(): Promise<Pass> {
    this.#asked ??= validPass(this.#tokens, this.#pass).finally(() => {
      this.#asked = undefined;
    });
    this.#pass = await this.#asked;
    return this.#pass;
  }
}

/** The address of a socket of the service, from that of the service. */
export function socketUrl(server: string, path: string): string {
  return new URL(path, server).href.replace(/^http/, 'ws');
}

/** Renewed this long before it runs out. */
const MARGIN_MS = 20_000;
const LIMIT_MS = 10_000;

/** The one there is, or a new one for the same conversation. Throws DoorError. */
async function validPass(tokens: string, old: Pass | undefined): Promise<Pass> {
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
