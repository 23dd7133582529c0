/**
 * How late packets of one stream come, and how long it pays to wait for one: the depth of the jitter buffer. Lateness is measured against the fastest packet of the last seconds, which
 * follows a clock that drifts; the depth is what 98 of 100 packets stay below, with a margin.
 */

/** A wait that is always granted, and the longest one: more would be heard as delay. */
export const DEPTH_MIN_MS = 20;
export const DEPTH_MAX_MS = 120;
/** Before anything was measured. */
const DEPTH_START_MS = 40;
const BUCKET_MS = 5;
const BUCKETS = 64;
const SHARE = 0.98;
const MARGIN_MS = 5;
/** Each packet weighs this much more than the one before it: after 200 packets (4 s) the old ones count a third. */
const GROWTH = 1 / 0.995;
/** The fastest packet is that of the last one or two spans. */
const SPAN_MS = 5000;
const EVERY_PACKETS = 10;
/** The depth falls by this much each time it is looked at (200 ms). */
const FALL_MS = 1;
/** A jump of the sender's clock, or of ours. */
const JUMP_MS = 2000;

export class JitterEstimator {
  readonly #counts = new Float64Array(BUCKETS);
  #weight = 1;
  #total = 0;
  #packets = 0;
  #spanStartMs = 0;
  #spanMin = Number.POSITIVE_INFINITY;
  #lastMin = Number.POSITIVE_INFINITY;
  #depthMs = DEPTH_START_MS;

  /** How long a missing packet is waited for, counted from when the fastest one would have come. */
  get depthMs(): number {
    return this.#depthMs;
  }

  /** When the fastest packet of that media time would have come. NaN before the first. */
  expectedMs(mediaMs: number): number {
    return mediaMs + Math.min(this.#spanMin, this.#lastMin);
  }

  /** `mediaMs`: the packet's timestamp, without wraps. */
  observe(arrivalMs: number, mediaMs: number): void {
    const transitMs = arrivalMs - mediaMs;
    const fastest = Math.min(this.#spanMin, this.#lastMin);
    if (Number.isFinite(fastest) && Math.abs(transitMs - fastest) > JUMP_MS) this.reset();
    if (arrivalMs - this.#spanStartMs > SPAN_MS) {
      this.#lastMin = this.#spanMin;
      this.#spanMin = Number.POSITIVE_INFINITY;
      this.#spanStartMs = arrivalMs;
    }
    this.#spanMin = Math.min(this.#spanMin, transitMs);
    const lateMs = transitMs - Math.min(this.#spanMin, this.#lastMin);
    const bucket = Math.min(BUCKETS - 1, Math.floor(lateMs / BUCKET_MS));
    this.#counts[bucket] = (this.#counts[bucket] as number) + this.#weight;
    this.#total += this.#weight;
    this.#weight *= GROWTH;
    if (this.#weight > 1e9) this.#rescale();
    if (++this.#packets % EVERY_PACKETS === 0) this.#adapt();
  }

  /** Another source, or another clock. What was learnt about the network stays. */
  reset(): void {
    this.#spanMin = Number.POSITIVE_INFINITY;
    this.#lastMin = Number.POSITIVE_INFINITY;
    this.#spanStartMs = 0;
  }

  #adapt(): void {
    let sum = 0;
    let bucket = 0;
    while (bucket < BUCKETS - 1) {
      sum += this.#counts[bucket] as number;
      if (sum >= this.#total * SHARE) break;
      bucket++;
    }
    const wanted = Math.min(DEPTH_MAX_MS, Math.max(DEPTH_MIN_MS, (bucket + 1) * BUCKET_MS + MARGIN_MS));
    // Up at once, down slowly: a network that was bad is bad again soon.
    this.#depthMs = wanted >= this.#depthMs ? wanted : Math.max(wanted, this.#depthMs - FALL_MS);
  }

  #rescale(): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.#counts[bucket] = (this.#counts[bucket] as number) / this.#weight;
    }
    this.#total /= this.#weight;
    this.#weight = 1;
  }
}
