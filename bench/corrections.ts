import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pinyin } from 'pinyin-pro';
import { configSchema } from '../src/config.js';
import { CORRECTION_LIMITS } from '../src/speech/correct/corrector.js';
import { type CorrectionLimits, Corrector, correctionOf } from '../src/speech/correct/index.js';
import { plausibleText } from '../src/speech/graph.js';
import { ModelRegistry } from '../src/speech/registry.js';
import { loadSherpa, RECOGNIZER_RATE, recognizerConfigs, type SherpaOnlineRecognizer } from '../src/speech/sherpa.js';
import { tidyRecognized } from '../src/speech/text.js';
import { type Answer, answersOf, sequence } from './corrections/answers.js';
import { espeak, hasEspeak, loadRows, syntheticRows, telephone, testRows } from './models/sets.js';

/**
 * What the correction of answers is worth: cities, menu words and numbers known of the caller, heard by the recogniser that ships through the telephone with noise, before and after; and how often
 * it changes what was right. Thresholds come from four of espeak-ng's voices (`--tune`); the figures are of two other voices, and of real people's numbers and sentences where
 * there is a folder of recordings (`--real <folder>`). `npm run -s bench:corrections -- --json`.
 */

const root = resolve(import.meta.dirname, '..');
const real = option('--real') ?? resolve(root, '../shared/speech');
const TUNED_ON = ['m6', 'f3', 'Andrea', 'Hugo'];
const HELD_OUT = ['belinda', 'travis'];
/** Speech over noise. */
const SNR_DB = 12;

const GRID: { readonly [Name in keyof CorrectionLimits]: readonly number[] } = {
  shortWord: [0, 0.06, 0.12, 0.18, 0.24],
  longWord: [0.15, 0.2, 0.25, 0.3, 0.35, 0.4],
  margin: [0.04, 0.08, 0.12],
  share: [0.3, 0.4, 0.55],
  number: [0.7, 1, 1.5, 2, 2.5, 3],
  digit: [0, 0.2, 0.35, 0.55, 0.75, 1],
};

interface Heard {
  readonly answer: Answer;
  readonly text: string;
}

const registry = new ModelRegistry({ root });
const config = configSchema.parse({}).speech;
const asr = registry.choose('recognizer', 'zh-CN', config.recognizers['zh-CN'] ?? []).installed;
const how = correctionOf('zh-CN', undefined);
if (!asr || !how) throw new Error('no Mandarin recogniser');
if (!hasEspeak()) throw new Error('espeak-ng is not installed: there is nothing to measure with');
const { OnlineRecognizer } = loadSherpa();
const recognizers = new Map([...recognizerConfigs(asr)].map(([graph, each]) => [graph, new OnlineRecognizer(each)]));

const result = {
  model: asr.model.name,
  limits: CORRECTION_LIMITS,
  ...(process.argv.includes('--tune') ? { tuned: tune(synthetic(TUNED_ON)) } : {}),
  tunedOn: score(synthetic(TUNED_ON), {}),
  heldOut: score(synthetic(HELD_OUT), {}),
  realPeople: existsSync(real) ? score(realPeople(real), {}) : null,
};
console.log(JSON.stringify(result, null, process.argv.includes('--json') ? 0 : 2));

function synthetic(voices: readonly string[]): readonly Heard[] {
  return voices.flatMap((variant, voice) => {
    const rows = syntheticRows().filter((row) => row.variant === variant);
    return answersOf(
      1000 + voice + variant.length * 77,
      rows.map(({ text }) => text),
    ).map((answer, index) => {
      const syllables = pinyin(answer.said, { toneType: 'num', type: 'array', v: true, toneSandhi: true });
      // Callers' numbers come with 幺 for 一 every other time.
      const spoken =
        index % 2 === 0
          ? syllables
          : syllables.map((each) => (/number/.test(answer.set) ? each.replace(/^yi\d$/, 'yao1') : each));
      const rate = String(150 + ((index * 37) % 70));
      const pitch = String(35 + ((index * 13) % 30));
      const pcm = espeak({ text: answer.said, pinyin: spoken.join(' '), variant, rate, pitch });
      return { answer, text: hear(telephone(noisy(pcm, index)), answer) };
    });
  });
}

