import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { samplesIn } from '../dsp/framing.js';
import { rmsDbfs } from '../dsp/levels.js';
import { HearkenError, messageOf } from '../errors.js';

/** One thing that the caller of a recording says, and where in the recording. */
export interface RecordedUtterance {
  readonly startMs: number;
  readonly endMs: number;
  /** What is said, where it is known. */
  readonly text?: string;
  /** Not said but keyed in. */
  readonly keys?: string;
  /** Said while the other side speaks, not after it. */
  readonly overBot?: boolean;
}

const FRAME_MS = 20;
/** Speech lies at most this far below the loudest frame of a recording. */
const SPEECH_BELOW_PEAK_DB = 30;
/** Nothing quieter is speech: the noise of a quiet line. */
const SPEECH_FLOOR_DBFS = -50;
/** A pause that is longer than this parts two utterances: longer than the pauses inside a number, shorter than waiting for an answer. */
const PART_MS = 1300;
const SHORTEST_MS = 80;
/** Kept around an utterance, so that soft beginnings and ends are not cut. */
const MARGIN_MS = 120;

/** Finds the utterances of a recording by its pauses. Empty for a recording without speech. */
export function splitUtterances(pcm: Int16Array, sampleRate: number): RecordedUtterance[] {
  const lengthMs = (pcm.length * 1000) / sampleRate;
  return speechSpans(pcm, sampleRate).map(({ startMs, endMs }) => ({
    startMs: Math.max(0, startMs - MARGIN_MS),
    endMs: Math.min(lengthMs, endMs + MARGIN_MS),
  }));
}

/** Where the last word of a piece of speech ends, ms from its begin; its whole length when nothing in it is loud enough to be speech. */
export function endOfSpeechMs(pcm: Int16Array, sampleRate: number): number {
  return speechSpans(pcm, sampleRate).at(-1)?.endMs ?? (pcm.length * 1000) / sampleRate;
}

/** Speech from its first loud frame to its last, parted by long pauses. */
function speechSpans(pcm: Int16Array, sampleRate: number): { startMs: number; endMs: number }[] {
  const frame = samplesIn(FRAME_MS, sampleRate);
  const levels: number[] = [];
  for (let start = 0; start < pcm.length; start += frame) levels.push(rmsDbfs(pcm.subarray(start, start + frame)));
  const loudest = levels.reduce((most, level) => Math.max(most, level), Number.NEGATIVE_INFINITY);
  const threshold = Math.max(SPEECH_FLOOR_DBFS, loudest - SPEECH_BELOW_PEAK_DB);
  const spans: { startMs: number; endMs: number; voicedMs: number }[] = [];
  levels.forEach((level, index) => {
    if (level < threshold) return;
    const atMs = index * FRAME_MS;
    const last = spans.at(-1);
    if (last && atMs - last.endMs < PART_MS) {
      last.endMs = atMs + FRAME_MS;
      last.voicedMs += FRAME_MS;
    } else spans.push({ startMs: atMs, endMs: atMs + FRAME_MS, voicedMs: FRAME_MS });
  });
  return spans.filter(({ voicedMs }) => voicedMs >= SHORTEST_MS);
}

const scriptSchema = z.object({
  language: z.string().optional(),
  utterances: z
    .array(z.object({ startMs: z.number().min(0), endMs: z.number().positive(), text: z.string().optional() }))
    .min(1),
});

export interface CallScript {
  readonly language?: string;
  readonly utterances: readonly RecordedUtterance[];
}

/** The script beside a recording (`x.wav` → `x.json`), undefined when there is none. Throws FILE_UNREADABLE when it is not a script. */
export function readScript(recording: string): CallScript | undefined {
  const file = recording.replace(/\.[^./]+$/, '.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch {
    return undefined;
  }
  try {
    const { language, utterances } = scriptSchema.parse(JSON.parse(text));
    return {
      ...(language === undefined ? {} : { language }),
      utterances: utterances.map(({ startMs, endMs, text: words }) => ({
        startMs,
        endMs,
        ...(words === undefined ? {} : { text: words }),
      })),
    };
  } catch (error) {
    throw new HearkenError('FILE_UNREADABLE', `${file} is not a call script: ${messageOf(error)}`, {
      hint: 'Write {"utterances":[{"startMs":0,"endMs":1200,"text":"…"}]}, or remove the file: pauses then part the utterances.',
    });
  }
}
