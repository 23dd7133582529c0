import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pinyin } from 'pinyin-pro';
import { resample } from '../../src/dsp/resample.js';
import { FstBuilder } from '../../src/speech/grammar/fst.js';
import { speak } from '../../src/speech/grammar/lexicon.js';
import { loadPhoneUnits, phonesOf } from '../../src/speech/grammar/units.js';
import { BenchRecognizer, distance } from './recognise.js';
import { espeak, hasEspeak, RATE } from './sets.js';

/**
 * How well a voice is understood: a recogniser with no language model (any syllable after any other) writes down what it hears, and
 * the tonal syllables that are right are counted. The judge (lab/judge) has heard recordings of people only, so that no synthetic voice is
 * flattered; part of every error is its own: the figures are for comparing.
 */

export interface VoiceMeasureOptions {
  /** Folders of voices. */
  readonly voices: readonly string[];
  readonly judge: string;
  /** Text file, one sentence a line; its own twenty when undefined. */
  readonly sentences: string | undefined;
  readonly scratch: string;
  readonly limit: number;
  readonly note: (text: string) => void;
}

export interface VoiceReport {
  readonly model: string;
  readonly sentences: number;
  readonly tonalSyllableAccuracy: number;
  readonly espeakAccuracy: number | null;
  /** Initials and finals alone, tones left out. */
  readonly tonelessSyllableAccuracy: number;
  readonly judge: string;
  readonly realTimeFactor: number;
  /** Median over the sentences. */
  readonly firstAudioMs: number;
  readonly syllablesPerSecond: number;
  /** Loudness of the speech and its highest peak, and the share of samples at full scale. */
  readonly rmsDbfs: number;
  readonly peakDbfs: number;
  readonly clippedShare: number;
  readonly sampleRate: number;
}

interface Speech {
  readonly samples: Float32Array;
  readonly sampleRate: number;
}
interface Tts {
  readonly sampleRate: number;
  generateAsync(request: object): Promise<Speech>;
}
interface Sherpa {
  readonly OfflineTts: new (config: object) => Tts;
  readonly GenerationConfig: new (config: object) => object;
}

const sherpa = createRequire(import.meta.url)('sherpa-onnx-node') as Sherpa;
const TONE_3 = /3$/;
/** The unified ideographs: every syllable that there is has one. */
const FIRST_HAN = 0x4e00;
const LAST_HAN = 0x9fa5;
const FULL_SCALE = 0.985;
/** The judge hears 16 seconds as one piece: all of a sentence before it writes anything. */
const JUDGE_SECONDS = 16.4;

