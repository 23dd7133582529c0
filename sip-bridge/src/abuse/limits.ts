import { TokenBucket } from '../token-bucket.js';

/** Counting by source, with time passed in. Every map is bounded: sources are the attacker's to choose. */

const MAX_SOURCES = 20_000;

/** A bucket for each source. */
export class SourceBuckets {
  readonly #perSecond: number;
  readonly #burstSeconds: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perSecond: number, burstSeconds: number) {
    this.#perSecond = perSecond;
    this.#burstSeconds = burstSeconds;
  }

  take(source: string, nowMs: number): boolean {
    const bucket = this.#buckets.get(source) ?? new TokenBucket(this.#perSecond, this.#burstSeconds);
    // Those that were heard of last are kept.
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    trim(this.#buckets);
    return bucket.take(nowMs);
  }
}

/** How often something happened to a source within a window (two half-windows, so that it slides). */
export class WindowCounter {
  readonly #windowMs: number;
  readonly #counts = new Map<string, { startMs: number; now: number; before: number }>();

  constructor(windowMs: number) {
    this.#windowMs = Math.max(1, windowMs);
  }

  /** Counts one, and says how many there were lately, this one included. */
  add(source: string, nowMs: number): number {
    const entry = this.#counts.get(source) ?? { startMs: nowMs, now: 0, before: 0 };
    const passed = Math.floor((nowMs - entry.startMs) / this.#windowMs);
    if (passed > 0) {
      entry.before = passed === 1 ? entry.now : 0;
      entry.now = 0;
      entry.startMs += passed * this.#windowMs;
    }
    entry.now++;
    this.#counts.delete(source);
    this.#counts.set(source, entry);
    trim(this.#counts);
    const part = 1 - (nowMs - entry.startMs) / this.#windowMs;
    return entry.now + Math.floor(entry.before * Math.max(0, part));
  }

  clear(source: string): void {
    this.#counts.delete(source);
  }
}

/** Sources that are shut out for a time. */
export class Bans {
  readonly #until = new Map<string, { readonly untilMs: number; readonly why: string }>();

  ban(source: string, untilMs: number, why: string): void {
    this.#until.set(source, { untilMs, why });
    trim(this.#until);
  }

  has(source: string, nowMs: number): boolean {
    const entry = this.#until.get(source);
    if (!entry) return false;
    if (entry.untilMs > nowMs) return true;
    this.#until.delete(source);
    return false;
  }

  lift(source: string): boolean {
    return this.#until.delete(source);
  }

  list(nowMs: number): { source: string; untilMs: number; why: string }[] {
    return [...this.#until]
      .filter(([, { untilMs }]) => untilMs > nowMs)
      .map(([source, entry]) => ({ source, ...entry }));
  }
}

function trim(map: Map<string, unknown>): void {
  for (const old of map.keys()) {
    if (map.size <= MAX_SOURCES) break;
    map.delete(old);
  }
}
