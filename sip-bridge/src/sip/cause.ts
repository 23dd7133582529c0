/** Why a call ends: the media protocol's words, and their translation to and from SIP. */
export type HangupCause =
  | 'normal'
  | 'busy'
  | 'rejected'
  | 'no-answer'
  | 'transferred'
  | 'error'
  | 'overloaded'
  | 'lost';

export interface LegEnd {
  readonly cause: HangupCause;
  /** SIP status that ended it; 200 for a BYE. */
  readonly status: number;
  readonly reason: string;
  readonly by: 'us' | 'them';
}

/** Refusal of a call that was not answered yet. */
export function statusOf(cause: HangupCause): number {
  switch (cause) {
    case 'busy':
      return 486;
    case 'rejected':
      return 603;
    case 'no-answer':
      return 480;
    case 'overloaded':
    case 'lost':
      return 503;
    case 'error':
      return 500;
    default:
      return 480;
  }
}

/** What a failure status of an INVITE means. */
export function causeOf(status: number): HangupCause {
  if (status === 486 || status === 600) return 'busy';
  if (status === 408 || status === 480 || status === 487) return 'no-answer';
  if (status === 503) return 'overloaded';
  if (status === 403 || status === 603 || status === 607 || status === 608) return 'rejected';
  return 'error';
}

/** `Reason` for a BYE (RFC 3326) with the Q.850 number carriers know. */
export function reasonHeader(cause: HangupCause): string {
  const q850 = {
    normal: 16,
    transferred: 16,
    busy: 17,
    'no-answer': 19,
    rejected: 21,
    lost: 27,
    error: 41,
    overloaded: 42,
  };
  return `Reason: Q.850;cause=${q850[cause]}`;
}
