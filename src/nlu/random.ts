/** Mulberry32: a small seeded generator (Tommy Ettinger, public domain); uniform numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Fisher-Yates, in place. */
export function shuffle(values: Int32Array | number[], random: () => number, length = values.length): void {
  for (let index = length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    const held = values[index] ?? 0;
    values[index] = values[other] ?? 0;
    values[other] = held;
  }
}
