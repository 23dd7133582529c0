import { divideLetters, type GroupCost } from './spelling.js';

/** Letters before and after the one in question, longest context first. */
const WINDOWS: readonly (readonly [number, number])[] = [
  [4, 4],
  [3, 3],
  [2, 3],
  [2, 2],
  [1, 2],
  [1, 1],
  [0, 1],
  [0, 0],
];
const EDGE = '#';
const NOTHING = '';
/** A letter that stands for two phones: x, the u of "music". */
const TWO_PHONES_COST = 3;

/**
 * How unknown words are said: each letter as in the words of the dictionary that have most letters around it in common (memory-based
 * letter to sound, after Daelemans and van den Bosch 1996).
 */
export class LetterSounds {
  readonly #counts = WINDOWS.map(() => new Map<string, Map<string, number>>());

  /** `entries`: words and their phones; `cost` as the model's outputs give it, for dividing the letters. */
  constructor(entries: Iterable<readonly [word: string, phones: readonly string[]]>, cost: GroupCost) {
    for (const [word, phones] of entries) {
      const sounds = soundsOfLetters(word, phones, cost);
      sounds?.forEach((sound, i) => {
        this.#count(word, i, sound);
      });
    }
  }

  #count(word: string, at: number, sound: string): void {
    this.#counts.forEach((map, w) => {
      const key = context(word, at, WINDOWS[w] ?? [0, 0]);
      const sounds = map.get(key) ?? new Map<string, number>();
      sounds.set(sound, (sounds.get(sound) ?? 0) + 1);
      map.set(key, sounds);
    });
  }

  /** Phones of a word of the letters a to z; empty when nothing is known of its letters. */
  phonesOf(word: string): readonly string[] {
    const out: string[] = [];
    for (let i = 0; i < word.length; i++) {
      const sound = this.#soundAt(word, i);
      for (const phone of sound.split(' ')) if (phone !== NOTHING && out.at(-1) !== phone) out.push(phone);
    }
    return out;
  }

  #soundAt(word: string, at: number): string {
    for (const [w, window] of WINDOWS.entries()) {
      const sounds = this.#counts[w]?.get(context(word, at, window));
      if (!sounds) continue;
      let best = NOTHING;
      let most = 0;
      for (const [sound, count] of sounds) {
        if (count > most) {
          best = sound;
          most = count;
        }
      }
      return best;
    }
    return NOTHING;
  }
}

function context(word: string, at: number, [before, after]: readonly [number, number]): string {
  const padded = EDGE.repeat(before) + word + EDGE.repeat(after);
  return padded.slice(at, at + before + 1 + after);
}

/** For each letter the phones it stands for, joined by spaces: the first letter of a group has the group's phone. */
function soundsOfLetters(word: string, phones: readonly string[], cost: GroupCost): readonly string[] | undefined {
  const direct = phones.length <= word.length ? groupsCost(word, phones, cost) : undefined;
  let best = direct;
  // One pair of phones may belong to a single letter: which, is where the division gets cheapest.
  for (let i = 0; i + 1 < phones.length && (phones.length > word.length || word.includes('x')); i++) {
    const pair = `${phones[i]} ${phones[i + 1]}`;
    const merged = [...phones.slice(0, i), pair, ...phones.slice(i + 2)];
    if (merged.length > word.length) continue;
    const found = groupsCost(word, merged, (letters, phone, first) => {
      if (phone !== pair) return cost(letters, phone, first);
      const own = letters.length === 1 ? cost(letters, phone.split(' ')[0] ?? '', first) : undefined;
      return own === undefined ? undefined : own + (letters === 'x' ? 0 : TWO_PHONES_COST);
    });
    if (found && (best === undefined || found.cost < best.cost)) best = found;
  }
  return best?.sounds;
}

function groupsCost(
  word: string,
  phones: readonly string[],
  cost: GroupCost,
): { readonly cost: number; readonly sounds: readonly string[] } | undefined {
  const groups = divideLetters(word, phones, cost);
  if (groups === undefined) return undefined;
  let sum = 0;
  const sounds = groups.flatMap((letters, i) => {
    sum += cost(letters, phones[i] ?? '', i === 0) ?? 0;
    return Array.from(letters, (_, l) => (l === 0 ? (phones[i] ?? NOTHING) : NOTHING));
  });
  return sounds.length === word.length ? { cost: sum, sounds } : undefined;
}
