import { Resampler } from '../../../../src/dsp/resample.js';

/** What the queue tells. */
export type PlaybackNews =
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'cleared'; readonly generation: number; readonly playedMs: number };

/** Audio that may wait. The service sends at most `leadMs` (200 ms) ahead; what is beyond this is a mistake of it. */
const MAX_QUEUED_SECONDS = 30;
/** A cut in the middle of a wave clicks: the last value fades out over this many samples (1.3 ms at 48 kHz). */
const FADE_SAMPLES = 64;

type Item = { readonly samples: Float32Array; at: number } | { readonly mark: string };

/**
 * What is to be heard, in order, with the marks between. Pure: `fill()` is the ear's clock. Audio comes at the session's rate and is resampled to the sound card's.
 */
export class PlaybackQueue {
  readonly #contextRate: number;
  readonly #rate: number;
  #resampler: Resampler;
  #items: Item[] = [];
  #queued = 0;
  #generation = 0;
  /** Samples of this generation that were played. */
  #played = 0;
  #last = 0;
  #fade = 0;
  #gaps = 0;
  #dry = false;
  /** Audio has begun and its closing mark has not come: running dry now is heard as a gap. */
  #open = false;

  constructor(rate: number, contextRate: number) {
    this.#rate = rate;
    this.#contextRate = contextRate;
    this.#resampler = new Resampler(rate, contextRate);
  }

  get queuedMs(): number {
    return (this.#queued * 1000) / this.#contextRate;
  }

  get playedMs(): number {
    return (this.#played * 1000) / this.#contextRate;
  }

  /** Times that the queue ran dry in the middle of something. */
  get gaps(): number {
    return this.#gaps;
  }

  push(pcm: Int16Array): void {
    if (this.#queued > MAX_QUEUED_SECONDS * this.#contextRate) return;
    const samples = this.#resampler.processToFloat(pcm);
    this.#items.push({ samples, at: 0 });
    this.#queued += samples.length;
    this.#open = true;
    this.#dry = false;
  }

  mark(name: string): void {
    this.#items.push({ mark: name });
  }

  /** Silence from the next block on; marks that waited are forgotten. */
  clear(generation: number): PlaybackNews {
    const news = { type: 'cleared', generation, playedMs: this.playedMs } as const;
    this.begin(generation);
    return news;
  }

  /** A generation that begins without a question: a socket that came back. */
  begin(generation: number): void {
    this.#items = [];
    this.#queued = 0;
    this.#played = 0;
    this.#generation = generation;
    this.#fade = FADE_SAMPLES;
    this.#open = false;
    this.#dry = false;
    this.#resampler = new Resampler(this.#rate, this.#contextRate);
  }

  get generation(): number {
    return this.#generation;
  }

  /** The next samples for the ear; silence where there are none. Returns the marks that were passed. */
  fill(out: Float32Array): PlaybackNews[] {
    const news: PlaybackNews[] = [];
    let filled = 0;
    for (;;) {
      const item = this.#items[0];
      if (item === undefined) break;
      if ('mark' in item) {
        this.#items.shift();
        news.push({ type: 'mark', name: item.mark });
        if (this.#queued === filled) this.#open = false;
        continue;
      }
      if (filled === out.length) break;
      const take = Math.min(out.length - filled, item.samples.length - item.at);
      out.set(item.samples.subarray(item.at, item.at + take), filled);
      filled += take;
      item.at += take;
      if (item.at === item.samples.length) this.#items.shift();
    }
    this.#queued -= filled;
    this.#played += filled;
    if (filled > 0) this.#last = out[filled - 1] ?? 0;
    if (filled < out.length) {
      if (this.#open && !this.#dry) this.#gaps += 1;
      this.#dry = this.#open;
      this.#silence(out, filled);
    }
    return news;
  }

  #silence(out: Float32Array, from: number): void {
    if (from > 0) this.#fade = FADE_SAMPLES;
    for (let index = from; index < out.length; index++) {
      out[index] = this.#fade > 0 ? (this.#last * this.#fade) / FADE_SAMPLES : 0;
      if (this.#fade > 0) this.#fade -= 1;
    }
    if (this.#fade === 0) this.#last = 0;
  }
}
