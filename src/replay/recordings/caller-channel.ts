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
  readonly speechMs: number;
}

/** A channel that somebody speaks on. */
interface Voice extends Heard {
  readonly index: number;
  readonly onsetMs: number;
}

/**
 * Which channel of a recording is the caller's: the one that is not the bot. A bot greets first, and between its words there is digital silence where a line has noise.
 * Of more than two voices (a supervisor, an agent who joins) the caller is the one who, the bot apart, speaks most.
 */
export function findCallerChannel(channels: readonly Int16Array[], sampleRate: number): ChosenChannel {
  if (channels.length === 1) return { index: 0, because: 'the only channel' };
  const voices = channels.flatMap((channel, index) => {
    const { onsetMs, ...heard } = listen(channel, sampleRate);
    return onsetMs === undefined ? [] : [{ index, onsetMs, ...heard }];
  });
  const others = channels.length === 2 ? 'the other channel is' : 'the other channels are';
  const [first, second] = voices;
  if (!first) return { index: 0, because: 'no channel has speech' };
  if (!second) return { index: first.index, because: `${others} silent` };
  if (voices.length === 2) return chooseOfTwo(first, second);
  const [bot, ...rest] = voices.toSorted((left, right) => left.onsetMs - right.onsetMs || left.index - right.index);
  const caller = rest.reduce((most, each) => (each.speechMs > most.speechMs ? each : most), rest[0] ?? first);
  return { index: caller.index, because: `channel ${bot?.index} speaks first, and of the others this one most` };
}

function chooseOfTwo(left: Voice, right: Voice): ChosenChannel {
  const onsetGap = left.onsetMs - right.onsetMs;
  if (Math.abs(onsetGap) >= ONSET_DIFFERS_MS)
    return { index: (onsetGap > 0 ? left : right).index, because: 'the other channel speaks first' };
  const noiseGap = left.floorDbfs - right.floorDbfs;
  if (Math.abs(noiseGap) >= NOISE_DIFFERS_DB)
    return { index: (noiseGap > 0 ? left : right).index, because: 'the other channel is silent between its words' };
  return { index: left.index, because: 'left is usual; both channels look alike' };
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
    speechMs: (levels.length - quiet.length) * FRAME_MS,
  };
}
