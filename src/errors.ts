/**
 * The one table of errors. An error that crosses a boundary (HTTP, WebSocket, command line, a file somebody wrote)
 * is made here, so that it always has a code, an HTTP status and words that say what to do.
 */
interface ErrorEntry {
  readonly status: number;
  /** WebSocket close code (RFC 6455 §7.4; 4000-4999 are the application's own), where the error ends a socket. */
  readonly close?: number;
}

export const ERRORS = {
  CONFIG_INVALID: { status: 500 },
  CONFIG_NOT_FOUND: { status: 500 },
  FILE_UNREADABLE: { status: 400 },
  AUDIO_UNREADABLE: { status: 400 },
  DEVICE_MISSING: { status: 503 },
  MODEL_NOT_FOUND: { status: 503 },
  MODEL_CHECKSUM: { status: 503 },
  MODEL_DOWNLOAD: { status: 502 },
  MODEL_INVALID: { status: 503 },
  WORKER_LOST: { status: 503, close: 1011 },
  WORKER_TIMEOUT: { status: 504 },
  SYNTHESIS_FAILED: { status: 500 },
  OVERLOADED: { status: 503, close: 1013 },
  DRAINING: { status: 503, close: 1012 },
  PROTOCOL_SUBPROTOCOL: { status: 400, close: 1002 },
  PROTOCOL_MESSAGE: { status: 400, close: 1002 },
  PROTOCOL_STATE: { status: 409, close: 1002 },
  PROTOCOL_FRAME: { status: 400, close: 1003 },
  PAYLOAD_TOO_LARGE: { status: 413, close: 1009 },
  START_TIMEOUT: { status: 408, close: 4408 },
  UNAUTHORIZED: { status: 401, close: 4401 },
  FORBIDDEN: { status: 403, close: 4401 },
  RESUME_UNKNOWN: { status: 404, close: 4404 },
  APP_INVALID: { status: 500 },
  TRAINING_DATA_INVALID: { status: 400 },
  ACTION_FAILED: { status: 502 },
  SESSION_CONFLICT: { status: 409 },
  SESSION_SCHEMA: { status: 409 },
  STORE_UNAVAILABLE: { status: 503 },
  REQUEST_INVALID: { status: 400 },
  NOT_FOUND: { status: 404 },
  RATE_LIMITED: { status: 429 },
  CALL_FAILED: { status: 502 },
  LLM_UNAVAILABLE: { status: 503 },
  TIMEOUT: { status: 504 },
  INTERNAL: { status: 500, close: 1011 },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** What the reader can do about it, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Safe, structured facts (file, line, expected). Never personal data. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export class HearkenError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'HearkenError';
    this.code = code;
    this.hint = details.hint;
    this.data = details.data;
  }

  /** HTTP status of this error's table entry. */
  get status(): number {
    return ERRORS[this.code].status;
  }

  /** WebSocket close code; 1011 (internal error) where the table names none. */
  get closeCode(): number {
    const entry: ErrorEntry = ERRORS[this.code];
    return entry.close ?? 1011;
  }

  /** What may be shown to the other side: no stack, no cause. */
  toPublic(): { code: ErrorCode; message: string; hint?: string } {
    return { code: this.code, message: this.message, ...(this.hint === undefined ? {} : { hint: this.hint }) };
  }
}

/** Anything thrown, as a HearkenError; what was not foreseen becomes INTERNAL and keeps its cause. */
export function asHearkenError(thrown: unknown): HearkenError {
  if (thrown instanceof HearkenError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new HearkenError('INTERNAL', message, { cause: thrown });
}

/** The message of anything thrown, for logs. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
