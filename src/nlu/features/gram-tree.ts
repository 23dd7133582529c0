/** Stands for an n-gram that the vocabulary does not have. */
export const UNKNOWN = -1;

/** N-grams by their parts: what begins alike shares its way, and no string is made to look one up. */
export class GramTree {
  #id = UNKNOWN;
  readonly #next = new Map<string, GramTree>();

  add(parts: readonly string[], id: number): void {
    let node: GramTree = this;
    for (const part of parts) {
      let next = node.#next.get(part);
      if (next === undefined) {
        next = new GramTree();
        node.#next.set(part, next);
      }
      node = next;
    }
    node.#id = id;
  }

  /** Calls `found` for each n-gram of `low` to `high` parts that begins at `start`, shortest first, with its id or `UNKNOWN`. */
  walk(parts: readonly string[], start: number, low: number, high: number, found: (id: number) => void): void {
    let node: GramTree | undefined = this;
    for (let size = 1; size <= high && start + size <= parts.length; size++) {
      node = node === undefined ? undefined : node.#next.get(parts[start + size - 1] as string);
      if (size >= low) found(node === undefined ? UNKNOWN : node.#id);
    }
  }
}
