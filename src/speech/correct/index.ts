import { existsSync } from 'node:fs';
import { spokenForm } from '../grammar/application.js';
import { spokenEnglish } from '../grammar/english/text.js';
import { loadPhoneUnits } from '../grammar/units.js';
import { Corrector, type CorrectorOptions, type ExpectedWords } from './corrector.js';
import { englishSounds } from './english-sounds.js';
import { MANDARIN_SOUNDS } from './mandarin-sounds.js';

export { type CorrectionLimits, Corrector, type ExpectedWords, NOTHING_EXPECTED } from './corrector.js';

/** A number said alone or after a few words ("是一二三四", "订单号一二三四"): at most so many characters that are none. */
const MOST_BESIDE_DIGITS = 6;
const MANDARIN_DIGITS = /[零〇一幺二两三四五六七八九]{3,}/gu;
const ENGLISH_DIGITS = /\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)(?: |$)){3,}/g;

/** How answers in a language are corrected; undefined when nothing is known of how it sounds. `englishUnits`: the `units.json` of an English recogniser. */
export function correctionOf(language: string, englishUnits: string | undefined): CorrectorOptions | undefined {
  if (language.startsWith('zh'))
    return { sounds: MANDARIN_SOUNDS, spoken: spokenForm, digitsIn: onlyRun(MANDARIN_DIGITS) };
  if (!language.startsWith('en') || englishUnits === undefined || !existsSync(englishUnits)) return undefined;
  // 133,000 words: read when the first English answer is to be corrected.
  let dictionary: ReturnType<typeof loadPhoneUnits>['english'];
  const sounds = englishSounds((word) => {
    dictionary ??= loadPhoneUnits(englishUnits).english;
    return dictionary?.readings(word)[0]?.join(' ') ?? '';
  });
  return { sounds, spoken: spokenEnglish, digitsIn: onlyRun(ENGLISH_DIGITS) };
}

/** Makes correctors, and keeps the last: a question is open for many texts. */
export class Corrections {
  readonly #options: CorrectorOptions;
  #corrector: Corrector | undefined;
  #expected: ExpectedWords | undefined;

  constructor(options: CorrectorOptions) {
    this.#options = options;
  }

  correct(text: string, expected: ExpectedWords): string {
    if (expected.words.length === 0 && expected.numbers.length === 0) return text;
    if (this.#expected !== expected) {
      this.#corrector = new Corrector(this.#options, expected);
      this.#expected = expected;
    }
    return this.#corrector?.correct(text) ?? text;
  }
}

function onlyRun(pattern: RegExp): CorrectorOptions['digitsIn'] {
  return (text) => {
    const runs = [...text.matchAll(pattern)];
    const [run] = runs;
    if (!run || runs.length > 1) return undefined;
    const said = run[0].trimEnd();
    const beside = text.length - said.length;
    if (beside > Math.max(MOST_BESIDE_DIGITS, said.length / 2)) return undefined;
    return { start: run.index, end: run.index + said.length };
  };
}
