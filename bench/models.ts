import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Table from 'cli-table3';
import {
  buildPhraseGraph,
  DIGITS,
  type PhraseGraphOptions,
  type PhrasePattern,
} from '../src/speech/grammar/phrase-graph.js';
import { loadPhoneUnits, type PhoneUnits } from '../src/speech/grammar/units.js';
import { measureEnglish } from './models/english.js';
import { BenchRecognizer, distance } from './models/recognise.js';
import { espeak, hasEspeak, loadRows, syntheticRows, telephone, testRows, type Utterance } from './models/sets.js';
import { measureVoices } from './models/voices.js';

/**
 * What the built-in speech models reach. `npm run -s bench:models -- --json` prints one JSON document.
 * `--speech <folder>`: recordings with transcripts.tsv (default HEARKEN_SPEECH or ../shared/speech); `--model <folder>`: the recogniser;
 * `--graph <file>`: its general graph; `--tts <folder>`: a voice;
 * `--judge <folder>`: who listens to voices; `--sentences <file>`: what they say; `--only tts` or `--only en`: voices or English alone;
 * `--english <folder,folder>`: more English recordings, *.wav with an index.json of {file, text}; `--limit <n>`: utterances a set, for a quick look.
 * What is absent (recordings, espeak-ng) is left out and said on stderr.
 */

const CLOSED_PHRASES = 300;
/** As `hearken grammar build` sets it for confirmations and numbers. */
const REJECTION = { garbageCost: 2, garbagePhoneCost: 3 };
const root = resolve(import.meta.dirname, '..');
const limit = Number(optionValue('--limit') ?? Number.POSITIVE_INFINITY);
const speech = resolve(optionValue('--speech') ?? process.env.HEARKEN_SPEECH ?? join(root, '../shared/speech'));
const model = resolve(optionValue('--model') ?? join(root, 'models/asr-zh-phone'));
const general = resolve(optionValue('--graph') ?? join(model, 'general.fst'));
const tts = optionValue('--tts');
const percent = (share: number): number => Math.round(share * 1000) / 10;
const notes: string[] = [];

