import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds; from a lookup in memory to the longest a caller is let wait. */
export const LATENCY_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

export type Labels = Readonly<Record<string, string | number>>;

export interface CountedMetric {
  /** Adds `by` (default 1). */
  add(labels?: Labels, by?: number): void;
}

export interface MeasuredMetric {
  /** Seconds for durations: Prometheus' base unit (https://prometheus.io/docs/practices/naming/). */
  observe(value: number, labels?: Labels): void;
}

export interface SetMetric {
  set(value: number, labels?: Labels): void;
}

/**
 * The one registry of a service's numbers, in Prometheus' text form at `GET /metrics`. A room asks for its metric by name, once or again, and gets the same one; names are
 * prefixed with `hearken_`. Label values must come from a small, fixed set (route, channel, outcome): never ids, numbers or words of callers. Observers only: nothing in
 * here ever throws into the path it measures.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #made = new Map<string, CountedMetric | MeasuredMetric | SetMetric | null>();

  constructor(
    options: {
      /** Node's own numbers too: memory, event loop lag, garbage collection. */ readonly process?: boolean;
    } = {},
  ) {
    if (options.process === true) collectDefaultMetrics({ register: this.#registry });
  }

  /** Only grows: `hearken_<name>`, by convention ending in `_total`. */
  counter(name: string, help: string, labels: readonly string[] = []): CountedMetric {
    return this.#once(name, () => {
      const metric = new Counter({ name: full(name), help, labelNames: [...labels], registers: [this.#registry] });
      return { add: (values = {}, by = 1) => quietly(() => metric.inc({ ...values }, by)) };
    });
  }

  /** How long or how much, in buckets: `hearken_<name>`, by convention ending in its unit, `_seconds`. */
  histogram(
    name: string,
    help: string,
    options: { readonly labels?: readonly string[]; readonly buckets?: readonly number[] } = {},
  ): MeasuredMetric {
    return this.#once(name, () => {
      const metric = new Histogram({
        name: full(name),
        help,
        labelNames: [...(options.labels ?? [])],
        buckets: [...(options.buckets ?? LATENCY_BUCKETS_SECONDS)],
        registers: [this.#registry],
      });
      return { observe: (value, values = {}) => quietly(() => metric.observe({ ...values }, value)) };
    });
  }

  /** Goes up and down; set by whoever knows. */
  gauge(name: string, help: string, labels: readonly string[] = []): SetMetric {
    return this.#once(name, () => {
      const metric = new Gauge({ name: full(name), help, labelNames: [...labels], registers: [this.#registry] });
      return { set: (value, values = {}) => quietly(() => metric.set({ ...values }, value)) };
    });
  }

  /** A number that is looked up whenever somebody asks: live calls, waiting events. A `read` that throws leaves the last value. */
  watch(name: string, help: string, read: () => number): void {
    this.#once(name, () => {
      new Gauge({
        name: full(name),
        help,
        registers: [this.#registry],
        collect() {
          quietly(() => this.set(read()));
        },
      });
      return null;
    });
  }

  /** Everything, in Prometheus' text exposition format 0.0.4. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** For the Content-Type header of `text()`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  #once<M extends CountedMetric | MeasuredMetric | SetMetric | null>(name: string, make: () => M): M {
    const known = this.#made.get(name);
    if (known !== undefined) return known as M;
    const made = make();
    this.#made.set(name, made);
    return made;
  }
}

function full(name: string): string {
  return `hearken_${name}`;
}

/** A number that is not one, or a label nobody declared, must not cost a caller the turn. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // Left out of the numbers.
  }
}
