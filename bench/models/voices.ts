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
 * the tonal syllables that are right are counted. The judge knows other voices, so the figures are for comparing, not for themselves.
 * Where the judge was trained on espeak-ng's voices, espeak-ng's figure is flattered.
 */

export interface VoiceMeasureOptions {
  readonly voice: string;
  readonly judge: string;
  readonly scratch: string;
  readonly limit: number;
  readonly note: (text: string) => void;
}

export interface VoiceReport {
  readonly model: string;
  readonly sentences: number;
  readonly tonalSyllableAccuracy: number;
  readonly espeakAccuracy: number | null;
  readonly judge: string;
  readonly realTimeFactor: number;
  readonly firstAudioMs: number;
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

export async function measureVoices(options: VoiceMeasureOptions): Promise<readonly VoiceReport[]> {
  const { voice, judge, scratch, note } = options;
  if (!existsSync(join(voice, 'model.onnx'))) {
    note(`No voice in ${voice}.`);
    return [];
  }
  if (!existsSync(join(judge, 'units.json'))) {
    note(`${judge} cannot judge voices: it has no units.json.`);
    return [];
  }
  const { graph, syllables } = syllableLoop(judge, scratch);
  const recognizer = new BenchRecognizer(judge, graph, 2000);
  const sentences = readFileSync(join(import.meta.dirname, 'voice-sentences.txt'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .slice(0, options.limit);
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
  const withEspeak = hasEspeak();
  const ours = { right: 0, all: 0 };
  const theirs = { right: 0, all: 0 };
  const firsts: number[] = [];
  let computed = 0;
  let spokenSeconds = 0;
  for (const text of sentences) {
    const wanted = reference(text);
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
    count(ours, wanted, recognizer.decode(toPcm(speech)).words, syllables);
    if (withEspeak) {
      const pinyinText = wanted.join(' ');
      const pcm = espeak({ text, pinyin: pinyinText, variant: '', rate: '140', pitch: '50' });
      count(theirs, wanted, recognizer.decode(pcm).words, syllables);
    }
  }
  const percent = ({ right, all }: { right: number; all: number }): number => Math.round((1000 * right) / all) / 10;
  return [
    {
      model: voice.split('/').at(-1) ?? voice,
      sentences: sentences.length,
      tonalSyllableAccuracy: percent(ours),
      espeakAccuracy: withEspeak ? percent(theirs) : null,
      judge: judge.split('/').at(-1) ?? judge,
      realTimeFactor: Math.round(computed / spokenSeconds) / 1000,
      firstAudioMs: Math.round(firsts.sort((a, b) => a - b)[firsts.length >> 1] ?? 0),
      sampleRate: tts.sampleRate,
    },
  ];
}

/** Tone-numbered syllables as they are spoken: a third tone before a third is second. */
function reference(text: string): readonly string[] {
  return text.split(/[^\p{Script=Han}]+/u).flatMap((clause) => {
    const spoken = speak(clause)?.pinyin ?? [];
    return spoken.map((s, i) => (TONE_3.test(s) && TONE_3.test(spoken[i + 1] ?? '') ? s.replace(TONE_3, '2') : s));
  });
}

function count(
  sum: { right: number; all: number },
  wanted: readonly string[],
  words: readonly number[],
  syllables: readonly string[],
): void {
  const heard = words.map((w) => syllables[w - 1] ?? '');
  const third = (s: string, next: string | undefined): string =>
    TONE_3.test(s) && TONE_3.test(next ?? '') ? s.replace(TONE_3, '2') : s;
  const edits = distance(
    wanted,
    heard.map((s, i) => third(s, heard[i + 1])),
  );
  sum.right += Math.max(0, wanted.length - edits);
  sum.all += wanted.length;
}

/** A graph of all syllables that the judge's phones can say, each with its number as output label. */
function syllableLoop(judge: string, scratch: string): { graph: string; syllables: readonly string[] } {
  const units = loadPhoneUnits(join(judge, 'units.json'));
  const raw = JSON.parse(readFileSync(join(judge, 'units.json'), 'utf8')) as { aliases: [string, string][] };
  const known = new Set<string>();
  for (const char of new Set(raw.aliases.map(([c]) => c))) {
    for (const s of pinyin(char, { multiple: true, toneType: 'num', type: 'array', v: true })) known.add(s);
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
