import type { TypedEmitter } from '../emitter.js';

/**
 * One live audio connection, whatever protocol carried it here. Every wire protocol in this folder turns its
 * frames into this, so that nothing behind it knows which one it was.
 */

/** Mono signed 16-bit PCM at the session's sample rate. */
export interface PcmFrame {
  readonly samples: Int16Array;
  readonly sampleRate: number;
}

/** A frame on its way to the caller. It is dropped wherever it is found once `clear()` has bumped the generation. */
export interface OutgoingFrame extends PcmFrame {
  readonly generation: number;
}

export type CallDirection = 'inbound' | 'outbound';

/** Set by the administrator for a trunk or a number. */
export interface CallRoute {
  readonly trunk?: string;
  readonly application?: string;
  /** BCP 47; wins over the application's own. */
  readonly language?: string;
  /** Said instead of the application's own greeting. */
  readonly greeting?: string;
}

/** Who is at the other end, as told by the signalling. All strings are hostile input. */
export interface MediaPeer {
  /** The signalling's own id (SIP Call-ID or what the widget made up). */
  readonly callId: string;
  readonly direction: CallDirection;
  /** Caller's and callee's address or number as the protocol gave it. */
  readonly caller: string;
  readonly callee: string;
  readonly headers: Readonly<Record<string, string>>;
  /** `whisper`: an agent who is to hear the summary in the headers. Undefined is `conversation`. */
  readonly purpose?: 'conversation' | 'whisper';
  /** What the signalling side's configuration says about the number that was dialled. */
  readonly route?: CallRoute;
  /** The conversation this call goes on with, where the channel knows one; undefined begins one of its own. */
  readonly conversationId?: string;
  /** Wire protocol, e.g. `hearken.media.v1`. */
  readonly protocol: string;
  readonly remoteAddress: string;
}

export interface TransferRequest {
  readonly transferId: string;
  /** SIP or tel URI. */
  readonly target: string;
  readonly mode: 'blind' | 'attended';
  /** Extra SIP headers for the REFER (names start with `X-` or are `User-to-User`). */
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest wait for a final outcome. */
  readonly timeoutMs: number;
}

export interface TransferOutcome {
  readonly transferId: string;
  /** `completed`: the target answered (2xx sipfrag). `failed`: it refused. `timeout`: nothing final came. */
  readonly outcome: 'completed' | 'failed' | 'timeout';
  /** Last SIP status heard of; 0 when none was. */
  readonly status: number;
  readonly reason: string;
}

/** Why a call ends, in our words; the bridge maps them to SIP and back. */
export type HangupCause =
  | 'normal'
  | 'busy'
  | 'rejected'
  | 'no-answer'
  | 'transferred'
  | 'error'
  | 'overloaded'
  | 'lost';

/** How the line to the caller is, counted from the begin of the call, as the signalling side tells it. What is not known is absent. */
export interface LineQuality {
  readonly receivedPackets: number;
  readonly sentPackets?: number;
  /** Of what the caller sent; `remote…`: of what the caller heard. */
  readonly lossPercent: number;
  readonly remoteLossPercent?: number;
  readonly jitterMs: number;
  readonly remoteJitterMs?: number;
  readonly roundTripMs?: number;
  readonly worstRoundTripMs?: number;
  readonly latePackets?: number;
  readonly duplicatePackets?: number;
  /** 20 ms each. */
  readonly concealedFrames?: number;
  readonly depthMs?: number;
  readonly codec?: string;
  readonly encrypted?: boolean;
  /** The call is over. */
  readonly final?: boolean;
}

export interface MediaSessionEvents {
  /** Typed instead of said: the caller's whole answer. */
  text: [text: string];
  /** A key was pressed: `0`-`9`, `*`, `#`, `A`-`D`. */
  dtmf: [digit: string, durationMs: number];
  /** All audio queued before `mark(name)` has been played to the caller. */
  mark: [name: string];
  /** After `clear()`: how much of that generation the caller did hear. */
  cleared: [generation: number, playedMs: number];
  /** A 1xx sipfrag during a transfer. */
  transferProgress: [transferId: string, status: number];
  /** Now and then, from peers that can tell. */
  quality: [quality: LineQuality];
  /** The socket is gone; the peer may come back within the resume window. No audio flows meanwhile. */
  detached: [];
  /** The peer came back. What was queued on its side is lost; a new generation has begun. */
  resumed: [];
  /** The end, once, for whatever reason. Nothing follows it. */
  closed: [cause: HangupCause, reason: string];
}

/** What a peer that shows the conversation, or records it, may be told. */
export type MediaNotice =
  | { readonly type: 'transcript'; readonly who: 'caller' | 'bot'; readonly text: string; readonly final: boolean }
  | { readonly type: 'state'; readonly state: 'listening' | 'thinking' | 'speaking' | 'transferring' | 'ended' }
  | { readonly type: 'recording'; readonly action: 'start' | 'pause' | 'resume' | 'stop' };

export interface MediaSession extends TypedEmitter<MediaSessionEvents> {
  /** Our own id, unique over restarts. */
  readonly id: string;
  readonly peer: MediaPeer;
  /** Hz, of both directions. */
  readonly sampleRate: number;
  /** Current generation; frames that carry an older one are dropped. Starts at 0. */
  readonly generation: number;
  /**
   * What the caller says, in order, ends when the call ends. One reader. The queue behind it is bounded: when the
   * reader is slower than the caller the oldest audio is dropped and counted.
   */
  readonly incoming: AsyncIterable<PcmFrame>;
  /** Queues a frame; false when it was dropped (old generation, detached, closed). Never throws. */
  play(frame: OutgoingFrame): boolean;
  /** Drops all that was queued or sent and not yet heard; returns the new generation. */
  clear(): number;
  /** Asks for a `mark` event once everything queued so far has been heard. At most 64 characters. */
  mark(name: string): void;
  /** Tells a peer that can show it; others ignore it. */
  notify(notice: MediaNotice): void;
  /** Hands the call to somebody else. Resolves always, with what came of it; rejects only after `closed`. */
  transfer(request: TransferRequest): Promise<TransferOutcome>;
  /** Ends the call. Idempotent. */
  hangup(cause: HangupCause, reason?: string): void;
}
