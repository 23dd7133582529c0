import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configSchema } from '../src/config.js';
import { concat } from '../src/dsp/framing.js';
import { resample } from '../src/dsp/resample.js';
import { readScript } from '../src/replay/utterances.js';
import { readAudioFile } from '../src/speech/audio-file.js';
import { createSpeech } from '../src/speech/index.js';
import { SILENT_LOGGER } from '../src/speech/worker-process.js';
import { type AtPhone, interruptAtPhone } from './barge-in/phone.js';
import { play, type Scene } from './barge-in/simulate.js';
import { espeak, hasEspeak, loadRows, RATE, testRows } from './models/sets.js';
import { defaultEngine } from './recogniser-engine.js';
import { openStage } from './turns/stage.js';

/**
 * The claim: over a prompt, coughs, noises, signs of listening and the prompt's own echo stop it falsely in at most 2 % of cases, real interruptions are missed in at most 3 %, and the prompt pauses at most
 * 300 ms after the caller began. Ears, echo guard and turn-taking are the real ones, on the clock of the audio, so that load on the machine changes nothing. `atPhone`: the sample calls' sentences said into
 * the greeting by phones, over SIP and RTP through bridge and service: when the phone is silent, and when that is decided to stay so (`--no-phone` leaves it out). `npm run -s bench:barge-in -- --json`;
 * `--speech <folder with transcripts.tsv>` adds real people's interruptions. Coughs and noises are synthetic: shaped bursts and steady noise from fixed seeds.
 */

const root = resolve(import.meta.dirname, '..');
const speechFolder = resolve(option('--speech') ?? join(root, '../shared/speech'));
const PROMPTS = [
  '您好，欢迎致电，请问有什么可以帮您？您可以说查订单、退货，或者转人工。',
  '您的订单已经发货，预计明天下午三点前送达，请保持电话畅通，还有其他可以帮您的吗？',
  '我们的营业时间是每天上午九点到晚上九点，节假日不休息，请问还有什么需要？',
];

/** Calls at once over the bridge. */
const PHONES = 3;

const prompts = await render();
const engine = await defaultEngine(root, 'zh-CN');
const silence = new Int16Array(1600);
const groups: Record<string, Scene[]> = {
  interruptions: [...(await sampleUtterances()), ...realPeople()].map((caller, index) => scene(caller, index)),
  interruptionsOverEcho: (await sampleUtterances()).map((caller, index) => ({
    ...scene(caller, index),
    echo: { delayMs: 60 + (index % 5) * 70, gain: 0.08 },
  })),
  backchannels: backchannels().map((caller, index) => scene(caller, index)),
  coughs: Array.from({ length: 40 }, (_, index) => scene(cough(index), index)),
  noises: Array.from({ length: 30 }, (_, index) => scene(noise(index), index)),
  echoes: Array.from({ length: 45 }, (_, index) => ({
    ...scene(silence, index),
    echo: { delayMs: 40 + (index % 9) * 45, gain: [0.06, 0.12, 0.25, 0.4, 0.6][index % 5] ?? 0.1 },
  })),
};
const report: Record<string, object> = {};
let falseStops = 0;
let harmless = 0;
let missed = 0;
let real = 0;
const reactions: number[] = [];
const decisions: number[] = [];
let falsePauses = 0;
for (const [name, scenes] of Object.entries(groups)) {
  const wanted = name.startsWith('interruptions');
  let stops = 0;
  let pauses = 0;
  const words: string[] = [];
  const own: number[] = [];
  const stopsAfter: number[] = [];
  for (const each of scenes) {
    const outcome = await play(engine, each);
    if (outcome.pausedAtMs !== undefined) pauses++;
    if (outcome.stoppedAtMs !== undefined) stops++;
    if ((outcome.stoppedAtMs !== undefined) !== wanted) words.push(outcome.stoppedBy ?? '–');
    const reactedMs = outcome.pausedAtMs ?? outcome.stoppedAtMs;
    const beganMs = each.atMs + onsetMs(each.caller);
    if (wanted && reactedMs !== undefined) own.push(reactedMs - beganMs);
    if (wanted && outcome.stoppedAtMs !== undefined) stopsAfter.push(outcome.stoppedAtMs - beganMs);
  }
  if (wanted) {
    real += scenes.length;
    missed += scenes.length - stops;
  } else {
    harmless += scenes.length;
    falseStops += stops;
    falsePauses += pauses;
  }
  reactions.push(...own);
  decisions.push(...stopsAfter);
  report[name] = {
    scenes: scenes.length,
    paused: pauses,
    stopped: stops,
    ...(wanted
      ? {
          reactionP50Ms: percentile(own, 0.5),
          reactionP95Ms: percentile(own, 0.95),
          stopP50Ms: percentile(stopsAfter, 0.5),
          stopP95Ms: percentile(stopsAfter, 0.95),
        }
      : {}),
    wrong: words,
  };
}
const atPhone = process.argv.includes('--no-phone') ? undefined : await overTheBridge();
const result = {
  falseStopPercent: percent(falseStops, harmless),
  /** Paused and went on: heard as a short hesitation. */
  falsePausePercent: percent(falsePauses, harmless),
  missedPercent: percent(missed, real),
  reactionP50Ms: percentile(reactions, 0.5),
  reactionP95Ms: percentile(reactions, 0.95),
  stopP50Ms: percentile(decisions, 0.5),
  stopP95Ms: percentile(decisions, 0.95),
  ...(atPhone ? { atPhone } : {}),
  groups: report,
};
if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
else console.dir(result, { depth: 5 });

