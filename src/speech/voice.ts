/** One voice: a model in worker processes, or a program that stands in where there is no model. */

export interface VoiceAudio {
  readonly samples: Int16Array;
  readonly sampleRate: number;
}

export interface VoiceRequest {
  /** One clause, normalised. */
  readonly text: string;
  /** 1 = as trained. */
  readonly speed: number;
  /** Nobody waits for it before so many ms: what is wanted sooner is made first. Default 0. */
  readonly withinMs?: number;
  readonly signal: AbortSignal;
}

export interface VoiceHealth {
  readonly workers: number;
  readonly alive: number;
  readonly restarts: number;
}

export interface Voice {
  readonly name: string;
  /** Changes when the voice would sound different: model checksum, version. For cache keys. */
  readonly fingerprint: string;
  /** No samples when there was nothing the voice can say. Rejects with a HearkenError, or with the signal's reason when cancelled. */
  make(request: VoiceRequest): Promise<VoiceAudio>;
  whenReady(): Promise<void>;
  health(): VoiceHealth;
  close(): Promise<void>;
}
