// Makes the sample calls in audio/calls: what a caller says, in our own voice at several pitches and speeds and in espeak-ng's, one WAV a call
// with a script (JSON) beside it that tells which part is which utterance. Run after `npm run build`:
//   node scripts/make-sample-calls.mjs
// Nobody's recording goes in; everything here is synthetic and may be passed on (our voice: CC BY-SA, see models/tts-zh-tiny/README.md).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinyin } from 'pinyin-pro';
import { concat } from '../dist/dsp/framing.js';
import { levelTo } from '../dist/dsp/levels.js';
import { resample } from '../dist/dsp/resample.js';
import { decodeWav, encodeWav } from '../dist/dsp/wav.js';
import { root } from './bootstrap.mjs';

const RATE = 8000;
const LEVEL_DBFS = -20;
const LEAD_MS = 500;
const PAUSE_MS = 1600;

/** pitch: factor on the frequency; speed: factor on the tempo. */
const VOICES = {
  plain: { engine: 'own', pitch: 1, speed: 1 },
  low: { engine: 'own', pitch: 0.86, speed: 0.95 },
  high: { engine: 'own', pitch: 1.12, speed: 1.05 },
  quick: { engine: 'own', pitch: 1.04, speed: 1.15 },
  espeakMan: { engine: 'espeak', variant: 'm3', words: 140, pitch: 45 },
  espeakWoman: { engine: 'espeak', variant: 'f2', words: 130, pitch: 55 },
};

const CALLS = [
  { name: 'complaint', voice: 'low', says: ['我要投诉', '东西坏了', '没有了'] },
  { name: 'human', voice: 'plain', says: ['转人工'] },
  { name: 'human-espeak', voice: 'espeakMan', says: ['转人工'] },
  { name: 'opening-hours', voice: 'high', says: ['营业时间', '谢谢', '再见'] },
  { name: 'order-status', voice: 'plain', says: ['我要查订单', '八七六五，四三二幺', '对', '没有了'] },
  { name: 'order-status-espeak', voice: 'espeakWoman', says: ['我要查订单', '四三二幺', '对', '再见'] },
  { name: 'return-then-human', voice: 'quick', says: ['我要退货', '转人工'] },
  { name: 'delivery-time', voice: 'low', says: ['什么时候送到', '再见'] },
];

const sherpa = createRequire(import.meta.url)('sherpa-onnx-node');
const model = join(root, 'models/tts-zh-tiny');
const tts = new sherpa.OfflineTts({
  model: {
    vits: { model: join(model, 'model.onnx'), tokens: join(model, 'tokens.txt'), lexicon: join(model, 'lexicon.txt') },
    numThreads: 1,
    provider: 'cpu',
  },
  maxNumSentences: 1,
});

const out = join(root, 'audio/calls');
mkdirSync(out, { recursive: true });
for (const { name, voice, says } of CALLS) {
  const pieces = [silence(LEAD_MS)];
  const utterances = [];
  let atMs = LEAD_MS;
  for (const text of says) {
    const sound = await speak(text, VOICES[voice]);
    levelTo(sound, RATE, LEVEL_DBFS);
    const lengthMs = Math.round((sound.length * 1000) / RATE);
    utterances.push({ startMs: atMs, endMs: atMs + lengthMs, text });
    pieces.push(sound, silence(PAUSE_MS));
    atMs += lengthMs + PAUSE_MS;
  }
  writeFileSync(join(out, `${name}.wav`), encodeWav([concat(pieces)], RATE));
  writeFileSync(join(out, `${name}.json`), `${JSON.stringify({ language: 'zh-CN', voice, utterances }, null, 2)}\n`);
  console.log(`${name}: ${(atMs / 1000).toFixed(1)} s`);
}

async function speak(text, voice) {
  return voice.engine === 'own' ? own(text, voice) : espeak(text, voice);
}

/** Pitch by pretending another sample rate, and tempo so that it comes out as asked for. */
async function own(text, { pitch, speed }) {
  const generationConfig = new sherpa.GenerationConfig({ sid: 0, speed: speed / pitch, silenceScale: 1 });
  const { samples, sampleRate } = await tts.generateAsync({ text: `${text}。`, generationConfig });
  const pcm = Int16Array.from(samples, (sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767))));
  const shifted = pitch === 1 ? pcm : resample(pcm, Math.round((sampleRate * pitch) / 10) * 10, sampleRate);
  return sampleRate === RATE ? shifted : resample(shifted, sampleRate, RATE);
}

/** espeak-ng reads Hanzi badly and pinyin well. */
function espeak(text, { variant, words, pitch }) {
  const folder = mkdtempSync(join(tmpdir(), 'hearken-espeak-'));
  try {
    const file = join(folder, 'out.wav');
    const spoken = pinyin(text.replaceAll('幺', '一'), { toneType: 'num', type: 'array' })
      .join(' ')
      .replaceAll('0', '5');
    const reading = text.includes('幺') ? spoken.replace(/yi1$/, 'yao1') : spoken;
    const result = spawnSync('espeak-ng', [
      '-v',
      `cmn-latn-pinyin+${variant}`,
      '-s',
      String(words),
      '-p',
      String(pitch),
      '-w',
      file,
      reading,
    ]);
    if (result.status !== 0) throw new Error(`espeak-ng failed: ${result.error?.message ?? result.stderr}`);
    const { channels, sampleRate } = decodeWav(readFileSync(file));
    return resample(channels[0], sampleRate, RATE);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function silence(ms) {
  return new Int16Array((RATE * ms) / 1000);
}
