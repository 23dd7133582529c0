import type { AudioCodec } from '../rtp/packet.js';
import type { LegEnd } from './cause.js';
import type { IncomingNotify } from './messages.js';
import { MIN_SESSION_SECONDS } from './session-timer.js';

/** What a leg tells, and the rules it keeps. */

export interface IncomingRefer {
  readonly referTo: string;
  readonly headers: Readonly<Record<string, string>>;
  accept(): void;
  reject(status: number): void;
}

export interface LegEvents {
  /** Both sides know that the call is up (ACK sent or received). */
  established: [];
  key: [digit: string, durationMs: number];
  /** The peer stopped (or started again) listening to us. */
  hold: [held: boolean];
  /** A re-INVITE or UPDATE agreed on another codec. */
  codec: [codec: AudioCodec];
  refer: [refer: IncomingRefer];
  notify: [notify: IncomingNotify];
  /** Once, last. */
  ended: [end: LegEnd];
}

export interface LegRules {
  /** Smallest session interval we agree to, RFC 4028. */
  readonly minSessionSeconds: number;
  /** What our own INVITEs ask for; 0 = nothing. */
  readonly sessionSeconds: number;
  readonly prack: 'off' | 'supported' | 'required';
}

export const DEFAULT_RULES: LegRules = {
  minSessionSeconds: MIN_SESSION_SECONDS,
  sessionSeconds: 0,
  prack: 'supported',
};
