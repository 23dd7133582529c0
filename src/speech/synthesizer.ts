import type { PcmFrame } from '../media/session.js';

/** Text to sound: the contract that the worker pool, the cache in front of it and the fake all keep. */

export interface SpeakOptions {
  /** BCP 47, chooses the voice. */
  readonly language: string;
  /** Hz wanted; resampled when the model's own differs. */
  readonly sampleRate: number;
  /** 1 = as trained. 0.5..2. */
  readonly speed?: number;
  /** Stops the making; the iterator then ends. */
  readonly signal?: AbortSignal;
}

export interface SynthesizerHealth {
  readonly workers: number;
  readonly alive: number;
  readonly restarts: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
}

export interface Synthesizer {
  /**
   * Speaks plain text. Text is normalised first (numbers, money, times as people say them). The first clause leaves before the
   * rest is made. Throws HearkenError SYNTHESIS_FAILED when nothing can be said; text with nothing speakable in it
   * (empty, only emoji) ends at once without a frame.
   */
  speak(text: string, options: SpeakOptions): AsyncIterable<PcmFrame>;
  /** Makes the beginning of a text, so that `speak` of the same has its first sound at once. Never throws; `signal` stops it. */
  prepare(text: string, options: SpeakOptions): Promise<void>;
  /** Renders fixed prompts into the cache ahead of time. */
  warm(texts: readonly string[], options: Omit<SpeakOptions, 'signal'>): Promise<void>;
  health(): SynthesizerHealth;
  close(): Promise<void>;
}