function optionValue(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function note(text: string): void {
  notes.push(text);
  console.error(text);
}

interface Score {
  readonly utterances: number;
  readonly cer: number;
  readonly cerTelephone: number;
  /** Whole utterances right, over the telephone, percent. */
  readonly exact: number;
}

function score(recognizer: BenchRecognizer, set: readonly Utterance[], wideband = true): Score {
  let wide = 0;
  let narrow = 0;
  let length = 0;
  let exact = 0;
  for (const { text, pcm } of set) {
    const wanted = Array.from(text);
    const heard = Array.from(recognizer.decode(telephone(pcm)).text);
    const edits = distance(wanted, heard);
    narrow += edits;
    if (wideband) wide += distance(wanted, Array.from(recognizer.decode(pcm).text));
    length += wanted.length;
    if (edits === 0) exact++;
    if (process.argv.includes('--show')) console.error(`${text} | ${heard.join('')}`);
  }
  return {
    utterances: set.length,
    cer: wideband ? percent(wide / length) : Number.NaN,
    cerTelephone: percent(narrow / length),
    exact: percent(exact / set.length),
  };
}

/** Digits right of digits said, over the telephone; 幺 and 一 are the same digit. */
function digitAccuracy(recognizer: BenchRecognizer, set: readonly Utterance[]): number {
  let wrong = 0;
  let length = 0;
  for (const { text, pcm } of set) {
    const wanted = Array.from(text.replaceAll('幺', '一'));
    const heard = Array.from(recognizer.decode(telephone(pcm)).text.replaceAll('幺', '一'));
    wrong += distance(wanted, heard);
    length += wanted.length;
    if (process.argv.includes('--show')) console.error(`${wanted.join('')} | ${heard.join('')}`);
  }
  return percent(1 - Math.min(1, wrong / length));
}

function grammarOf(
  folder: string,
  name: string,
  patterns: readonly PhrasePattern[],
  units: PhoneUnits,
  options: PhraseGraphOptions = {},
): string {
  const path = join(folder, name);
  const graph = buildPhraseGraph(patterns, units, options);
  writeFileSync(path, graph.fst.toBuffer(graph.start));
  return path;
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function voicesIn(scratch: string): ReturnType<typeof measureVoices> {
  return measureVoices({
    voices: tts === undefined ? [join(root, 'models/tts-zh-yue')] : tts.split(',').map((folder) => resolve(folder)),
    judge: resolve(optionValue('--judge') ?? join(root, 'lab/judge')),
    sentences: optionValue('--sentences'),
    scratch,
    limit,
    note,
  });
}

function english(scratch: string): ReturnType<typeof measureEnglish> {
  return measureEnglish({
    model: resolve(optionValue('--english-model') ?? join(root, 'models/asr-en-phone')),
    speech,
    more: (optionValue('--english') ?? '').split(',').filter(Boolean),
    scratch,
    limit,
    show: process.argv.includes('--show'),
    note,
  });
}

async function main(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'hearken-bench-models-'));
  try {
    if (optionValue('--only') === 'tts') {
      console.log(JSON.stringify({ tts: await voicesIn(scratch), notes }));
      return;
    }
    if (optionValue('--only') === 'en') {
      console.log(JSON.stringify({ asr: english(scratch), notes }));
      return;
    }
    const recognizer = new BenchRecognizer(model, general);
    const real = existsSync(join(speech, 'transcripts.tsv')) ? loadRows(speech, testRows(speech)) : [];
    if (real.length === 0)
      note(`No recordings of real people: ${speech} has no transcripts.tsv. Give --speech <folder>.`);
    const synthetic: Utterance[] = hasEspeak()
      ? syntheticRows()
          .slice(0, limit)
          .map((row) => ({ text: row.text, source: 'espeak-ng', task: 'contact-centre', pcm: espeak(row) }))
      : [];
    if (synthetic.length === 0) note('No synthetic sentences: espeak-ng is not installed.');

    const asr: object[] = [];
    const sets = new Map<string, Utterance[]>();
    for (const u of [...synthetic, ...real]) {
      const key = `${u.source}\t${u.task}`;
      const set = sets.get(key) ?? [];
      if (set.length < limit) set.push(u);
      sets.set(key, set);
    }
    for (const set of sets.values()) {
      const [first] = set;
      if (first === undefined || (first.task === 'digits' && first.source !== 'espeak-ng')) continue;
      asr.push({
        model: name(model),
        graph: name(general),
        task: first.task,
        source: first.source,
        ...score(recognizer, set),
      });
    }

    asr.push(...english(scratch));

    let closedGrammar: object | null = null;
    let digits: object | null = null;
    const unitsPath = join(model, 'units.json');
    if (existsSync(unitsPath)) {
      const units = loadPhoneUnits(unitsPath);
      const digitGraph = new BenchRecognizer(model, grammarOf(scratch, 'digits.fst', [{ text: DIGITS }], units));
      const strings = real.filter((u) => u.task === 'digits').slice(0, limit);
      const spoken = synthetic.filter((u) => /^[零一幺二三四五六七八九]{4,}$/u.test(u.text));
      digits = {
        accuracyTelephone: strings.length > 0 ? digitAccuracy(digitGraph, strings) : null,
        utterances: strings.length,
        accuracySynthetic: spoken.length > 0 ? digitAccuracy(digitGraph, spoken) : null,
      };
      const said = real.filter((u) => u.task !== 'digits').slice(0, limit);
      const phrases = new Set(said.map((u) => u.text));
      for (const row of syntheticRows())
        if (phrases.size < CLOSED_PHRASES && row.text.length > 3) phrases.add(row.text);
      if (said.length > 0) {
        const patterns = Array.from(phrases, (text) => ({ text }));
        const closed = new BenchRecognizer(model, grammarOf(scratch, 'closed.fst', patterns, units), 4000);
        const result = score(closed, said, false);
        // The same with the way for words outside it; and the half of the phrases that the other half of the callers do not say.
        const guarded = new BenchRecognizer(model, grammarOf(scratch, 'guarded.fst', patterns, units, REJECTION), 4000);
        const strangers = said.filter((_, i) => i % 2 === 1);
        const inside = patterns.filter((p) => !strangers.some((u) => u.text === p.text));
        const narrow = new BenchRecognizer(model, grammarOf(scratch, 'narrow.fst', inside, units, REJECTION), 4000);
        const empty = strangers.filter((u) => narrow.decode(telephone(u.pcm)).text === '').length;
        closedGrammar = {
          phrases: phrases.size,
          utterances: result.utterances,
          exactTelephone: result.exact,
          exactWithRejection: score(guarded, said, false).exact,
          outsideRejected: percent(empty / strangers.length),
        };
      }
    } else {
      note(`${model} has no units.json: no digit and closed grammars can be built for it.`);
    }

    const audio = (synthetic.length > 0 ? synthetic : real).slice(0, 32).map((u) => telephone(u.pcm));
    const together = audio.slice(0, 8);
    const batched = recognizer.decodeTogether(together).map((d) => d.text);
    const same = together.every((pcm, i) => recognizer.decode(pcm).text === batched[i]);
    const rtf = (count: number): number | null =>
      audio.length === 0 ? null : Math.round(recognizer.realTimeFactor(audio, count) * 10_000) / 10_000;
    const report = {
      asr,
      closedGrammar,
      tts: await voicesIn(scratch),
      digits,
      realTimeFactor: { single: rtf(1), batch8: rtf(8), batch32: rtf(32) },
      batchedTextEqualsSingle: same,
      loadMs: Math.round(recognizer.loadMs),
      megabytes: Math.round(folderBytes(join(root, 'models')) / 100_000) / 10,
      notes,
    };
    if (process.argv.includes('--json')) console.log(JSON.stringify(report));
    else print(report.asr, report);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const name = (path: string): string => path.split('/').at(-1) ?? path;

function print(rows: readonly object[], report: object): void {
  const table = new Table({ head: ['graph', 'source', 'task', 'n', 'CER %', 'CER telephone %', 'exact %'] });
  for (const row of rows) {
    const r = row as Score & { graph: string; source: string; task: string };
    table.push([r.graph, r.source, r.task, r.utterances, r.cer, r.cerTelephone, r.exact]);
  }
  console.log(table.toString());
  console.log(JSON.stringify({ ...report, asr: undefined }, null, 2));
}

await main();
