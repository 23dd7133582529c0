import type { Recording } from './apology.js';
import type { RecordingSummary } from './recording/call-recording.js';
import type { RecordingConfig } from './recording/config.js';
import type { CallRoute } from './routing/routes.js';
import type { AudioCodec } from './rtp/packet.js';
import type { StreamStats } from './rtp/wire.js';
import type { LegEnd } from './sip/cause.js';
import type { LegMediaOptions } from './sip/leg-media.js';
import type { TransferDesk } from './transfer/desk.js';
import type { TransferPolicy, TransferRecord } from './transfers.js';

/** What a call needs, what is known about it when it begins, and what is left of it. */

export interface BridgeCallOptions {
  readonly media: LegMediaOptions;
  readonly url: string;
  readonly token?: string | undefined;
  readonly connectTimeoutMs: number;
  readonly resumeLimitMs: number;
  readonly pingIntervalMs: number;
  /** Told to callers whom the service has no room for. */
  readonly retryAfterSeconds: number;
  readonly transfer: TransferPolicy;
  /** Calls an agent, for transfers that we carry out ourselves. */
  readonly dial: TransferDesk['dial'];
  /** Undefined: nothing is recorded. */
  readonly recording?: RecordingConfig | undefined;
  /** Longest whisper to an agent; 0 = none. */
  readonly whisperLimitMs: number;
  readonly apology: Recording;
  /** `answer`: 200, apology, BYE. `early`: 183, apology, 503. */
  readonly apologyMode: 'answer' | 'early';
  readonly holdTone: Recording;
  readonly holdToneAfterMs: number;
}

/** Who calls whom, and what the service is told besides. */
export interface CallFacts {
  readonly callId: string;
  readonly direction: 'inbound' | 'outbound';
  readonly caller: string;
  readonly callee: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly remoteAddress: string;
  readonly trunk: string | undefined;
  readonly route: CallRoute;
  /** Keys to press once an outbound call is up. */
  readonly digits?: string | undefined;
}

export interface CallSummary {
  readonly end: LegEnd;
  readonly answered: boolean;
  readonly apologised: boolean;
  readonly rtp: StreamStats | undefined;
  readonly droppedToService: number;
  readonly codec: AudioCodec | undefined;
  /** Unix time. */
  readonly startedAtMs: number;
  readonly answeredAtMs: number | undefined;
  readonly endedAtMs: number;
  readonly transfers: readonly TransferRecord[];
  /** Undefined: recording is off. */
  readonly recording: RecordingSummary | undefined;
}
