import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { HearkenError, messageOf } from '../../errors.js';
import type { Graph } from '../../speech/graph.js';
import type { ReplayJob } from '../pipeline/job.js';
import { failedRecording } from '../pipeline/stage.js';
import { type FoundRecording, findRecordings } from '../recordings/find-recordings.js';
import { type Labels, readSidecars } from '../recordings/labels.js';
import { readTranscripts, type Transcript } from '../recordings/transcripts.js';
import type { FailedRecording } from '../result.js';

export interface PlanOptions {
  /** `auto`: a recording with one transcript and no utterances is only recognised, all others are calls. */
  readonly mode: 'auto' | 'calls' | 'recognition';
  /** `auto`: our own records as they were recorded, others answer by answer. */
  readonly timing: 'auto' | 'recorded' | 'answer';
  readonly channel?: number | undefined;
  /** `auto`: calls at 8 kHz, what is only recognised at its own rate. */
  readonly band: 'auto' | 'telephone' | 'line' | 'own';
  readonly language?: string | undefined;
  readonly graph: Graph | 'task';
  readonly transcripts?: string | undefined;
  /** Epoch ms for recordings that don't tell when they were made. */
  readonly nowMs: number;
  /** Speakers the recogniser was trained on. */
  readonly trainedOn: readonly string[];
}

export interface Plan {
  readonly jobs: readonly ReplayJob[];
  /** What can't even be tried. */
  readonly failed: readonly FailedRecording[];
}

/** Finds the recordings and what is known of them. Throws FILE_UNREADABLE for paths that are not there and transcripts that can't be read. */
export function planReplay(paths: readonly string[], options: PlanOptions): Plan {
  const transcripts = options.transcripts === undefined ? undefined : readTranscripts(options.transcripts);
  const jobs: ReplayJob[] = [];
  const failed: FailedRecording[] = [];
  for (const recording of findRecordings(paths)) {
    const transcript = transcripts && findTranscript(recording, transcripts, dirname(options.transcripts ?? ''));
    const source = transcript?.source ?? (dirname(recording.name) === '.' ? '' : dirname(recording.name));
    let content = '';
    try {
      content = createHash('sha256').update(readWhole(recording.path)).digest('hex');
      jobs.push(plannedJob(recording, content, source, transcript, options));
    } catch (error) {
      failed.push(failedRecording({ file: recording.name, content, source }, error));
    }
  }
  return { jobs, failed };
}

function plannedJob(
  { name, path }: FoundRecording,
  content: string,
  source: string,
  transcript: Transcript | undefined,
  options: PlanOptions,
): ReplayJob {
  const labels = readSidecars(path);
  const reference = transcript?.text ?? labels.text;
  const recognition = options.mode === 'recognition' || (options.mode === 'auto' && onlyOneText(labels, reference));
  const trainedOn = transcript?.speaker !== undefined && options.trainedOn.includes(transcript.speaker);
  const auto = recognition ? ('own' as const) : ('line' as const);
  return {
    file: name,
    path,
    content,
    kind: recognition ? 'recognition' : 'call',
    timing: options.timing === 'auto' ? (labels.record === undefined ? 'answer' : 'recorded') : options.timing,
    channel: options.channel,
    band: options.band === 'auto' ? auto : options.band,
    language: options.language ?? labels.language ?? languageTag(transcript?.language),
    graph: options.graph === 'task' ? (transcript?.task === 'digits' ? 'digits' : 'general') : options.graph,
    startedAtMs: labels.record?.startedAtMs ?? options.nowMs,
    labels,
    reference,
    source,
    speaker: transcript?.speaker,
    task: transcript?.task,
    trainedOn,
  };
}

function onlyOneText(labels: Labels, reference: string | undefined): boolean {
  return reference !== undefined && labels.utterances === undefined && labels.record === undefined;
}

function languageTag(language: string | undefined): string | undefined {
  return language === 'zh' ? 'zh-CN' : language;
}

/** By the path below the table's folder, by the name as written, or by the last part of it. */
function findTranscript(
  recording: FoundRecording,
  transcripts: ReadonlyMap<string, Transcript>,
  folder: string,
): Transcript | undefined {
  return (
    transcripts.get(relative(folder, recording.path)) ??
    transcripts.get(recording.name) ??
    transcripts.get(basename(recording.path))
  );
}

function readWhole(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new HearkenError('AUDIO_UNREADABLE', `The recording ${path} can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