export async function measureVoices(options: VoiceMeasureOptions): Promise<readonly VoiceReport[]> {
  const { judge, scratch, note } = options;
  if (!existsSync(join(judge, 'units.json'))) {
    note(`${judge} cannot judge voices: it has no units.json.`);
    return [];
  }
  const { graph, syllables } = syllableLoop(judge, scratch);
  const recognizer = new BenchRecognizer(judge, graph, 2000, JUDGE_SECONDS);
  const sentences = readFileSync(options.sentences ?? join(import.meta.dirname, 'voice-sentences.txt'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .slice(0, options.limit);
  const theirs = hasEspeak() ? measureEspeak(sentences, recognizer, syllables) : null;
  const reports: VoiceReport[] = [];
  for (const voice of options.voices) {
    if (existsSync(join(voice, 'model.onnx')))
      reports.push(await measureVoice(voice, sentences, recognizer, syllables, theirs, judge));
    else note(`No voice in ${voice}.`);
  }
  return reports;
}

function measureEspeak(
  sentences: readonly string[],
  recognizer: BenchRecognizer,
  syllables: readonly string[],
): number {
  const sum = noneCounted();
  for (const text of sentences) {
    const wanted = reference(text);
    const pcm = espeak({ text, pinyin: wanted.join(' '), variant: '', rate: '140', pitch: '50' });
    count(sum, wanted, recognizer.decode(pcm).words, syllables);
  }
  return percent(sum.right, sum.all);
}

async function measureVoice(
  voice: string,
  sentences: readonly string[],
  recognizer: BenchRecognizer,
  syllables: readonly string[],
  espeakAccuracy: number | null,
  judge: string,
): Promise<VoiceReport> {
  const tts = new sherpa.OfflineTts({
    model: {
      vits: {
        model: join(voice, 'model.onnx'),
        tokens: join(voice, 'tokens.txt'),
        lexicon: join(voice, 'lexicon.txt'),
      },
      numThreads: 1,
      provider: 'cpu',
    },
    maxNumSentences: 1,
  });
  const generationConfig = new sherpa.GenerationConfig({ sid: 0, speed: 1, silenceScale: 1 });
  const sum = noneCounted();
  const level = { squares: 0, samples: 0, peak: 0, clipped: 0 };
  const firsts: number[] = [];
  let computed = 0;
  let spokenSeconds = 0;
  for (const text of sentences) {
    const began = performance.now();
    let first: number | undefined;
    const speech = await tts.generateAsync({
      text,
      generationConfig,
      onProgress: () => {
        first ??= performance.now() - began;
        return 1;
      },
    });
    computed += performance.now() - began;
    spokenSeconds += speech.samples.length / speech.sampleRate;
    firsts.push(first ?? performance.now() - began);
    count(sum, reference(text), recognizer.decode(toPcm(speech)).words, syllables);
    for (const x of speech.samples) {
      level.squares += x * x;
      level.peak = Math.max(level.peak, Math.abs(x));
      if (Math.abs(x) > FULL_SCALE) level.clipped++;
    }
    level.samples += speech.samples.length;
  }
  return {
    model: voice.split('/').at(-1) ?? voice,
    sentences: sentences.length,
    tonalSyllableAccuracy: percent(sum.right, sum.all),
    espeakAccuracy,
    tonelessSyllableAccuracy: percent(sum.rightToneless, sum.all),
    judge: judge.split('/').at(-1) ?? judge,
    realTimeFactor: Math.round(computed / spokenSeconds) / 1000,
    firstAudioMs: Math.round(firsts.sort((a, b) => a - b)[firsts.length >> 1] ?? 0),
    syllablesPerSecond: Math.round((100 * sum.all) / spokenSeconds) / 100,
    rmsDbfs: decibels(Math.sqrt(level.squares / level.samples)),
    peakDbfs: decibels(level.peak),
    clippedShare: Math.round((1e6 * level.clipped) / level.samples) / 1e6,
    sampleRate: tts.sampleRate,
  };
}

interface Counted {
  right: number;
  rightToneless: number;
  all: number;
}
const noneCounted = (): Counted => ({ right: 0, rightToneless: 0, all: 0 });
const percent = (right: number, all: number): number => Math.round((1000 * right) / all) / 10;
const decibels = (x: number): number => Math.round(200 * Math.log10(x)) / 10;

/** Tone-numbered syllables as they are spoken: a third tone before a third is second. */
function reference(text: string): readonly string[] {
  return text.split(/[^\p{Script=Han}]+/u).flatMap((clause) => {
    const spoken = speak(clause)?.pinyin ?? [];
    return spoken.map((s, i) => (TONE_3.test(s) && TONE_3.test(spoken[i + 1] ?? '') ? s.replace(TONE_3, '2') : s));
  });
}

function count(sum: Counted, wanted: readonly string[], words: readonly number[], syllables: readonly string[]): void {
  const third = (s: string, next: string | undefined): string =>
    TONE_3.test(s) && TONE_3.test(next ?? '') ? s.replace(TONE_3, '2') : s;
  const heard = words.map((w) => syllables[w - 1] ?? '').map((s, i, all) => third(s, all[i + 1]));
  if (process.argv.includes('--show')) console.error(`${wanted.join(' ')} | ${heard.join(' ')}`);
  const toneless = (all: readonly string[]): readonly string[] => all.map((s) => s.slice(0, -1));
  sum.right += Math.max(0, wanted.length - distance(wanted, heard));
  sum.rightToneless += Math.max(0, wanted.length - distance(toneless(wanted), toneless(heard)));
  sum.all += wanted.length;
}

/** A graph of all syllables that the judge's phones can say, each with its number as output label. */
function syllableLoop(judge: string, scratch: string): { graph: string; syllables: readonly string[] } {
  const units = loadPhoneUnits(join(judge, 'units.json'));
  const known = new Set<string>();
  for (let code = FIRST_HAN; code <= LAST_HAN; code++) {
    const readings = pinyin(String.fromCodePoint(code), { multiple: true, toneType: 'num', type: 'array', v: true });
    for (const s of readings) known.add(s);
  }
  const syllables = Array.from(known)
    .filter((s) => phonesOf(s).every((p) => units.phoneId(p) !== undefined))
    .sort();
  const fst = new FstBuilder();
  const loop = fst.addState();
  fst.addArc(loop, 1, 0, 0, loop);
  const middles = new Map<string, number>();
  const ends = new Map<string, number>();
  syllables.forEach((syllable, i) => {
    const phones = phonesOf(syllable);
    const last = (units.phoneId(phones.at(-1) ?? '') ?? 0) + 1;
    let from = loop;
    if (phones.length > 1) {
      const label = (units.phoneId(phones[0] ?? '') ?? 0) + 1;
      from = middles.get(phones[0] ?? '') ?? -1;
      if (from < 0) {
        from = fst.addState();
        middles.set(phones[0] ?? '', from);
        fst.addArc(loop, label, 0, 0, from);
        fst.addArc(from, label, 0, 0, from);
        fst.addArc(from, 1, 0, 0, from);
      }
    }
    let end = ends.get(phones.at(-1) ?? '');
    if (end === undefined) {
      end = fst.addState();
      ends.set(phones.at(-1) ?? '', end);
      fst.addArc(end, last, 0, 0, end);
      fst.addArc(end, 0, 0, 0, loop);
    }
    fst.addArc(from, last, i + 1, 0, end);
  });
  const graph = join(scratch, 'syllables.fst');
  writeFileSync(graph, fst.toBuffer(loop));
  return { graph, syllables };
}

function toPcm(speech: Speech): Int16Array {
  const pcm = Int16Array.from(speech.samples, (x) => Math.max(-32_768, Math.min(32_767, Math.round(x * 32_767))));
  return speech.sampleRate === RATE ? pcm : resample(pcm, speech.sampleRate, RATE);
}
