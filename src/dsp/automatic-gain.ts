import { peakDbfs, rmsDbfs } from './levels.js';

/** Level of speech that recognisers are used to: ITU-T P.56's nominal -26 dBov, a little above. */
const TARGET_DBFS = -23;
/** Quieter callers than that are raised no further: what is raised then is the line's noise. */
const MOST_GAIN_DB = 18;
const LEAST_GAIN_DB = -6;
/** Louder than the noise by so much is speech. */
const ABOVE_NOISE_DB = 9;
/** A frame that is softer is never speech, whatever the noise. */
const FLOOR_DBFS = -62;
const FRAME_MS = 20;
/** Up and down, a frame: 0.4 s of speech lift a caller by 12 dB; a shout is taken back at once. */
const RISE_DB = 0.6;
const FALL_DB = 3;
const CEILING_DBFS = -0.5;
/** From here on peaks are rounded instead of cut. */
const KNEE = 0.8;

/**
 * Automatic gain for quiet callers: follows the level of speech (not of noise), slowly, and never clips. Keeps its own state; frames go through in order.
 */
export class AutomaticGain {
  readonly #frameSamples: number;
  #gainDb = 0;
  #noiseDbfs: number | undefined;
  #speechDbfs: number | undefined;

  constructor(sampleRate: number) {
    this.#frameSamples = (sampleRate * FRAME_MS) / 1000;
  }

  get gainDb(): number {
    return this.#gainDb;
  }

  /** A new piece of the same length. */
  process(pcm: Int16Array): Int16Array {
    const out = new Int16Array(pcm.length);
    for (let start = 0; start < pcm.length; start += this.#frameSamples) {
      const frame = pcm.subarray(start, start + this.#frameSamples);
      const before = this.#gainDb;
      this.#follow(rmsDbfs(frame));
      // A sudden shout: what would clip is not raised at all, from its first sample on.
      const most = Math.max(0, CEILING_DBFS - peakDbfs(frame));
      this.#gainDb = Math.min(this.#gainDb, most);
      amplify(frame, out.subarray(start, start + frame.length), Math.min(before, most), this.#gainDb);
    }
    return out;
  }

  #follow(level: number): void {
    // The noise is what is there when nobody speaks: down at once, up by 2 dB a second.
    const noise = Math.max(-80, Math.min(level, (this.#noiseDbfs ?? level) + 0.04));
    this.#noiseDbfs = noise;
    if (level < FLOOR_DBFS || level < noise + ABOVE_NOISE_DB) return;
    const speech = this.#speechDbfs ?? level;
    // Syllables count more than the pauses between them.
    this.#speechDbfs = speech + (level - speech) * (level > speech ? 0.3 : 0.02);
    const wanted = Math.max(LEAST_GAIN_DB, Math.min(MOST_GAIN_DB, TARGET_DBFS - this.#speechDbfs));
    this.#gainDb += Math.max(-FALL_DB, Math.min(RISE_DB, wanted - this.#gainDb));
  }
}

/** From one gain to the next without a step. */
function amplify(frame: Int16Array, out: Int16Array, fromDb: number, toDb: number): void {
  const from = 10 ** (fromDb / 20);
  const to = 10 ** (toDb / 20);
  for (let index = 0; index < frame.length; index++) {
    const gain = from + ((to - from) * (index + 1)) / frame.length;
    out[index] = limit((frame[index] as number) * gain);
  }
}

/** Straight up to the knee, then bent towards full scale. */
function limit(sample: number): number {
  const size = Math.abs(sample) / 32_768;
  if (size <= KNEE) return Math.round(sample);
  const bent = KNEE + (1 - KNEE) * Math.tanh((size - KNEE) / (1 - KNEE));
  return Math.sign(sample) * Math.min(32_767, Math.round(bent * 32_768));
}