function scene(caller: Int16Array, index: number): Scene {
  return { prompt: prompts[index % prompts.length] ?? silence, caller, atMs: 900 + (index % 7) * 180 };
}

/** The sample utterances once more, said by phones into the greeting, a few calls at a time. */
async function overTheBridge(): Promise<object> {
  const built = (await import(join(root, 'scripts/bootstrap.mjs'))) as {
    ensureReady(options: { quiet: boolean }): Promise<unknown>;
  };
  await built.ensureReady({ quiet: true });
  const stage = await openStage();
  try {
    const said = (await sampleUtterances()).map((caller, index) => ({ caller, index }));
    // The first call pays for what is loaded late.
    await interruptAtPhone(stage, silence, 0, 0);
    const outcomes: AtPhone[] = [];
    const rounds = Array.from({ length: PHONES }, async () => {
      for (let next = said.shift(); next; next = said.shift())
        outcomes.push(await interruptAtPhone(stage, next.caller, onsetMs(next.caller), 400 + (next.index % 7) * 180));
    });
    await Promise.all(rounds);
    const silent = outcomes.flatMap(({ silentMs }) => (typeof silentMs === 'number' ? [silentMs] : []));
    const stopped = outcomes.flatMap(({ silentMs, stoppedMs }) =>
      typeof silentMs === 'number' && stoppedMs !== null ? [silentMs + stoppedMs] : [],
    );
    return {
      calls: outcomes.length,
      promptWasSilentAnyway: outcomes.filter(({ silentMs }) => silentMs === undefined).length,
      missed: outcomes.filter(({ silentMs }) => silentMs === null).length,
      silenceP50Ms: percentile(silent, 0.5),
      silenceP95Ms: percentile(silent, 0.95),
      stopP50Ms: percentile(stopped, 0.5),
      stopP95Ms: percentile(stopped, 0.95),
    };
  } finally {
    await stage.stop();
  }
}

async function render(): Promise<Int16Array[]> {
  const config = configSchema.parse({}).speech;
  const speech = await createSpeech({ ...config, promptCacheDiskBytes: 0 }, root, SILENT_LOGGER);
  try {
    const out: Int16Array[] = [];
    for (const text of PROMPTS) {
      const pieces: Int16Array[] = [];
      for await (const { samples } of speech.synthesizer.speak(text, { language: 'zh-CN', sampleRate: 8000 }))
        pieces.push(samples);
      out.push(concat(pieces));
    }
    return out;
  } finally {
    await speech.close();
  }
}

