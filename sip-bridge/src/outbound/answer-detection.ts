import type { OutboundConfig } from './config.js';

type Settings = OutboundConfig['answerDetection'];

export type AnsweredBy = 'person' | 'machine';

export interface Detection {
  readonly answeredBy: AnsweredBy;
  /** After the answer. */
  readonly atMs: number;
  readonly why: 'short greeting' | 'long greeting' | 'a tone' | 'silence' | 'time';
}

/** Gaps shorter than this belong to the same greeting: people breathe. */
const PAUSE_MS = 320;
/** Shorter noises (a click, the handset) are no voice. */
const MIN_VOICE_MS = 60;
/** A tone at one frequency for so long is a machine's. */
const TONE_MS = 160;

/**
 * Who answered, by how they greet: a person says a word or two and then waits, a machine talks on (a common rule of diallers; its numbers are settings). A steady
 * tone is a machine as well. Time comes with the frames, so the same recording always gives the same result.
 */
export class AnswerDetector {
  readonly #settings: Settings;
  #elapsedMs = 0;
  #voiceMs = 0;
  #gapMs = 0;
  #toneMs = 0;
  #started = false;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** One frame of samples at 8 kHz; the result once there is one. */
  accept(samples: Int16Array): Detection | undefined {
    const frameMs = samples.length / 8;
    this.#elapsedMs += frameMs;
    const { greetingMs, silenceMs, longestMs, voiceDbfs } = this.#settings;
    const voice = levelDbfs(samples) > voiceDbfs;
    this.#toneMs = voice && isTone(samples) ? this.#toneMs + frameMs : 0;
    if (voice) {
      // What was said before a long gap was another greeting; a short gap is part of this one.
      this.#voiceMs += frameMs + (this.#started && this.#gapMs < PAUSE_MS ? this.#gapMs : 0);
      this.#gapMs = 0;
      this.#started ||= this.#voiceMs >= MIN_VOICE_MS;
    } else {
      this.#gapMs += frameMs;
      if (!this.#started && this.#gapMs > 100) this.#voiceMs = 0;
    }
    if (this.#toneMs >= TONE_MS && this.#elapsedMs > TONE_MS * 2) return this.#decide('machine', 'a tone');
    if (this.#voiceMs >= greetingMs) return this.#decide('machine', 'long greeting');
    if (this.#started && this.#gapMs >= silenceMs) return this.#decide('person', 'short greeting');
    if (this.#elapsedMs < longestMs) return undefined;
    return this.#started ? this.#decide('person', 'time') : this.#decide('person', 'silence');
  }

  #decide(answeredBy: AnsweredBy, why: Detection['why']): Detection {
    return { answeredBy, atMs: Math.round(this.#elapsedMs), why };
  }
}

/** Waits for a machine to end its greeting: its beep, or silence after it. */
export class BeepDetector {
  readonly #settings: Settings;
  #elapsedMs = 0;
  #toneMs = 0;
  #quietMs = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** True once the message may be spoken. */
  accept(samples: Int16Array): boolean {
    const frameMs = samples.length / 8;
    this.#elapsedMs += frameMs;
    const loud = levelDbfs(samples) > this.#settings.voiceDbfs;
    if (loud && isTone(samples)) {
      this.#toneMs += frameMs;
      this.#quietMs = 0;
    } else if (loud) {
      this.#toneMs = 0;
      this.#quietMs = 0;
    } else {
      this.#quietMs += frameMs;
      // The beep has ended.
      if (this.#toneMs >= TONE_MS) return true;
      this.#toneMs = 0;
    }
    // Some machines have no beep: two seconds of silence will do.
    return this.#quietMs >= 2000 || this.#elapsedMs >= this.#settings.beepWaitMs;
  }
}

export function levelDbfs(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  if (samples.length === 0 || sum === 0) return -96;
  return 10 * Math.log10(sum / samples.length / (32_768 * 32_768));
}

/** Nearly all power at one frequency: a sine obeys x[n-1] + x[n+1] = 2·cos(w)·x[n], voice does not for long. */
function isTone(samples: Int16Array): boolean {
  let cross = 0;
  let power = 0;
  let total = 0;
  for (let at = 1; at + 1 < samples.length; at++) {
    const [before, here, after] = [samples[at - 1] ?? 0, samples[at] ?? 0, samples[at + 1] ?? 0];
    cross += (before + after) * here;
    power += here * here;
    total += (before + after) ** 2;
  }
  if (power === 0) return false;
  // What is left of the sum of the neighbours when the best multiple of the middle is taken away.
  const left = total - (cross * cross) / power;
  return left / power < 0.02;
}
