import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { dirname, relative } from 'node:path';
import { HearkenError, messageOf } from '../../errors.js';
import type { Graph } from '../../speech/graph.js';
import type { ReplayJob } from '../pipeline/job.js';
import { failedRecording } from '../pipeline/stage.js';
import { type FoundRecording, findRecordings } from '../recordings/find-recordings.js';
import { type Labels, readSidecars } from '../recordings/labels.js';
import { readTranscripts, type Transcript, transcriptKey } from '../recordings/transcripts.js';
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
  /** Recordings that were found; more than jobs and failed ones after an abort. */
  readonly found: number;
}

/**
 * Finds the recordings and what is known of them; each is read once for its checksum, which an abort ends. Rejects with FILE_UNREADABLE for paths that are not there and
 * transcripts that can't be read.
 */
export async function planReplay(paths: readonly string[], options: PlanOptions, signal?: AbortSignal): Promise<Plan> {
  const transcripts = options.transcripts === undefined ? undefined : readTranscripts(options.transcripts);
  const jobs: ReplayJob[] = [];
  const failed: FailedRecording[] = [];
  const recordings = findRecordings(paths);
  for (const recording of recordings) {
    if (signal?.aborted) break;
    const transcript = transcripts && findTranscript(recording, transcripts, dirname(options.transcripts ?? ''));
    const source = transcript?.source ?? (dirname(recording.name) === '.' ? '' : dirname(recording.name));
    let content = '';
    try {
      content = await checksumOf(recording.path);
      jobs.push(plannedJob(recording, content, source, transcript, options));
    } catch (error) {
      failed.push(failedRecording({ file: recording.name, content, source }, error));
    }
  }
  return { jobs, failed, found: recordings.length };
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

/** As people write it in a table: `zh`, `zh_CN`, `EN`. */
function languageTag(language: string | undefined): string | undefined {
  if (language === undefined) return undefined;
  try {
    const [tag] = Intl.getCanonicalLocales(language.replaceAll('_', '-'));
    return tag === 'zh' ? 'zh-CN' : tag;
  } catch {
    return language;
  }
}

/** By the path below the table's folder, by the name as written, or by so many of its last parts as the table tells. */
function findTranscript(
  recording: FoundRecording,
  transcripts: ReadonlyMap<string, Transcript>,
  folder: string,
): Transcript | undefined {
  const below = transcripts.get(transcriptKey(relative(folder, recording.path)));
  if (below) return below;
  const parts = transcriptKey(recording.name).split('/');
  for (let from = 0; from < parts.length; from++) {
    const found = transcripts.get(parts.slice(from).join('/'));
    if (found) return found;
  }
  return undefined;
}

async function checksumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch (error) {
    throw new HearkenError('AUDIO_UNREADABLE', `The recording ${path} can't be read: ${messageOf(error)}`, {
      ...(path.includes('\ufffd') ? { hint: 'Its name is not written in UTF-8: give it another.' } : {}),
      cause: error,
    });
  }
}
