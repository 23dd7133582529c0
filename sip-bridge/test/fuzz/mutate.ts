/** Seeded mutations of bytes: the same seed always gives the same inputs. */

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** 0 ≤ n < below (mulberry32). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }
}

const NASTY = [
  '\r\n',
  '\r\n\r\n',
  '\r\n ',
  '\0',
  '"',
  '<',
  '>',
  ';',
  ',',
  '@',
  '%',
  '%00',
  ':',
  '-1',
  '0',
  '4294967296',
  '99999999999999999999',
  '9'.repeat(400),
  'A'.repeat(3000),
  '\ud800',
  '漢字',
  '../../',
  '__proto__',
  'constructor',
  '$' + '{7*7}',
  '(a+)+$',
  '[::1]',
  '{"a":',
];
const MAX_BYTES = 60_000;

/** One to six changes of a seed, now and then with a piece of another one. */
export function mutate(seed: Buffer, others: readonly Buffer[], random: Random): Buffer {
  let bytes = Buffer.from(seed);
  for (let count = 1 + random.below(6); count > 0; count--) bytes = Buffer.from(change(bytes, others, random));
  return bytes.subarray(0, MAX_BYTES);
}

function change(bytes: Buffer, others: readonly Buffer[], random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const length = random.below(Math.min(64, bytes.length - at) + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + length)];
  switch (random.below(9)) {
    case 0: {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[random.below(copy.length)] = random.below(256);
      return copy;
    }
    case 1:
      return Buffer.concat([before, after]);
    case 2:
      return Buffer.concat([before, Buffer.from(random.pick(NASTY)), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([before, Buffer.from(random.pick(NASTY)), after]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    case 5: {
      const other = random.pick(others);
      const from = random.below(other.length + 1);
      return Buffer.concat([before, other.subarray(from, from + random.below(400)), after]);
    }
    case 6:
      return before;
    case 7: {
      // A whole line twice, or somewhere else.
      const lines = bytes.toString('latin1').split('\r\n');
      lines.splice(random.below(lines.length + 1), random.below(2), random.pick(lines));
      return Buffer.from(lines.join('\r\n'), 'latin1');
    }
    default: {
      const copy = Buffer.from(bytes);
      for (let index = at; index < Math.min(copy.length, at + length); index++) copy[index] = random.below(256);
      return copy;
    }
  }
}
