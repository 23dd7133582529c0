import { seededRandom } from '../statistics/random.js';

export interface LossOptions {
  /** Packets lost, 0 to 1. */
  readonly share: number;
  /** Mean length of a row of lost packets; 1: each packet by itself. */
  readonly burst: number;
  /** What is lost is made up from what came before, as jitter buffers do; else it is silence. */
  readonly concealed: boolean;
  readonly sampleRate: number;
  readonly seed: number;
}

const PACKET_MS = 20;
/** A made-up packet is quieter than the one before it, and after 60 ms there is silence (as ITU-T G.711 Appendix I ends). */
const FADE = 0.6;
const LONGEST_MADE_UP = 3;

/** Loses packets of 20 ms: a two-state chain (Gilbert 1960), so that loss comes in rows. The same ones for the same seed. */
export function losePackets(pcm: Int16Array, { share, burst, concealed, sampleRate, seed }: LossOptions): Int16Array {
  const random = seededRandom(seed);
  const size = Math.round((sampleRate * PACKET_MS) / 1000);
  const out = pcm.slice();
  const endLoss = 1 / burst;
  const beginLoss = share >= 1 ? 1 : (share * endLoss) / (1 - share);
  let lost = false;
  let inRow = 0;
  for (let start = 0; start < out.length; start += size) {
    lost = lost ? random() >= endLoss : random() < beginLoss;
    inRow = lost ? inRow + 1 : 0;
    if (!lost) continue;
    const packet = out.subarray(start, start + size);
    if (!concealed || inRow > LONGEST_MADE_UP || start < size) packet.fill(0);
    else
      for (let index = 0; index < packet.length; index++) packet[index] = (out[start - size + index] as number) * FADE;
  }
  return out;
}
