// Makes the sample calls in audio/calls: callers made of our own voice (at several pitches and speeds) and of espeak-ng.
// The words and voices are fixed; the breath in our own voice is random, so its files differ a little each time. Needs a build (`npm run build`) and espeak-ng (Debian: apt-get install espeak-ng).
//
//   node scripts/make-sample-calls.mjs           write audio/calls/*.wav and *.json
//   node scripts/make-sample-calls.mjs --check   do not write; let the built-in recogniser hear the files that are there
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pinyin } from 'pinyin-pro';

const { concat, samplesIn } = await import('../dist/dsp/framing.js');
const { encodeMulaw } = await import('../dist/dsp/g711.js');
const { levelTo } = await import('../dist/dsp/levels.js');
const { resample } = await import('../dist/dsp/resample.js');
const { decodeWav } = await import('../dist/dsp/wav.js');
const { configSchema } = await import('../dist/config.js');
const { createSpeech } = await import('../dist/speech/index.js');

const RATE = 8000;
/** Pause between utterances: longer than any pause inside one. */
const GAP_MS = 2000;
const MARGIN_MS = 150;
/** Level of a caller's speech on the line and of its noise, dBFS. */
const SPEECH_DBFS = -23;
const NOISE_DBFS = -58;

const root = fileURLToPath(new URL('../', import.meta.url));
const folder = fileURLToPath(new URL('../audio/calls/', import.meta.url));

/** pitch: factor on the voice's pitch and formants; speed: factor on its pace. */
const own = (pitch, speed) => ({ engine: 'own', pitch, speed });
/** A variant of espeak-ng, its pitch 0..99 and words a minute. */
const espeak = (variant, pitch, rate) => ({ engine: 'espeak-ng', variant, pitch, rate });

// A number is said in groups, as people do. Voices are spread over the calls so that no call depends on one of them.
const CALLS = {
  complaint: { voice: own(0.94, 1), says: ['我要投诉', '快递员没有送货上门', '没有了'] },
  'delivery-time': { voice: espeak('f4', 55, 140), says: ['什么时候能送到', '没有了'] },
  human: { voice: own(1, 1), says: ['转人工'] },
  'human-after-order': { voice: own(0.9, 0.95), says: ['我要查订单', '四零零二，幺九八七', '对', '我要找人工'] },
  'human-espeak': { voice: espeak('m1', 50, 140), says: ['转人工服务'] },
  'opening-hours': { voice: own(1.04, 1.1), says: ['营业时间是几点', '再见'] },
  'order-last-four': { voice: own(0.88, 1), says: ['查快递', '八七六五', '是的', '再见'] },
  'order-slow': { voice: own(1.12, 0.92), says: ['查一下订单', '幺二三四，五六七八', '对的', '没有了'] },
  'order-status': { voice: own(1, 1), says: ['我要查订单', '八七六五，四三二幺', '对', '没有了，谢谢'] },
  'order-status-espeak': { voice: espeak('f2', 50, 130), says: ['查订单', '二零二五，零四一五', '对', '再见'] },
  return: { voice: own(1.06, 1), says: ['我要退货', '九八七六，五四三二', '对的', '确定', '再见'] },
  'return-then-human': { voice: own(1.04, 1.05), says: ['我要退货', '转人工'] },
  'return-too-late': { voice: espeak('m3', 45, 130), says: ['我要退货', '三三零五，七七八一', '是的', '没有了'] },
};

const only = process.argv.includes('--check') ? 'check' : 'write';
const defaults = configSchema.parse({}).speech;
const speech = await createSpeech(
  // The calls are made with the voice they were made with first, and heard by the built-in recogniser, whatever else is there.
  {
    ...defaults,
    synthesizers: { 'zh-CN': ['tts-zh-yue'] },
    recognizers: { 'zh-CN': ['asr-zh-phone'] },
    promptCacheDiskBytes: 0,
    promptCacheBytes: 0,
  },
  root,
  { debug() {}, info() {}, warn: console.warn, error: console.error },
);
try {
  if (only === 'write') for (const [name, call] of Object.entries(CALLS)) await make(name, call);
  const heard = await check();
  console.log(heard);
} finally {
  await speech.close();
}

