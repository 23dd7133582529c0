import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { FirstWords } from '../src/call/language/first-words.js';
import { FrontEnd } from '../src/dsp/front-end.js';
import { decodeMulaw, encodeMulaw } from '../src/dsp/g711.js';
import { resample } from '../src/dsp/resample.js';
import { loadAppData } from '../src/nlu/corpus/load.js';
import { trainOrLoadForApp } from '../src/nlu/index.js';
import type { RecognizerEngine } from '../src/speech/recognizer-engine.js';
import type { StreamEvent } from '../src/speech/recognizer-protocol.js';
import { decodeFile, espeak, loadRows, RATE, rows, sayEnglish, syntheticRows, testRows } from './models/sets.js';
import { defaultEngine } from './recogniser-engine.js';

/**
 * The claim: a call that began in Mandarin goes over to English for a caller whose first sentence is an English wish, and for at most 2 % of those who speak Mandarin. Every recording goes through
 * the telephone into the Mandarin ears, what these can't be sure of into the English ones too, and what they heard is judged as at the first answer of a call. Real people's Mandarin here is commands and news read aloud, none of it what a shop's
 * callers say; their English is read prose. `npm run -s bench:languages -- --json`; `--speech <folder with transcripts.tsv>`; `--show` tells each wrong one.
 */

const root = resolve(import.meta.dirname, '..');
const speech = resolve(option('--speech') ?? join(root, '../shared/speech'));
const ENGLISH_VOICES = ['en-us', 'en-gb', 'en-us+f3', 'en-gb+m3', 'en-us+belinda', 'en-gb-x-rp+f2'];

interface Group {
  readonly language: 'zh-CN' | 'en';
  readonly said: readonly Int16Array[];
}

const groups: Record<string, Group> = {
  mandarinRealPeople: { language: 'zh-CN', said: loadRows(speech, testRows(speech)).map(({ pcm }) => pcm) },
  mandarinContactCentre: { language: 'zh-CN', said: syntheticRows().map(espeak) },
  englishWishes: {
    language: 'en',
    said: readFileSync(join(import.meta.dirname, 'languages/wishes-en.txt'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .flatMap((text, index) =>
        [0, 3].map((shift) =>
          sayEnglish(text, ENGLISH_VOICES[(index + shift) % 6] ?? 'en-us', String(140 + ((index * 7) % 50)), '50'),
        ),
      ),
  },
  englishRealPeople: {
    language: 'en',
    said: rows(speech)
      .filter(({ language, task }) => language === 'en' && task !== 'digits')
      .map(({ file }) => decodeFile(join(speech, file))),
  },
};
const understand = await trainOrLoadForApp(join(root, 'apps/retail'), join(tmpdir(), 'hearken-bench-nlu'));
const { examples } = (await loadAppData(join(root, 'apps/retail'))).data;
const firstWords = new FirstWords({
  languages: ['zh-CN', 'en'],
  sentences: examples.map(({ text }) => text),
  understand,
});
const ears = { 'zh-CN': await defaultEngine(root, 'zh-CN'), en: await defaultEngine(root, 'en') };
const result: Record<string, { utterances: number; switchedPercent: number; heardTwicePercent: number }> = {};
for (const [name, { language, said }] of Object.entries(groups)) {
  let switched = 0;
  let doubted = 0;
  for (const pcm of said) {
    const line = onTheLine(resample(pcm, RATE, 8000));
    const own = { language: 'zh-CN', text: await hear(ears['zh-CN'], line) };
    // As in a call: only what is doubted goes to the other ears.
    const doubts = await firstWords.doubts(own, true);
    const other = { language: 'en', text: doubts ? await hear(ears.en, line) : '' };
    const is = doubts && (await firstWords.areOther(own, other));
    if (doubts) doubted++;
    if (is) switched++;
    if (process.argv.includes('--show') && is !== (language === 'en'))
      console.error(`${name}: ${own.text} | ${other.text}`);
  }
  result[name] = {
    utterances: said.length,
    switchedPercent: percent(switched, said.length),
    heardTwicePercent: percent(doubted, said.length),
  };
}
await understand.close();
if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
else console.dir(result);

function percent(part: number, whole: number): number {
  return Math.round((part / Math.max(1, whole)) * 1000) / 10;
}

/** Half a second of a quiet line before, a second after. */
function onTheLine(pcm: Int16Array): Int16Array {
  const line = Int16Array.from({ length: pcm.length + 12_000 }, (_, n) => {
    const noise = (((n * 1103515245 + 12345) >>> 8) % 33) - 16;
    return Math.max(-32_768, Math.min(32_767, (pcm[n - 4000] ?? 0) + noise));
  });
  return decodeMulaw(encodeMulaw(line));
}

async function hear(engine: RecognizerEngine, line: Int16Array): Promise<string> {
  const handle = 1;
  engine.open({ type: 'open', handle, sampleRate: 8000, startSample: 0, graph: 'general' });
  const frontEnd = new FrontEnd(8000);
  for (let at = 0; at + 160 <= line.length; at += 160)
    await engine.work([{ handle, at, pcm: frontEnd.process(line.subarray(at, at + 160)) }]);
  const events: StreamEvent[] = await engine.work([{ handle, flushId: 1 }]);
  engine.close(handle);
  return events.flatMap((event) => (event.kind === 'final' ? [event.text] : []))[0] ?? '';
}

function option(name: string): string | undefined {
  const position = process.argv.indexOf(name);
  return position < 0 ? undefined : process.argv[position + 1];
}
