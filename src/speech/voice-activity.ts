/** From probabilities of voice to its beginning and end: pure, times in samples of the stream. */

export interface VoiceActivityConfig {
  /** Probability from which a window counts as voice. */
  readonly onThreshold: number;
  /** Below this a window counts as silence; between both, what went before goes on. */
  readonly offThreshold: number;
  /** Voice shorter than this is a click. */
  readonly minSpeechMs: number;
  /** A gap shorter than this belongs to a word (a stop consonant closes for about 100 ms). */
  readonly minSilenceMs: number;
}

/** Thresholds as Silero's own get_speech_timestamps has them; the times are shorter because end of turn is decided upstream. */
export const VOICE_ACTIVITY_DEFAULTS: VoiceActivityConfig = {
  onThreshold: 0.5,
  offThreshold: 0.35,
  minSpeechMs: 60,
  minSilenceMs: 120,
};

export interface VoiceChange {
  readonly active: boolean;
  /** When voice really began or ended, not when that was known. */
  readonly atSample: number;
}

export interface VoiceActivityState {
  readonly active: boolean;
  /** Start of the windows of voice that are not yet enough, or of the present voice. */
  readonly voiceSince: number | undefined;
  /** End of the last window that was voice, while silence is not yet enough. */
  readonly silentSince: number | undefined;
}

export const QUIET: VoiceActivityState = { active: false, voiceSince: undefined, silentSince: undefined };

/** One window `[from, to)` with its probability. Returns the next state and, at most, one change. */
export function hearWindow(
  state: VoiceActivityState,
  probability: number,
  from: number,
  to: number,
  sampleRate: number,
  config: VoiceActivityConfig = VOICE_ACTIVITY_DEFAULTS,
): readonly [VoiceActivityState, VoiceChange | undefined] {
  const samples = (ms: number) => (ms * sampleRate) / 1000;
  if (!state.active) {
    const holds =
      probability >= config.onThreshold || (state.voiceSince !== undefined && probability >= config.offThreshold);
    if (!holds) return [QUIET, undefined];
    const voiceSince = state.voiceSince ?? from;
    if (to - voiceSince < samples(config.minSpeechMs)) return [{ ...QUIET, voiceSince }, undefined];
    return [
      { active: true, voiceSince, silentSince: undefined },
      { active: true, atSample: voiceSince },
    ];
  }
  if (probability >= config.offThreshold) return [{ ...state, silentSince: undefined }, undefined];
  const silentSince = state.silentSince ?? from;
  if (to - silentSince < samples(config.minSilenceMs)) return [{ ...state, silentSince }, undefined];
  return [QUIET, { active: false, atSample: silentSince }];
}