async function make(name, { voice, says }) {
  const pieces = [silence(500)];
  const utterances = [];
  let at = pieces[0].length;
  for (const text of says) {
    const pcm = trim(voice.engine === 'own' ? await sayOwn(text, voice) : sayEspeak(text, voice));
    levelTo(pcm, RATE, SPEECH_DBFS);
    utterances.push({
      startMs: Math.round((at * 1000) / RATE) - MARGIN_MS,
      endMs: Math.round(((at + pcm.length) * 1000) / RATE) + MARGIN_MS,
      text: text.replaceAll(/[，。]/g, ''),
    });
    pieces.push(pcm, silence(GAP_MS));
    at += pcm.length + samplesIn(GAP_MS, RATE);
  }
  const line = addNoise(concat(pieces), seedOf(name));
  writeFileSync(`${folder}${name}.wav`, mulawWav(encodeMulaw(line)));
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify({ language: 'zh-CN', utterances }, null, 2)}\n`);
}

/** Played faster or slower, a voice is higher or lower, pace and formants with it; its own speed takes the pace back. */
async function sayOwn(text, { pitch, speed }) {
  const frames = [];
  for await (const { samples } of speech.synthesizer.speak(text, {
    language: 'zh-CN',
    sampleRate: RATE,
    speed: speed / pitch,
  })) {
    frames.push(samples);
  }
  return resample(concat(frames), Math.round(RATE * pitch), RATE);
}

/** Given Hanzi espeak-ng 1.51 reads out pinyin letters by English rules; given pinyin it speaks Mandarin. */
function sayEspeak(text, { variant, pitch, rate }) {
  const spoken = text
    .split('，')
    .map((part) => pinyin(part.replaceAll('幺', '腰'), { toneType: 'num', type: 'array', v: true, toneSandhi: true }))
    .map((syllables) => syllables.map((syllable) => syllable.replace(/0$/, '5')).join(' '))
    .join(', ');
  const args = ['-v', `cmn-latn-pinyin+${variant}`, '-p', String(pitch), '-s', String(rate), '--stdin', '--stdout'];
  const made = spawnSync('espeak-ng', args, { input: spoken, maxBuffer: 64 * 1024 * 1024 });
  if (made.status !== 0) throw new Error(`espeak-ng failed: ${made.error ?? made.stderr}`);
  const { channels, sampleRate } = decodeWav(made.stdout);
  return resample(channels[0], sampleRate, RATE);
}

function trim(pcm) {
  const loud = (sample) => Math.abs(sample) > 250;
  const first = pcm.findIndex(loud);
  const last = pcm.findLastIndex(loud);
  return first < 0 ? pcm : pcm.slice(Math.max(0, first - 160), Math.min(pcm.length, last + 400));
}

function silence(ms) {
  return new Int16Array(samplesIn(ms, RATE));
}

/** A telephone line is never digitally silent. Noise with a fixed seed, low frequencies stronger. */
function addNoise(pcm, seed) {
  let state = seed;
  let low = 0;
  const amplitude = 32768 * 10 ** (NOISE_DBFS / 20) * 3;
  return pcm.map((sample) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const white = state / 2 ** 31 - 1;
    low = 0.7 * low + 0.3 * white;
    return Math.max(-32768, Math.min(32767, Math.round(sample + low * amplitude)));
  });
}

function seedOf(name) {
  return [...name].reduce((seed, letter) => (Math.imul(seed, 31) + letter.codePointAt(0)) >>> 0, 7);
}

/** Half the size of PCM16 and what the line carries anyway. */
function mulawWav(codes) {
  const header = Buffer.alloc(58);
  header.write('RIFF', 0);
  header.writeUInt32LE(50 + codes.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(18, 16);
  header.writeUInt16LE(7, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('fact', 38);
  header.writeUInt32LE(4, 42);
  header.writeUInt32LE(codes.length, 46);
  header.write('data', 50);
  header.writeUInt32LE(codes.length, 54);
  return Buffer.concat([header, codes]);
}

/** What the recogniser makes of the files, as a Markdown table. */
async function check() {
  const rows = ['| call | said | heard |', '| --- | --- | --- |'];
  let right = 0;
  let all = 0;
  for (const file of readdirSync(folder)
    .filter((entry) => entry.endsWith('.json'))
    .sort()) {
    const name = file.slice(0, -5);
    const { utterances } = JSON.parse(readFileSync(`${folder}${file}`, 'utf8'));
    const pcm = decodeWav(readFileSync(`${folder}${name}.wav`)).channels[0];
    for (const { startMs, endMs, text } of utterances) {
      const heard = await hear(pcm.subarray(samplesIn(startMs - 300, RATE), samplesIn(endMs + 300, RATE)));
      all++;
      if (sameWords(heard, text)) right++;
      rows.push(`| ${name} | ${text} | ${heard === text ? '✓' : heard || '(nothing)'} |`);
    }
  }
  return `${rows.join('\n')}\n\n${right} of ${all} utterances heard word for word.`;
}

async function hear(pcm) {
  const stream = speech.recognizer.open({ streamId: 'check', sampleRate: RATE, language: 'zh-CN' });
  const final = new Promise((resolve, reject) => {
    stream.on('final', ({ text }) => resolve(text));
    stream.on('failed', (reason) => reject(new Error(reason)));
  });
  for (let start = 0; start < pcm.length; start += 800) {
    const waitingMs = stream.accept(pcm.subarray(start, start + 800));
    // Faster than real time, but no faster than it is heard: what waits too long is dropped.
    await new Promise((resolve) => setTimeout(resolve, Math.max(5, waitingMs / 8)));
  }
  stream.flush();
  const text = await final;
  stream.close();
  return text;
}

/** 一 and 幺 are one digit. */
function sameWords(a, b) {
  return a.replaceAll('幺', '一') === b.replaceAll('幺', '一');
}