/** Real people's numbers as one of those known and as a stranger's; their other sentences in answer to a list. */
function realPeople(folder: string): readonly Heard[] {
  return loadRows(folder, testRows(folder)).flatMap(({ text, task, pcm }, index) => {
    const others = answersOf(77 + index, []);
    const like = others.find(
      ({ set }) => set === (task === 'digits' ? 'unknown number' : index % 2 === 0 ? 'city' : 'menu'),
    );
    if (!like) return [];
    const audio = telephone(pcm);
    if (task !== 'digits') {
      const answer: Answer = { ...like, set: 'something else', said: text, truth: '' };
      return [{ answer, text: hear(audio, answer) }];
    }
    const digits = alike(text);
    const number = digits.replace(/[零一二三四五六七八九]/g, (digit) => String('零一二三四五六七八九'.indexOf(digit)));
    const near = number.slice(0, 1) + ((Number(number[1]) + 1 + (index % 9)) % 10) + number.slice(2);
    const [stranger = '', other = ''] = others
      .flatMap(({ numbers }) => numbers)
      .map((each) => each.repeat(2).slice(0, number.length));
    const known: Answer = {
      ...like,
      set: 'known number',
      said: digits,
      truth: digits,
      numbers: [number, stranger, other],
    };
    const unknown: Answer = { ...known, set: 'unknown number', numbers: [stranger, other] };
    const neighbour: Answer = { ...known, set: 'neighbour number', numbers: [near, stranger, other] };
    const heard = hear(audio, known);
    return [known, unknown, neighbour].map((answer) => ({ answer, text: heard }));
  });
}

/** White noise below speech by so much, the same in every run. */
function noisy(pcm: Int16Array, seed: number): Int16Array {
  const random = sequence(seed + 1);
  const power =
    pcm.reduce((sum, sample) => sum + sample * sample, 0) /
    Math.max(1, pcm.filter((sample) => Math.abs(sample) > 50).length);
  const level = Math.sqrt((3 * power) / 10 ** (SNR_DB / 10));
  return pcm.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample + (random() * 2 - 1) * level))));
}

/** As the product hears it: the free pass, and beside it the graph of numbers while one is asked for. */
function hear(pcm: Int16Array, { numbers, words }: Answer): string {
  const pass = (recognizer: SherpaOnlineRecognizer): string => {
    const stream = recognizer.createStream();
    const samples = new Float32Array(pcm.length + RECOGNIZER_RATE);
    for (let index = 0; index < pcm.length; index++) samples[index + RECOGNIZER_RATE / 4] = (pcm[index] ?? 0) / 32_768;
    stream.acceptWaveform({ samples, sampleRate: RECOGNIZER_RATE });
    while (recognizer.isReady(stream)) recognizer.decodeStreams([stream]);
    return tidyRecognized(recognizer.getResult(stream).text);
  };
  const [general, digits] = [recognizers.get('general'), recognizers.get('digits')];
  if (!general) throw new Error('no free pass');
  const free = pass(general);
  if (numbers.length === 0 || words.length > 0 || !digits) return free;
  return plausibleText({ graph: 'digits', text: pass(digits) }, free);
}

function score(heard: readonly Heard[], limits: Partial<CorrectionLimits>) {
  const sets: Record<
    string,
    { answers: number; rightBefore: number; rightAfter: number; mended: number; spoiled: number; changed: number }
  > = {};
  for (const { answer, text } of heard) {
    const after = new Corrector({ ...(how as NonNullable<typeof how>), limits }, answer).correct(text);
    const row = sets[answer.set] ?? { answers: 0, rightBefore: 0, rightAfter: 0, mended: 0, spoiled: 0, changed: 0 };
    sets[answer.set] = row;
    const [before, now] = [right(text, answer), right(after, answer, text)];
    row.answers++;
    row.rightBefore += Number(before);
    row.rightAfter += Number(now);
    row.mended += Number(!before && now);
    row.spoiled += Number(before && !now);
    row.changed += Number(after !== text);
    if (process.argv.includes('--show') && after !== text) console.error(answer.set, answer.said, text, after);
  }
  return sets;
}

function right(text: string, { truth, set }: Answer, heard = text): boolean {
  if (truth === '') return text === heard;
  return /number/.test(set) ? alike(text).replace(/[^零一二三四五六七八九]/g, '') === truth : text.includes(truth);
}

function alike(text: string): string {
  return text.replaceAll('幺', '一').replaceAll('两', '二').replaceAll('〇', '零');
}

/**
 * What spoils a right answer costs five times what mends a wrong one gains; a neighbour counts a tenth, for how rare such callers are. One limit after the other, twice round.
 */
function tune(heard: readonly Heard[]): { readonly limits: CorrectionLimits; readonly value: number } {
  let limits: CorrectionLimits = CORRECTION_LIMITS;
  let value = Number.NEGATIVE_INFINITY;
  const names = Object.keys(GRID) as (keyof CorrectionLimits)[];
  for (const name of [...names, ...names]) {
    for (const each of GRID[name]) {
      const tried = { ...limits, [name]: each };
      const worth = Object.entries(score(heard, tried)).reduce(
        (sum, [set, { mended, spoiled }]) => sum + mended - (set === 'neighbour number' ? 0.5 : 5) * spoiled,
        0,
      );
      if (worth > value) [limits, value] = [tried, worth];
    }
  }
  return { limits, value };
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
