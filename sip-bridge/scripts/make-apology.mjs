#!/usr/bin/env node
/**
 * Makes the recordings that a caller hears when the service can't be reached: audio/apology/<language>.{ulaw,alaw}, raw G.711, 8 kHz, mono, and the soft tone
 * `hold` of a call that waits for the service to come back. Run it again after a change of words or voice:
 *
 *     node sip-bridge/scripts/make-apology.mjs [--voice folder-of-the-zh-voice]
 *
 * The Mandarin voice draws fresh noise each time, so its bytes differ a little from run to run; words, level and length do not.
 * Mandarin is spoken by the project's own voice (sherpa-onnx-node), English by espeak-ng, which must be installed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUT = join(ROOT, 'audio/apology');
const RATE = 8000;
/** Speech level; telephone announcements are usually recorded at -20 to -16 dBFS. */
const LEVEL_DBFS = -20;
const WORDS = {
  'zh-CN': '非常抱歉，系统暂时无法接通，请您稍后再拨。',
  en: 'Sorry, our service cannot be reached right now. Please call again later.',
};

const voiceFolder = [
  process.argv[process.argv.indexOf('--voice') + 1 || process.argv.length],
  ...(process.env.HEARKEN_MODELS ?? '').split(':').map((folder) => folder && join(folder, 'tts-zh-yue')),
  join(ROOT, 'models/tts-zh-yue'),
].find((folder) => folder && existsSync(join(folder, 'model.onnx')));

mkdirSync(OUT, { recursive: true });
if (!voiceFolder) throw new Error('No Mandarin voice found: name its folder with --voice.');
write('zh-CN', level(trim(await speakMandarin(WORDS['zh-CN']))));
write('en', level(trim(speakEnglish(WORDS.en))));
write('hold', holdTone());

async function speakMandarin(text) {
  const { OfflineTts, GenerationConfig } = createRequire(import.meta.url)('sherpa-onnx-node');
  const file = (name) => join(voiceFolder, name);
  const tts = new OfflineTts({
    model: {
      vits: { model: file('model.onnx'), tokens: file('tokens.txt'), lexicon: file('lexicon.txt') },
      numThreads: 1,
      provider: 'cpu',
    },
    maxNumSentences: 1,
  });
  const audio = await tts.generateAsync({
    text,
    generationConfig: new GenerationConfig({ sid: 0, speed: 1, silenceScale: 1 }),
  });
  return audio.sampleRate === RATE ? Float32Array.from(audio.samples) : resample(audio.samples, audio.sampleRate, RATE);
}

/** espeak-ng speaks at 22,050 Hz; a windowed sinc brings it down to 8 kHz without aliases. */
function speakEnglish(text) {
  const wav = execFileSync('espeak-ng', ['-v', 'en-us', '-s', '160', '--stdout', text], { maxBuffer: 1 << 26 });
  const from = wav.readUInt32LE(24);
  const data = wav.subarray(44);
  const samples = Float32Array.from({ length: data.length >> 1 }, (_, index) => data.readInt16LE(index * 2) / 32768);
  return resample(samples, from, RATE);
}

function resample(input, from, to) {
  const cutoff = (0.92 * Math.min(from, to)) / from;
  const half = Math.ceil(32 / cutoff);
  return Float32Array.from({ length: Math.floor((input.length * to) / from) }, (_, index) => {
    const centre = (index * from) / to;
    let sum = 0;
    for (let tap = Math.ceil(centre - half); tap <= centre + half; tap++) {
      const x = tap - centre;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * cutoff * x) / (Math.PI * cutoff * x);
      sum += (input[tap] ?? 0) * cutoff * sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / (half + 1)));
    }
    return sum;
  });
}

/** Without the silence at both ends, which would only make the caller wait. */
function trim(samples) {
  const loud = (value) => Math.abs(value) > 0.01;
  const first = Math.max(0, samples.findIndex(loud) - 400);
  const last = Math.min(samples.length, samples.findLastIndex(loud) + 800);
  return samples.slice(first, last);
}

/** Speech (what is within 30 dB of the loudest 20 ms) to LEVEL_DBFS, peaks below full scale. */
function level(samples) {
  const powers = [];
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    powers.push(samples.subarray(at, at + 160).reduce((sum, value) => sum + value * value, 0) / 160);
  }
  const active = powers.filter((power) => power > Math.max(...powers) / 1000);
  const rms = Math.sqrt(active.reduce((sum, power) => sum + power, 0) / active.length);
  const gain = 10 ** (LEVEL_DBFS / 20) / rms;
  return samples.map((value) => Math.max(-0.98, Math.min(0.98, value * gain)));
}

/** Two seconds: a soft 440 Hz note of 160 ms with smooth edges at -30 dBFS, then quiet. */
function holdTone() {
  return Float32Array.from({ length: 2 * RATE }, (_, index) => {
    const length = 0.16 * RATE;
    if (index >= length) return 0;
    const edge = Math.sin((Math.PI * index) / length) ** 2;
    return Math.SQRT2 * 10 ** (-30 / 20) * edge * Math.sin((2 * Math.PI * 440 * index) / RATE);
  });
}

function write(name, samples) {
  const pcm = Array.from(samples, (value) => Math.max(-32768, Math.min(32767, Math.round(value * 32767))));
  writeFileSync(join(OUT, `${name}.ulaw`), Uint8Array.from(pcm, muLaw));
  writeFileSync(join(OUT, `${name}.alaw`), Uint8Array.from(pcm, aLaw));
  console.log(`${name}: ${(samples.length / RATE).toFixed(2)} s`);
}

/** ITU-T G.711 mu-law. */
function muLaw(sample) {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(32635, Math.abs(sample)) + 132;
  const exponent = Math.max(0, 31 - Math.clz32(magnitude) - 7);
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

/** ITU-T G.711 A-law. */
function aLaw(sample) {
  const sign = sample < 0 ? 0 : 0x80;
  const magnitude = Math.min(4095, (sample < 0 ? -sample - 1 : sample) >> 3);
  const exponent = magnitude < 32 ? 0 : 31 - Math.clz32(magnitude) - 4;
  const mantissa = exponent === 0 ? magnitude >> 1 : (magnitude >> exponent) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}
