/** What is written down while the sample shop runs: returns, tickets, invoices, …. The same key twice makes one entry. */
export interface Entry {
  readonly number: string;
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

const MOST = 10_000;

export class Records {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;
  #count = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Eight digits: month and day, and a number of the day, as people read them out in two groups. */
  add(kind: string, key: string, data: Readonly<Record<string, unknown>>): Entry {
    const id = `${kind}:${key}`;
    const known = this.#entries.get(id);
    if (known !== undefined) return known;
    this.#count = (this.#count % 9999) + 1;
    const day = new Date(this.#now() + 8 * 3_600_000).toISOString().slice(5, 10).replace('-', '');
    const entry = { number: `${day}${String(this.#count).padStart(4, '0')}`, kind, data, atMs: this.#now() };
    this.#entries.set(id, entry);
    if (this.#entries.size > MOST) this.#entries.delete(this.#entries.keys().next().value ?? id);
    return entry;
  }

  find(kind: string, key: string): Entry | undefined {
    return this.#entries.get(`${kind}:${key}`);
  }

  /** What was written down under keys that begin so: keys begin with the conversation's id. */
  under(kind: string, keyBegins: string): readonly Entry[] {
    const begin = `${kind}:${keyBegins}`;
    return [...this.#entries].flatMap(([id, entry]) => (id.startsWith(begin) ? [entry] : []));
  }

  all(kind: string): readonly Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === kind);
  }
}

/** Counts tries by name and forgets the oldest names. */
export class Tries {
  readonly #counts = new Map<string, number>();

  count(name: string): number {
    const tries = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.delete(name);
    this.#counts.set(name, tries);
    if (this.#counts.size > MOST) this.#counts.delete(this.#counts.keys().next().value ?? name);
    return tries;
  }

  clear(name: string): void {
    this.#counts.delete(name);
  }
}
