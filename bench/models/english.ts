import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spokenEnglish } from '../../src/speech/grammar/english/text.js';
import { buildPhraseGraph, DIGITS } from '../../src/speech/grammar/phrase-graph.js';
import { loadPhoneUnits } from '../../src/speech/grammar/units.js';
import { BenchRecognizer, distance } from './recognise.js';
import { decodeFile, hasEspeak, rows, sayEnglish, telephone } from './sets.js';

/** The English recogniser: digits of real people, sentences that no voice of the training said, and what is open. */

export interface EnglishMeasureOptions {
  readonly model: string;
  /** Folder with transcripts.tsv. */
  readonly speech: string;
  /** Folders of *.wav with an index.json of {file, text}, measured with both graphs. */
  readonly more: readonly string[];
  readonly scratch: string;
  readonly limit: number;
  readonly show: boolean;
  readonly note: (text: string) => void;
}

/** 0.3 s, as the recogniser's pre-roll. */
const LEAD_SAMPLES = 4800;

export interface EnglishRow {
  readonly model: string;
  readonly graph: 'general' | 'digits' | 'closed';
  readonly task: string;
  readonly source: string;
  readonly utterances: number;
  readonly cer: number;
  readonly cerTelephone: number;
  /** Words wrong, over the telephone, percent. */
  readonly werTelephone: number;
  readonly exact: number;
}

interface Said {
  readonly text: string;
  readonly pcm: Int16Array;
}

export function measureEnglish(options: EnglishMeasureOptions): readonly EnglishRow[] {
  const { model, scratch, limit, note } = options;
  if (!existsSync(join(model, 'model.onnx'))) {
    note(`No English recogniser in ${model}.`);
    return [];
  }
  const units = loadPhoneUnits(join(model, 'units.json'));
  const grammar = (name: string, texts: readonly string[]): string => {
    const graph = buildPhraseGraph(
      texts.map((text) => ({ text })),
      units,
      { garbageCost: 2, garbagePhoneCost: 3 },
    );
    const path = join(scratch, `${name}-en.fst`);
    writeFileSync(path, graph.fst.toBuffer(graph.start));
    return path;
  };
  const general = new BenchRecognizer(model, join(model, 'general.fst'));
  const digits = new BenchRecognizer(model, grammar('digits', [DIGITS]), 4000);
  const row = (
    recognizer: BenchRecognizer,
    graph: EnglishRow['graph'],
    task: string,
    source: string,
    said: readonly Said[],
  ): EnglishRow[] =>
    said.length === 0
      ? []
      : [{ model: model.split('/').at(-1) ?? model, graph, task, source, ...score(recognizer, said, options.show) }];
  const out: EnglishRow[] = [];
  const real = recorded(options.speech);
  if (real.length === 0) note(`No English recordings in ${options.speech}.`);
  out.push(
    ...row(digits, 'digits', 'digits', 'real people (FSDD)', real.filter((u) => u.task === 'digits').slice(0, limit)),
  );
  out.push(...row(general, 'general', 'open', 'real people', real.filter((u) => u.task !== 'digits').slice(0, limit)));
  const synthetic = hasEspeak() ? syntheticEnglish().slice(0, limit) : [];
  if (synthetic.length === 0) note('No synthetic English: espeak-ng is not installed.');
  out.push(...row(general, 'general', 'contact-centre', 'espeak-ng', synthetic));
  for (const folder of options.more) {
    const said = indexed(folder).slice(0, limit);
    const name = folder.split('/').at(-1) ?? folder;
    const isNumber = ({ text }: Said): boolean =>
      /^(?:zero|oh|one|two|three|four|five|six|seven|eight|nine| )+$/.test(text);
    out.push(...row(digits, 'digits', 'digits', name, said.filter(isNumber)));
    out.push(...row(general, 'general', 'contact-centre', name, said));
    const closed = new BenchRecognizer(
      model,
      grammar('closed', [...new Set([...said, ...synthetic].map((u) => u.text))]),
      4000,
    );
    out.push(...row(closed, 'closed', 'contact-centre', name, said));
  }
  return out;
}

function recorded(speech: string): readonly (Said & { readonly task: string })[] {
  if (!existsSync(join(speech, 'transcripts.tsv'))) return [];
  return rows(speech)
    .filter((r) => r.language === 'en' && spokenEnglish(r.text) !== '' && existsSync(join(speech, r.file)))
    .map((r) => ({ text: spokenEnglish(r.text), task: r.task, pcm: onTheLine(decodeFile(join(speech, r.file))) }));
}

/** Some recordings are cut at the first sound; on a line there is always a moment before it. */
function onTheLine(pcm: Int16Array): Int16Array {
  const out = new Int16Array(LEAD_SAMPLES + pcm.length);
  out.set(pcm, LEAD_SAMPLES);
  return out;
}

function indexed(folder: string): readonly Said[] {
  const list = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { file: string; text: string }[];
  return list.map(({ file, text }) => ({ text: spokenEnglish(text), pcm: decodeFile(join(folder, file)) }));
}

/** Sentences that trained nothing, said by espeak-ng variants that trained nothing. */
function syntheticEnglish(): readonly Said[] {
  return readFileSync(join(import.meta.dirname, 'synthetic-en.tsv'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [text = '', voice = '', rate = '', pitch = ''] = line.split('\t');
      return { text: text.toLowerCase(), pcm: sayEnglish(text, voice, rate, pitch) };
    });
}

function score(
  recognizer: BenchRecognizer,
  said: readonly Said[],
  show: boolean,
): Pick<EnglishRow, 'utterances' | 'cer' | 'cerTelephone' | 'werTelephone' | 'exact'> {
  const sum = { wide: 0, narrow: 0, letters: 0, wordsWrong: 0, words: 0, exact: 0 };
  for (const { text, pcm } of said) {
    const letters = Array.from(text.replaceAll(' ', ''));
    const words = digitsAlike(text).split(' ');
    const heard = digitsAlike(recognizer.decodeWords(telephone(pcm)));
    sum.narrow += distance(letters, Array.from(heard.replaceAll(' ', '')));
    sum.wide += distance(letters, Array.from(recognizer.decodeWords(pcm).replaceAll(' ', '')));
    sum.letters += letters.length;
    const wrong = distance(words, heard.split(' ').filter(Boolean));
    sum.wordsWrong += wrong;
    sum.words += words.length;
    if (wrong === 0) sum.exact++;
    if (show) console.error(`${text} | ${heard}`);
  }
  const percent = (part: number, of: number): number => Math.round((1000 * part) / of) / 10;
  return {
    utterances: said.length,
    cer: percent(sum.wide, sum.letters),
    cerTelephone: percent(sum.narrow, sum.letters),
    werTelephone: percent(sum.wordsWrong, sum.words),
    exact: percent(sum.exact, said.length),
  };
}

/** "Oh" and "zero" are the same digit. */
const digitsAlike = (text: string): string => text.replace(/\boh\b/g, 'zero');
