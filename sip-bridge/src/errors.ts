/** What can go wrong at this package's boundaries. The exit code is for `main.ts`; 78 and 69 are EX_CONFIG and EX_UNAVAILABLE of sysexits.h. */
const ERRORS = {
  CONFIG_INVALID: { exitCode: 78 },
  CONFIG_NOT_FOUND: { exitCode: 78 },
  PORT_TAKEN: { exitCode: 69 },
  RTP_PORTS_EXHAUSTED: { exitCode: 69 },
  AUDIO_UNREADABLE: { exitCode: 78 },
  SCHEMA_UNREADABLE: { exitCode: 78 },
  SIP_ADDRESS: { exitCode: 1 },
  SDP_INVALID: { exitCode: 1 },
  SRTP_NEEDS_TLS: { exitCode: 1 },
  CALL_FAILED: { exitCode: 1 },
  WORKER_LOST: { exitCode: 1 },
  CLOSED: { exitCode: 1 },
  TIMEOUT: { exitCode: 1 },
} as const satisfies Record<string, { readonly exitCode: number }>;

export type BridgeErrorCode = keyof typeof ERRORS;

/** An error with a code, and a hint that says what to do about it. */
export class BridgeError extends Error {
  readonly code: BridgeErrorCode;
  readonly hint: string | undefined;

  constructor(
    code: BridgeErrorCode,
    message: string,
    details: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'BridgeError';
    this.code = code;
    this.hint = details.hint;
  }

  /** The process's exit code when this error ends it. */
  get exitCode(): number {
    return ERRORS[this.code].exitCode;
  }
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a Node system error (`EADDRINUSE`, …). */
export function systemCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
