import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from '../../dsp/g711.js';
import { resample } from '../../dsp/resample.js';
import { atSpeed } from '../simulate/voice.js';
import { type FfmpegCodec, throughCodec } from './codecs.js';
import { losePackets } from './loss.js';
import { addNoise, clipped, type NoiseKind } from './noise.js';

export interface Sound {
  readonly pcm: Int16Array;
  readonly sampleRate: number;
}

export type Family = 'as it is' | 'codec' | 'loss' | 'noise' | 'gain' | 'echo' | 'speed';

export interface Condition {
  readonly id: string;
  readonly family: Family;
  readonly label: string;
  /** Encoder that ffmpeg must have. */
  readonly needs?: string;
  readonly apply: (sound: Sound, seed: number) => Sound | Promise<Sound>;
}

/** 8 kHz through µ-law: what every telephone line does, and what loss, noise and the rest come on top of. */
function line({ pcm, sampleRate }: Sound): Int16Array {
  return decodeMulaw(encodeMulaw(resample(pcm, sampleRate, 8000)));
}

const onLine = (change: (pcm: Int16Array, seed: number) => Int16Array) => (sound: Sound, seed: number) => ({
  pcm: change(line(sound), seed),
  sampleRate: 8000,
});

function codec(id: string, label: string, codecOf: FfmpegCodec): Condition {
  return {
    id,
    family: 'codec',
    label,
    needs: codecOf.encoder,
    apply: async ({ pcm, sampleRate }) => ({
      pcm: await throughCodec(resample(pcm, sampleRate, codecOf.sampleRate), codecOf.sampleRate, codecOf),
      sampleRate: codecOf.sampleRate,
    }),
  };
}

const loss = (percent: number, burst: number, concealed: boolean): Condition => ({
  id: `loss-${percent}${burst > 1 ? '-rows' : ''}${concealed ? '-concealed' : ''}`,
  family: 'loss',
  label: `${percent} % lost${burst > 1 ? ' in rows' : ''}${concealed ? ', concealed' : ''}`,
  apply: onLine((pcm, seed) => losePackets(pcm, { share: percent / 100, burst, concealed, sampleRate: 8000, seed })),
});

const noise = (kind: NoiseKind, snrDb: number): Condition => ({
  id: `noise-${kind}-${snrDb}`,
  family: 'noise',
  label: `${kind} noise, ${snrDb} dB`,
  apply: onLine((pcm, seed) => addNoise(pcm, snrDb, kind, seed)),
});

const gain = (db: number): Condition => ({
  id: `gain${db}`,
  family: 'gain',
  label: `${db > 0 ? '+' : ''}${db} dB`,
  // Before the line: too quiet loses bits in µ-law, too loud is cut.
  apply: ({ pcm, sampleRate }) => ({
    pcm: line({ pcm: pcm.map((sample) => clipped(sample * 10 ** (db / 20))), sampleRate }),
    sampleRate: 8000,
  }),
});

const echo = (delayMs: number, db: number): Condition => ({
  id: `echo-${delayMs}-${-db}`,
  family: 'echo',
  label: `echo after ${delayMs} ms, ${db} dB`,
  apply: onLine((pcm) => {
    const delay = delayMs * 8;
    const factor = 10 ** (db / 20);
    return pcm.map((sample, index) => clipped(sample + factor * (pcm[index - delay] ?? 0)));
  }),
});

const speed = (factor: number): Condition => ({
  id: `speed-${factor}`,
  family: 'speed',
  label: `${factor} × as fast`,
  apply: onLine((pcm) => atSpeed(pcm, factor)),
});

/** Everything that happens to a voice on its way, from little to much. */
export const CONDITIONS: readonly Condition[] = [
  { id: 'as-it-is', family: 'as it is', label: 'as it is', apply: (sound) => sound },
  { id: 'pcmu', family: 'codec', label: 'G.711 µ-law', apply: onLine((pcm) => pcm) },
  {
    id: 'pcma',
    family: 'codec',
    label: 'G.711 A-law',
    apply: ({ pcm, sampleRate }) => ({
      pcm: decodeAlaw(encodeAlaw(resample(pcm, sampleRate, 8000))),
      sampleRate: 8000,
    }),
  },
  codec('g722', 'G.722', { encoder: 'g722', sampleRate: 16_000, bitRate: '64k', container: 'g722' }),
  codec('g726-16', 'G.726, 16 kbit/s', { encoder: 'g726', sampleRate: 8000, bitRate: '16k', container: 'wav' }),
  codec('gsm', 'GSM full rate', { encoder: 'libgsm', sampleRate: 8000, bitRate: '13k', container: 'gsm' }),
  codec('amr-12.2', 'AMR, 12.2 kbit/s', {
    encoder: 'libopencore_amrnb',
    sampleRate: 8000,
    bitRate: '12.2k',
    container: 'amr',
  }),
  codec('amr-4.75', 'AMR, 4.75 kbit/s', {
    encoder: 'libopencore_amrnb',
    sampleRate: 8000,
    bitRate: '4.75k',
    container: 'amr',
  }),
  codec('opus-16', 'Opus, 16 kbit/s', { encoder: 'libopus', sampleRate: 16_000, bitRate: '16k', container: 'ogg' }),
  codec('opus-6', 'Opus, 6 kbit/s', { encoder: 'libopus', sampleRate: 8000, bitRate: '6k', container: 'ogg' }),
  ...[1, 5, 10, 20].map((percent) => loss(percent, 1, false)),
  ...[5, 10, 20].map((percent) => loss(percent, 1, true)),
  ...[5, 10, 20].map((percent) => loss(percent, 4, false)),
  ...[5, 10, 20].map((percent) => loss(percent, 4, true)),
  ...[20, 15, 10, 5, 0].map((snrDb) => noise('street', snrDb)),
  ...[20, 15, 10, 5, 0].map((snrDb) => noise('white', snrDb)),
  ...[-40, -30, -20, 10, 20, 30].map(gain),
  echo(30, -6),
  echo(100, -10),
  echo(250, -6),
  ...[0.75, 0.85, 1.15, 1.3].map(speed),
];
