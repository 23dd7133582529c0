import { samplesIn } from '../../dsp/framing.js';
import { rmsDbfs } from '../../dsp/levels.js';

export interface ChosenChannel {
  readonly index: number;
  /** How it was found, for the report. */
  readonly because: string;
}

const FRAME_MS = 20;
/** Speech lies at most this far below the loudest frame, and never below the floor of a quiet line. */
const SPEECH_BELOW_PEAK_DB = 30;
const SPEECH_FLOOR_DBFS = -50;
/** A click is no speech. */
const FRAMES_FOR_SPEECH = 4;
/** A difference in the noise between words that tells a line from a machine. */
const NOISE_DIFFERS_DB = 12;
/** Onsets this close together tell nothing. */
const ONSET_DIFFERS_MS = 300;

interface Heard {
  readonly onsetMs: number | undefined;
  /** Level between the words. */
  readonly floorDbfs: number;
}

/**
 * Which channel of a recording is the caller's: the one that is not the bot. A bot greets first, and between its words there is digital silence where a line has noise.
 */
export function findCallerChannel(channels: readonly Int16Array[], sampleRate: number): ChosenChannel {
  if (channels.length === 1) return { index: 0, because: 'the only channel' };
  const heard = channels.slice(0, 2).map((channel) => listen(channel, sampleRate));
  const [left, right] = heard as [Heard, Heard];
  if (left.onsetMs === undefined || right.onsetMs === undefined) {
    return { index: left.onsetMs === undefined ? 1 : 0, because: 'the other channel is silent' };
  }
  const onsetGap = left.onsetMs - right.onsetMs;
  if (Math.abs(onsetGap) >= ONSET_DIFFERS_MS)
    return { index: onsetGap > 0 ? 0 : 1, because: 'the other channel speaks first' };
  const noiseGap = left.floorDbfs - right.floorDbfs;
  if (Math.abs(noiseGap) >= NOISE_DIFFERS_DB)
    return { index: noiseGap > 0 ? 0 : 1, because: 'the other channel is silent between its words' };
  return { index: 0, because: 'left is usual; both channels look alike' };
}

function listen(pcm: Int16Array, sampleRate: number): Heard {
  const frame = samplesIn(FRAME_MS, sampleRate);
  const levels: number[] = [];
  for (let start = 0; start + frame <= pcm.length; start += frame)
    levels.push(rmsDbfs(pcm.subarray(start, start + frame)));
  const loudest = levels.reduce((most, level) => Math.max(most, level), Number.NEGATIVE_INFINITY);
  const threshold = Math.max(SPEECH_FLOOR_DBFS, loudest - SPEECH_BELOW_PEAK_DB);
  let run = 0;
  let onset: number | undefined;
  levels.forEach((level, index) => {
    run = level >= threshold ? run + 1 : 0;
    if (run === FRAMES_FOR_SPEECH) onset ??= index - FRAMES_FOR_SPEECH + 1;
  });
  const quiet = levels.filter((level) => level < threshold).sort((a, b) => a - b);
  return {
    onsetMs: onset === undefined ? undefined : onset * FRAME_MS,
    floorDbfs: quiet[Math.floor(quiet.length / 2)] ?? Number.NEGATIVE_INFINITY,
  };
}
