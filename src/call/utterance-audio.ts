import { samplesIn } from '../dsp/framing.js';

/** Of a longer utterance the beginning is kept: which language it is in can be told by then. */
const MOST_MS = 8000;
/** Kept before the voice: a soft first consonant, and what voice activity needs to get used to a line. */
const LEAD_MS = 500;
/** Kept while nobody speaks: voice is told of so late, at most, and its lead lies before it. */
const IDLE_MS = 1500;

/** Voice after a longer silence is another utterance, also where nobody told that the one before is over: a cough that no turn was made of. */
const LONGEST_PAUSE_MS = 2000;

/** A piece of the line, and where it begins, in samples. */
interface Piece {
  readonly at: number;
  readonly pcm: Int16Array;
}

/** The sound of one utterance, cut out. */
export interface UtteranceClip {
  readonly pcm: Int16Array;
  /** Another number once somebody has spoken again: the same one is the same words. */
  readonly version: number;
}

/** Keeps the sound of the utterance under way, from a moment before its voice on, at most 8 s of it. */
export class UtteranceAudio {
  readonly #sampleRate: number;
  /** The utterance under way. */
  #pieces: Piece[] = [];
  /** The last moments of the line, in which the next utterance may begin. */
  #recent: Piece[] = [];
  /** Samples accepted so far. */
  #position = 0;
  /** Where the utterance begins; undefined: nobody has spoken. */
  #from: number | undefined;
  #endedAt = 0;
  #active = false;
  /** ms: when somebody was last heard to stop. */
  #silentSinceMs = 0;
  #version = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  accept(pcm: Int16Array): void {
    // A copy: the caller may use its buffer again.
    const piece = { at: this.#position, pcm: pcm.slice() };
    this.#position += pcm.length;
    this.#recent.push(piece);
    forgetBefore(this.#recent, this.#position - samplesIn(IDLE_MS, this.#sampleRate));
    const from = this.#from;
    if (from === undefined || this.#position - from > samplesIn(MOST_MS, this.#sampleRate)) return;
    this.#pieces.push(piece);
  }

  /** Voice began or ended, at this time of the audio. */
  voice(active: boolean, atMs: number): void {
    const spokeOn = this.#active || atMs - this.#silentSinceMs <= LONGEST_PAUSE_MS;
    if (this.#active && !active) this.#silentSinceMs = atMs;
    this.#active = active;
    if (!active) return;
    this.#version++;
    if (this.#from !== undefined && spokeOn) return;
    this.#pieces = [...this.#recent];
    const kept = this.#pieces[0]?.at ?? this.#position;
    this.#from = Math.max(this.#endedAt, kept, samplesIn(Math.max(0, atMs - LEAD_MS), this.#sampleRate));
    forgetBefore(this.#pieces, this.#from);
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
    this.#pieces = [];
  }

  /** Lets go of all sound. */
  clear(): void {
    this.#from = undefined;
    this.#pieces = [];
    this.#recent = [];
  }
}

function forgetBefore(pieces: Piece[], sample: number): void {
  while (pieces[0] && pieces[0].at + pieces[0].pcm.length <= sample) pieces.shift();
}
