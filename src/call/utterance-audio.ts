import { samplesIn } from '../dsp/framing.js';

/** Of a longer utterance the beginning is kept: which language it is in can be told by then. */
const MOST_MS = 8000;
/** Kept before the voice: a soft first consonant, and what voice activity needs to get used to a line. */
const LEAD_MS = 500;
/** Kept while nobody speaks: voice is told of so late, at most, and its lead lies before it. */
const IDLE_MS = 1500;

/** The sound of one utterance, cut out. */
export interface UtteranceClip {
  readonly pcm: Int16Array;
  /** Another number once somebody has spoken again: the same one is the same words. */
  readonly version: number;
}

/** Keeps the sound of the utterance under way, from a moment before its voice on, at most 8 s of it. */
export class UtteranceAudio {
  readonly #sampleRate: number;
  #pieces: { readonly at: number; readonly pcm: Int16Array }[] = [];
  /** Samples accepted so far. */
  #position = 0;
  /** Where the utterance begins; undefined: nobody has spoken. */
  #from: number | undefined;
  #endedAt = 0;
  #active = false;
  #version = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  accept(pcm: Int16Array): void {
    const at = this.#position;
    this.#position += pcm.length;
    const from = this.#from;
    if (from !== undefined && this.#position - from > samplesIn(MOST_MS, this.#sampleRate)) return;
    // A copy: the caller may use its buffer again.
    this.#pieces.push({ at, pcm: pcm.slice() });
    if (from === undefined) this.#forgetBefore(this.#position - samplesIn(IDLE_MS, this.#sampleRate));
  }

  /** Voice began or ended, at this time of the audio. */
  voice(active: boolean, atMs: number): void {
    this.#active = active;
    if (!active) return;
    this.#version++;
    if (this.#from !== undefined) return;
    const kept = this.#pieces[0]?.at ?? this.#position;
    this.#from = Math.max(this.#endedAt, kept, samplesIn(Math.max(0, atMs - LEAD_MS), this.#sampleRate));
    this.#forgetBefore(this.#from);
  }

  /** What was said so far; undefined when nobody has spoken. */
  clip(): UtteranceClip | undefined {
    const from = this.#from;
    if (from === undefined) return undefined;
    const parts = this.#pieces.map(({ at, pcm }) => pcm.subarray(Math.max(0, from - at)));
    const pcm = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      pcm.set(part, offset);
      offset += part.length;
    }
    return { pcm, version: this.#version };
  }

  /** The utterance is over; who speaks on begins another. */
  end(): void {
    this.#endedAt = this.#position;
    this.#version++;
    this.#from = this.#active ? this.#position : undefined;
    this.#forgetBefore(this.#active ? this.#position : this.#position - samplesIn(IDLE_MS, this.#sampleRate));
  }

  #forgetBefore(sample: number): void {
    while (this.#pieces[0] && this.#pieces[0].at + this.#pieces[0].pcm.length <= sample) this.#pieces.shift();
  }
}
