import { rmsDbfs } from '../dsp/levels.js';

/** Louder than this is sound: below it lie G.711's idle noise and comfort noise, above it speech at telephone level. */
const SOUND_DBFS = -45;
/** Two frames in a row, so that a click is not taken for an answer. */
const FRAMES_FOR_SOUND = 2;
/** Shorter pauses are inside a word or a sentence. */
const PAUSE_MS = 200;

/** What a caller hears of the other side: when it speaks, when it is quiet. Fed with every frame of 20 ms and the time it arrived at. */
export class Ear {
  #loudFrames = 0;
  #candidateMs = 0;
  readonly #spans: { fromMs: number; toMs: number }[] = [];

  hear(samples: Int16Array, atMs: number): void {
    if (rmsDbfs(samples) < SOUND_DBFS) {
      this.#loudFrames = 0;
      return;
    }
    if (this.#loudFrames === 0) this.#candidateMs = atMs;
    this.#loudFrames += 1;
    if (this.#loudFrames < FRAMES_FOR_SOUND) return;
    const last = this.#spans.at(-1);
    if (last && this.#candidateMs - last.toMs <= PAUSE_MS) last.toMs = atMs;
    else this.#spans.push({ fromMs: this.#candidateMs, toMs: atMs });
  }

  /** Whether anything was heard at all. */
  get heardSomething(): boolean {
    return this.#spans.length > 0;
  }

  /** Since when the other side has been silent; undefined when it never spoke. */
  get lastSoundMs(): number | undefined {
    return this.#spans.at(-1)?.toMs;
  }

  /** When the other side was heard, parted by 200 ms of silence and more. */
  get spans(): readonly { readonly fromMs: number; readonly toMs: number }[] {
    return this.#spans;
  }

  /** When the other side began to speak after `ms`: the first onset after 200 ms of silence. */
  onsetAfter(ms: number): number | undefined {
    return this.#spans.find(({ fromMs }) => fromMs >= ms)?.fromMs;
  }
}
