import { EchoMeter } from '../dsp/echo.js';

export interface EchoGuardOptions {
  /** Hz of both directions; a multiple of 2000. */
  readonly sampleRate: number;
  /** What comes from the line now is (no longer) the bot's own voice. */
  readonly onChange: (echo: boolean) => void;
}

/**
 * Likeness from which it is an echo: measured 0.6 to 1 for echoes through µ-law. Of callers one in a hundred comes to 0.71 when 160 ms are compared, to 0.55 with 220 ms
 * and 0.47 with 320 ms: two voices are easily alike for a moment, so little speech has to be very like an echo.
 */
const ECHO_FROM = { shortMs: 160, short: 0.75, longMs: 280, long: 0.55 };
/** Below this it is none any more. */
const ECHO_UNTIL = 0.5;
/** 8 dB. */
const LOUDER = 2.5;
/** Once it is known what it is, it is looked at again this often. */
const AGAIN_MS = 60;

/** Watches the line while there is voice on it, for the bot's own words. Only what was played within the last half second can come back. */
export class EchoGuard {
  readonly #meter: EchoMeter;
  readonly #onChange: (echo: boolean) => void;
  #voiceSinceMs: number | undefined;
  #checkedMs = 0;
  #playedUntilMs = Number.NEGATIVE_INFINITY;
  #echo = false;
  #echoGain = 0;

  constructor({ sampleRate, onChange }: EchoGuardOptions) {
    this.#meter = new EchoMeter(sampleRate);
    this.#onChange = onChange;
  }

  /** Times are ms since the call began. */
  played(atMs: number, pcm: Int16Array): void {
    this.#meter.played(atMs, pcm);
    this.#playedUntilMs = Math.max(this.#playedUntilMs, atMs + 20);
  }

  cut(atMs: number): void {
    this.#meter.cut(atMs);
    this.#playedUntilMs = Math.min(this.#playedUntilMs, atMs);
  }

  heard(atMs: number, pcm: Int16Array): void {
    this.#meter.heard(atMs, pcm);
    const since = this.#voiceSinceMs;
    // Long after the last sound of ours nothing of it can be on the line.
    if (since === undefined || since > this.#playedUntilMs + 800 || atMs - this.#checkedMs < AGAIN_MS) return;
    const compared = this.#meter.compare(since);
    if (compared === undefined) return;
    this.#checkedMs = atMs;
    const { likeness, gain, windowMs } = compared;
    // An echo keeps its loudness against what is played; a caller who joins in does not.
    const louder = this.#echo && gain > this.#echoGain * LOUDER;
    const echo = likeness >= (this.#echo ? ECHO_UNTIL : echoFrom(windowMs)) && !louder;
    if (echo) this.#echoGain = this.#echo ? Math.min(this.#echoGain, gain) : gain;
    if (echo === this.#echo) return;
    this.#echo = echo;
    this.#onChange(echo);
  }

  voice(active: boolean, sinceMs: number): void {
    this.#voiceSinceMs = active ? sinceMs : undefined;
    this.#checkedMs = 0;
    // Words of an echo may come after its end; only new voice is judged anew.
    if (active) this.#echo = false;
  }
}

function echoFrom(windowMs: number): number {
  const { shortMs, short, longMs, long } = ECHO_FROM;
  const share = Math.max(0, Math.min(1, (windowMs - shortMs) / (longMs - shortMs)));
  return short + (long - short) * share;
}