/** What is said in the sample calls, but for words that are signs of listening over a prompt. */
async function sampleUtterances(): Promise<Int16Array[]> {
  const folder = join(root, 'audio/calls');
  const out: Int16Array[] = [];
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.wav'))
    .sort()) {
    const pcm = await readAudioFile(join(folder, file), { sampleRate: 8000 });
    for (const { startMs, endMs, text } of readScript(join(folder, file))?.utterances ?? [])
      if (!/^(?:对|是|好|嗯)的?$/u.test(text ?? '')) out.push(pcm.slice(startMs * 8, endMs * 8));
  }
  return out;
}

function realPeople(): Int16Array[] {
  if (!existsSync(join(speechFolder, 'transcripts.tsv'))) return [];
  const rows = testRows(speechFolder).filter(({ task }) => task !== 'open');
  return loadRows(speechFolder, rows).map(({ pcm }) => resample(pcm, RATE, 8000));
}

function backchannels(): Int16Array[] {
  if (!hasEspeak()) return [];
  const words = [
    ['嗯', 'en4'],
    ['好的', 'hao3 de5'],
    ['对', 'dui4'],
    ['是的', 'shi4 de5'],
    ['好', 'hao3'],
    ['行', 'xing2'],
  ] as const;
  return words.flatMap(([text, pinyin]) =>
    ['', 'f2', 'm3', 'f4', 'm7'].map((variant) =>
      resample(espeak({ text, pinyin, variant, rate: '150', pitch: '50' }), RATE, 8000),
    ),
  );
}

/** One or two bursts of shaped noise with a sharp beginning, 100 to 280 ms each. */
function cough(seed: number): Int16Array {
  const random = sequence(seed + 1);
  const burst = (): Int16Array => {
    const length = Math.round((100 + random() * 180) * 8);
    const colour = 0.3 + random() * 0.6;
    let last = 0;
    return Int16Array.from({ length }, (_, n) => {
      last = colour * last + (random() * 2 - 1) * 9000 * (1 - colour * 0.5);
      return last * Math.min(1, n / 60) * Math.exp(-3.5 * (n / length));
    });
  };
  return seed % 2 === 0 ? burst() : concat([burst(), new Int16Array(800), burst()]);
}

/** Steady noise, hum, or a slow crackle, 2 s. */
function noise(seed: number): Int16Array {
  const random = sequence(seed + 101);
  const level = 300 + random() * 2500;
  let last = 0;
  return Int16Array.from({ length: 16_000 }, (_, n) => {
    if (seed % 3 === 1) return level * (Math.sin(n / 25) + 0.3 * Math.sin(n / 8.3));
    last = 0.7 * last + (random() * 2 - 1) * level;
    return seed % 3 === 2 && n % 3000 > 400 ? last * 0.1 : last;
  });
}

function sequence(seed: number): () => number {
  let state = (seed * 48_271) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/**
 * Where the caller's voice begins: the first 10 ms within 25 dB of the loudest, and 12 dB above the room (the quietest quarter of the recording), from which most of a tenth of a
 * second is. Some recordings of real people begin with half a second of a room's rumble hardly 10 dB below their voice: differences of samples leave out what a telephone does not carry.
 */
function onsetMs(recorded: Int16Array): number {
  const pcm = Float32Array.from(recorded, (sample, at) => sample - (recorded[at - 1] ?? 0));
  const powers = Array.from({ length: Math.floor(pcm.length / 80) }, (_, frame) =>
    pcm.subarray(frame * 80, frame * 80 + 80).reduce((sum, sample) => sum + sample * sample, 1),
  );
  const loudest = powers.reduce((most, power) => Math.max(most, power), 1);
  const quiet = [...powers].sort((left, right) => left - right).slice(0, Math.ceil(powers.length / 4));
  const room = quiet.reduce((sum, power) => sum + power, 0) / Math.max(1, quiet.length);
  const threshold = Math.min(loudest / 16, Math.max(loudest / 316, room * 16));
  const loud = powers.map((power) => power > threshold);
  return (
    Math.max(
      0,
      loud.findIndex((is, at) => is && loud.slice(at, at + 10).filter(Boolean).length >= 7),
    ) * 10
  );
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
}

function percent(part: number, whole: number): number {
  return Math.round((part / Math.max(1, whole)) * 1000) / 10;
}

function option(name: string): string | undefined {
  const position = process.argv.indexOf(name);
  return position < 0 ? undefined : process.argv[position + 1];
}
