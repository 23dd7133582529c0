import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { splitClauses } from '../../src/speech/clauses.js';
import { loadLexicon } from '../../src/speech/lexicon.js';
import { isSpeakable } from '../../src/speech/normalize/index.js';
import { PromptCache } from '../../src/speech/prompt-cache.js';
import { fingerprintOf, type InstalledModel } from '../../src/speech/registry.js';
import { loadSherpa, offlineTtsConfig } from '../../src/speech/sherpa.js';
import { piecesOf } from '../../src/speech/ssml/pieces.js';
import { SynthesizerPool } from '../../src/speech/synthesizer-pool.js';
import { TextToSpeech } from '../../src/speech/text-to-speech.js';
import { SILENT_LOGGER } from '../../src/speech/worker-process.js';
import { cpuSeconds, percentile, round } from './measure.js';

const root = resolve(import.meta.dirname, '../..');
const LANGUAGE = 'zh-CN';
const RATE = 8000;
/** A caller is answered for about 5 s of every 15. */
const ANSWER_EVERY_MS = 15_000;
/** First clauses later than this at p95 are late: beyond it the answer misses its 600 ms. */
const LATEST_FIRST_MS = 350;
const SENTENCES = [
  '您好，请问有什么可以帮您？',
  '您的订单已经发货，预计明天下午三点前送达，请保持电话畅通。',
  '正在为您转接人工客服，请稍候。',
  '订单号20250415，共2件，合计￥1,299.00，对吗？',
  '我们的营业时间是每天9:00-21:00。',
];

/** The voice alone and with callers in a row, none of it from the cache; beside it the same clauses made in a bare loop of this process. */
export async function benchSynthesiser(installed: InstalledModel, seconds: number) {
  const model = new SynthesizerPool({
    name: installed.model.name,
    fingerprint: fingerprintOf(installed),
    workers: 1,
    logger: SILENT_LOGGER,
    init: { model: installed.model.name, root, folders: [] },
  });
  const cache = new PromptCache({ memoryBytes: 0, diskBytes: 0, folder: '', logger: SILENT_LOGGER });
  const speaker = new TextToSpeech({ voices: new Map([[LANGUAGE, model]]), cache });
  try {
    await model.whenReady();
    const [pid = 0] = model.pids;
    await say(speaker, SENTENCES[0] ?? '');
    const firsts: number[] = [];
    let audioSeconds = 0;
    let cpu = 0;
    let bareCpu = 0;
    // In turns with the ceiling, so that other load of the machine hits both alike.
    for (let index = 0; index < 4; index++) {
      const before = cpuSeconds(pid);
      for (const text of SENTENCES) {
        const { firstMs, audioMs } = await say(speaker, text);
        firsts.push(firstMs);
        audioSeconds += audioMs / 1000;
      }
      cpu += cpuSeconds(pid) - before;
      bareCpu += await bareLoop(installed);
    }
    return {
      model: installed.model.name,
      firstClauseP50Ms: round(percentile(firsts, 0.5), 1),
      firstClauseP95Ms: round(percentile(firsts, 0.95), 1),
      realTimeFactor: round(cpu / audioSeconds, 5),
      /** Callers spoken to without a pause, none of it from the cache. */
      callsPerCore: Math.floor(audioSeconds / Math.max(0.01, cpu)),
      ceilingCallsPerCore: Math.floor(audioSeconds / Math.max(0.01, bareCpu)),
      ratio: round(bareCpu / cpu, 2),
      underLoad: await underLoad(speaker, seconds),
    };
  } finally {
    await model.close();
  }
}

async function say(speaker: TextToSpeech, text: string): Promise<{ firstMs: number; audioMs: number }> {
  const started = performance.now();
  let firstMs: number | undefined;
  let audioMs = 0;
  for await (const { samples, sampleRate } of speaker.speak(text, { language: LANGUAGE, sampleRate: RATE })) {
    firstMs ??= performance.now() - started;
    audioMs += (samples.length * 1000) / sampleRate;
  }
  return { firstMs: firstMs ?? performance.now() - started, audioMs };
}

/** More and more calls, each answered at its own time, until first clauses come late. */
async function underLoad(speaker: TextToSpeech, seconds: number) {
  const runs: { calls: number; firstClauseP50Ms: number; firstClauseP95Ms: number }[] = [];
  for (let calls = 16; calls <= 512; calls *= 2) {
    const firsts: number[] = [];
    const answers: Promise<void>[] = [];
    const wanted = Math.max(10, Math.round((calls * seconds * 1000) / ANSWER_EVERY_MS));
    const started = performance.now();
    for (let index = 0; index < wanted; index++) {
      // Spread like the arrivals of independent callers, the same in every run: steps of the golden ratio.
      const atMs = seconds * 1000 * ((index + ((index * 0.618034) % 1)) / wanted);
      const wait = started + atMs - performance.now();
      if (wait > 0) await sleep(wait);
      const text = SENTENCES[index % SENTENCES.length] ?? '';
      answers.push(say(speaker, `${text}第${index}次。`).then(({ firstMs }) => void firsts.push(firstMs)));
    }
    await Promise.all(answers);
    const p95 = percentile(firsts, 0.95);
    runs.push({
      calls,
      firstClauseP50Ms: round(percentile(firsts, 0.5), 1),
      firstClauseP95Ms: round(p95, 1),
    });
    if (p95 > LATEST_FIRST_MS) break;
  }
  return runs;
}

/** CPU seconds for the clauses of all sentences, made by the model one after the other. */
async function bareLoop(installed: InstalledModel): Promise<number> {
  const sherpa = loadSherpa();
  bare ??= { tts: new sherpa.OfflineTts(offlineTtsConfig(installed)), lexicon: loadLexicon(installed) };
  const { tts, lexicon } = bare;
  const clauses = SENTENCES.flatMap((text) => piecesOf(text, { language: LANGUAGE }))
    .flatMap((piece) => (piece.kind === 'words' ? splitClauses(piece.text) : []))
    .filter(isSpeakable)
    .map((clause) => lexicon?.fit(clause) ?? clause);
  const before = process.cpuUsage();
  for (const text of clauses) {
    const generationConfig = new sherpa.GenerationConfig({ sid: 0, speed: 1, silenceScale: 1 });
    await tts.generateAsync({ text, generationConfig });
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

let bare:
  | {
      readonly tts: InstanceType<ReturnType<typeof loadSherpa>['OfflineTts']>;
      readonly lexicon: ReturnType<typeof loadLexicon>;
    }
  | undefined;
