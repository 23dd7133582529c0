/** Prometheus' text format, version 0.0.4. */

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** Appended to the name: `_bucket`, `_sum`. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export function renderMetrics(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) =>
      [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${type}`,
        ...samples.map(({ suffix = '', labels = {}, value }) => `${name}${suffix}${labelText(labels)} ${value}`),
      ].join('\n'),
    )
    .concat('')
    .join('\n');
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Counts by label values; bounded, because some labels come from the network. */
export class LabelledCounter {
  readonly #names: readonly string[];
  readonly #counts = new Map<string, { readonly labels: Record<string, string>; value: number }>();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  add(...values: string[]): void {
    this.addMany(1, ...values);
  }

  addMany(count: number, ...values: string[]): void {
    if (count === 0) return;
    const key = values.join('\u0000');
    const entry = this.#counts.get(key);
    if (entry) entry.value += count;
    else if (this.#counts.size < 1000) {
      const labels = Object.fromEntries(this.#names.map((name, index) => [name, values[index] ?? '']));
      this.#counts.set(key, { labels, value: count });
    }
  }

  samples(): Sample[] {
    return [...this.#counts.values()];
  }
}

/** A histogram with fixed bounds. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count++;
    for (const [index, bound] of this.#bounds.entries()) {
      if (value <= bound) this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    }
  }

  samples(): Sample[] {
    return [
      ...this.#bounds.map((bound, index) => ({
        suffix: '_bucket',
        labels: { le: String(bound) },
        value: this.#counts[index] ?? 0,
      })),
      { suffix: '_bucket', labels: { le: '+Inf' }, value: this.#count },
      { suffix: '_sum', value: Math.round(this.#sum * 1000) / 1000 },
      { suffix: '_count', value: this.#count },
    ];
  }
}
