import { samplesIn } from '../../dsp/framing.js';
import { decodeMulaw, encodeMulaw } from '../../dsp/g711.js';
import { resample } from '../../dsp/resample.js';
import { HearkenError } from '../../errors.js';
import { readAudioChannels } from '../../speech/audio-file.js';
import { endOfSpeechMs, splitUtterances } from '../utterances.js';
import { type ChosenChannel, findCallerChannel } from './caller-channel.js';
import type { LabelledUtterance, Labels } from './labels.js';

export interface CallerAudio {
  readonly pcm: Int16Array;
  readonly sampleRate: number;
  readonly channel: ChosenChannel;
  readonly channels: number;
}

export interface ReadRecordingOptions {
  /** From 0; undefined: found by itself. */
  readonly channel: number | undefined;
  /** Our own record: the caller is left. */
  readonly ownRecord: boolean;
  /** `telephone`: 8 kHz through µ-law; `line`: 8 kHz; `own`: 8 or 16 kHz as it was recorded. */
  readonly band: 'telephone' | 'line' | 'own';
}

/** The caller's side of a recording. Throws AUDIO_UNREADABLE. */
export async function readRecording(file: string, options: ReadRecordingOptions): Promise<CallerAudio> {
  const { channels, sampleRate } = await readAudioChannels(file);
  const channel = choose(file, channels, sampleRate, options);
  const own = channels[channel.index] ?? new Int16Array(0);
  if (options.band === 'own') return { pcm: own, sampleRate, channel, channels: channels.length };
  const narrow = resample(own, sampleRate, 8000);
  const pcm = options.band === 'telephone' ? decodeMulaw(encodeMulaw(narrow)) : narrow;
  return { pcm, sampleRate: 8000, channel, channels: channels.length };
}

function choose(
  file: string,
  channels: readonly Int16Array[],
  sampleRate: number,
  { channel, ownRecord }: ReadRecordingOptions,
): ChosenChannel {
  if (channel !== undefined) {
    if (channels[channel] !== undefined) return { index: channel, because: 'as asked' };
    throw new HearkenError(
      'AUDIO_UNREADABLE',
      `The recording ${file} has ${channels.length} channel(s), so none with number ${channel}.`,
      {
        hint: 'Channels count from 0; without --channel the caller is found by itself.',
      },
    );
  }
  if (ownRecord && channels.length === 2) return { index: 0, because: 'our own record: the caller is left' };
  return findCallerChannel(channels, sampleRate);
}

/** What is said in a recording: as labelled, else parted by its pauses; with the end of each last word. What the record says was keyed in comes between. */
export function utterancesIn(
  { pcm, sampleRate }: Pick<CallerAudio, 'pcm' | 'sampleRate'>,
  { utterances, record }: Pick<Labels, 'utterances' | 'record'>,
): readonly LabelledUtterance[] {
  const spans: readonly LabelledUtterance[] = utterances ?? splitUtterances(pcm, sampleRate);
  const keyed = spans.some(({ keys }) => keys !== undefined) ? [] : (record?.keys ?? []);
  const lengthMs = (pcm.length * 1000) / sampleRate;
  return [...spans, ...keyed]
    .filter(({ startMs }) => startMs < lengthMs)
    .sort((left, right) => left.startMs - right.startMs)
    .map((span) => {
      if (span.keys !== undefined) return span;
      const endMs = Math.min(span.endMs, lengthMs);
      const slice = pcm.subarray(samplesIn(span.startMs, sampleRate), samplesIn(endMs, sampleRate));
      return { ...span, endMs, speechEndMs: Math.min(endMs, span.startMs + endOfSpeechMs(slice, sampleRate)) };
    });
}
