import type { Clock } from '../../clock.js';
import type { HangupCause, MediaPeer } from '../session.js';
import type { PlatformSession } from './platform-session.js';

/** Platforms whose media protocol is spoken here, as they are named in the configuration and in paths. */
export const PLATFORMS = ['asterisk', 'audiosocket', 'twilio', 'jambonz', 'vonage', 'freeswitch'] as const;
export type PlatformName = (typeof PLATFORMS)[number];

/** What a session asks of a platform. None of it throws. */
export interface Wire {
  /** True where the platform tells when a mark has been played; false where our own clock must do. */
  readonly answersMarks: boolean;
  /** Queues 20 ms (or what the caller of `play` gave); false when the connection is away or full. */
  play(samples: Int16Array): boolean;
  /** Throws away what the platform has queued and not played. */
  clear(): void;
  /** Asks the platform to tell when everything queued so far has been played. `id` has at most 16 characters. */
  mark(id: string): void;
  /** Ends the call as far as the protocol can, then the connection. */
  hangup(cause: HangupCause, reason: string): void;
}

/** What a connection brings in. Throws HearkenError for what the protocol doesn't allow; that ends the connection and the call. */
export interface Receiver {
  text(text: string): void;
  binary(bytes: Buffer): void;
}

/** What the signalling told of a call. */
export type CallFacts = Pick<MediaPeer, 'callId' | 'direction' | 'caller' | 'callee' | 'headers'> &
  Partial<Pick<MediaPeer, 'route'>>;

/** One connection of a platform, as its protocol sees it. */
export interface Line {
  readonly clock: Clock;
  /** Of the URL the platform called. */
  readonly query: URLSearchParams;
  /** The call of this connection, once `open` has made it. */
  readonly session: PlatformSession | undefined;
  /** Begins the call. Throws OVERLOADED or DRAINING when it can't be taken, PROTOCOL_STATE when there is one already. */
  open(facts: CallFacts, sampleRate: number, wire: Wire): PlatformSession;
  /** False when the connection is closed or its peer doesn't read. */
  send(data: string | Uint8Array): boolean;
  /** Closes politely: what was sent before is still read. */
  end(reason: string): void;
}

/** A protocol over WebSocket. */
export interface WebSocketProtocol {
  readonly name: PlatformName;
  /** Subprotocols it goes by, the first one preferred; a client that names none is taken as well. */
  readonly subprotocols: readonly string[];
  /** A new connection; its messages go to what this returns. */
  accept(line: Line): Receiver;
}
