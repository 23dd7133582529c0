/**
 * Word by word, as it plays. The service tells a prompt's words before its sound, and not where in the sound each of them is; what is known is how much has been played, and
 * at the end of each prompt how long it took. So words are shown at the pace of this voice, which is learnt from prompt to prompt.
 */

/** A first guess: 4.5 syllables a second; a Han character is one, a letter or a digit of Latin text a third. */
const FIRST_PACE_MS = 222;
const LETTER_WEIGHT = 0.32;
/** How much a finished prompt says about the next one. */
const LEARNING = 0.4;
/** Before this the words are not shown ahead of their sound, after it there is nothing to learn: prompts this short are mostly edges. */
const SHORTEST_LESSON_MS = 600;

/** How long a character takes to say, in syllables. */
function weight(character: string): number {
  if (/\p{Script=Han}/u.test(character)) return 1;
  if (/[，。！？；：,.!?;:]/u.test(character)) return 1.2;
  return /[\p{L}\p{N}]/u.test(character) ? LETTER_WEIGHT : 0.1;
}

/** The pace of a voice. */
export class Pace {
  #msPerSyllable = FIRST_PACE_MS;

  get msPerSyllable(): number {
    return this.#msPerSyllable;
  }

  learn(text: string, tookMs: number): void {
    const syllables = [...text].reduce((sum, character) => sum + weight(character), 0);
    if (tookMs < SHORTEST_LESSON_MS || syllables < 2) return;
    const seen = Math.min(500, Math.max(80, tookMs / syllables));
    this.#msPerSyllable += LEARNING * (seen - this.#msPerSyllable);
  }
}

/** How many UTF-16 units of the text have been said after so many ms; whole words where words have letters. */
export function saidUnits(text: string, playedMs: number, pace: Pace): number {
  let leftMs = playedMs;
  let units = 0;
  let word = 0;
  for (const character of text) {
    leftMs -= weight(character) * pace.msPerSyllable;
    if (leftMs < 0) return word;
    units += character.length;
    if (!/[\p{Script=Latin}\p{N}]/u.test(character)) word = units;
  }
  return units;
}
