import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeWav } from '../../dsp/wav.js';
import { HearkenError, messageOf } from '../../errors.js';
import { findRecordings } from '../recordings/find-recordings.js';
import { readRecording } from '../recordings/read-recording.js';
import { type PlanOptions, planReplay } from '../run/plan.js';
import { type ReplayRecordingsOptions, replayRecordings } from '../run/replay-recordings.js';
import { scoreText } from '../score/score-recording.js';
import { errorsIn } from '../score/text-errors.js';
import { type Estimate, estimateShare, type Share } from '../statistics/bootstrap.js';
import { ffmpegEncoders } from './codecs.js';
import { CONDITIONS, type Condition, type Family } from './conditions.js';

export interface DegradeOptions {
  readonly paths: readonly string[];
  readonly plan: PlanOptions;
  readonly settings: ReplayRecordingsOptions['settings'];
  readonly workers: number;
  /** Only these families; empty: all. */
  readonly families: readonly string[];
  readonly seed: number;
  /** Degraded sound lies here while it is recognised; made and removed. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (what: string, done: number, of: number) => void;
}

export interface ConditionResult {
  readonly id: string;
  readonly family: Family;
  readonly label: string;
  /** Character errors; null where nothing could be compared. */
  readonly cer: Estimate | null;
  readonly recordings: readonly {
    readonly file: string;
    readonly heard: string;
    readonly errors: number;
    readonly of: number;
  }[];
}

export interface DegradeReport {
  readonly format: 1;
  readonly seed: number;
  /** What errors are counted against: transcripts, or what was recognised of the recording as it is. */
  readonly against: 'transcript' | 'as it is' | 'both';
  readonly conditions: readonly ConditionResult[];
  /** Codecs that this ffmpeg does not have. */
  readonly skipped: readonly string[];
  readonly failed: readonly { readonly file: string; readonly reason: string }[];
  readonly wallMs: number;
}

interface Source {
  readonly file: string;
  readonly name: string;
  readonly language: string;
  readonly task: string | undefined;
  readonly reference: string | undefined;
}

/** The same recordings under many conditions, each recognised: where does it break? Rejects when nothing can be recognised at all. */
export async function degrade(options: DegradeOptions): Promise<DegradeReport> {
  const { paths, plan, folder, families, seed, signal, onProgress } = options;
  const beganMs = performance.now();
  const planned = await planReplay(paths, { ...plan, mode: 'recognition' }, signal);
  const failed = planned.failed.map(({ file, reason }) => ({ file, reason }));
  const encoders = await ffmpegEncoders();
  const wanted = CONDITIONS.filter(
    ({ family }) => family === 'as it is' || families.length === 0 || families.includes(family),
  );
  const conditions = wanted.filter(({ needs }) => needs === undefined || encoders.has(needs));
  const sources: Source[] = [];
  await rm(folder, { recursive: true, force: true });
  try {
    for (const [index, job] of planned.jobs.entries()) {
      if (signal.aborted) break;
      onProgress?.('degrading', index, planned.jobs.length);
      try {
        const { pcm, sampleRate } = await readRecording(job.path, {
          channel: job.channel,
          ownRecord: job.labels.record !== undefined,
          band: 'own',
        });
        const name = `${String(index).padStart(5, '0')}.wav`;
        for (const condition of conditions) {
          const made = await condition.apply({ pcm, sampleRate }, (seed * 65_537 + index) >>> 0);
          await mkdir(join(folder, condition.id), { recursive: true });
          await writeFile(join(folder, condition.id, name), encodeWav([made.pcm], made.sampleRate));
        }
        const language = job.language ?? options.settings.config.app.language;
        const spoken = job.labels.utterances?.map(({ text }) => text ?? '').join(' ');
        sources.push({
          file: job.file,
          name,
          language,
          task: job.task,
          reference: job.reference ?? (spoken || undefined),
        });
      } catch (error) {
        failed.push({ file: job.file, reason: messageOf(error) });
      }
    }
    if (sources.length === 0 && !signal.aborted) throw nothing(paths, failed);
    const heard = await recognise(options, sources);
    const results = conditions.map((condition) => resultOf(condition, sources, heard, seed, folder));
    const withText = sources.filter(({ reference }) => reference !== undefined).length;
    return {
      format: 1,
      seed,
      against: withText === sources.length ? 'transcript' : withText === 0 ? 'as it is' : 'both',
      conditions: results,
      skipped: wanted.filter((condition) => !conditions.includes(condition)).map(({ label }) => label),
      failed,
      wallMs: Math.round(performance.now() - beganMs),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function nothing(paths: readonly string[], [first]: DegradeReport['failed']): HearkenError {
  return first
    ? new HearkenError('AUDIO_UNREADABLE', `None of the recordings can be read. ${first.file}: ${first.reason}`)
    : new HearkenError('FILE_UNREADABLE', `There are no recordings in ${paths.join(', ')}.`, {
        hint: 'Name files, or folders with recordings that ffmpeg reads.',
      });
}

/** What was heard, by file. One replay for each language: the degraded files have no labels beside them. */
async function recognise(options: DegradeOptions, sources: readonly Source[]): Promise<ReadonlyMap<string, string>> {
  const { folder, plan, settings, workers, signal, onProgress } = options;
  const heard = new Map<string, string>();
  for (const language of new Set(sources.map((source) => source.language))) {
    const names = new Set(sources.filter((source) => source.language === language).map(({ name }) => name));
    const degraded = findRecordings([folder]).filter(({ path }) => names.has(path.slice(-'00000.wav'.length)));
    const set = await replayRecordings({
      paths: degraded.map(({ path }) => path),
      plan: { ...plan, mode: 'recognition', band: 'own', language, channel: 0, transcripts: undefined },
      settings,
      workers,
      fresh: true,
      signal,
      onProgress: (done, of) => onProgress?.('recognising', done, of),
    });
    for (const result of set.results) if (result.kind === 'recognition') heard.set(result.file, result.heard);
  }
  return heard;
}

function resultOf(
  { id, family, label }: Condition,
  sources: readonly Source[],
  heard: ReadonlyMap<string, string>,
  seed: number,
  folder: string,
): ConditionResult {
  const recordings = sources.flatMap(({ file, name, language, task, reference }) => {
    const text = heard.get(join(folder, id, name));
    const truth = reference ?? heard.get(join(folder, 'as-it-is', name));
    if (text === undefined || truth === undefined) return [];
    const score = scoreText(truth, text, language, task ?? null);
    return score ? [{ file, heard: text, errors: errorsIn(score.characters), of: score.characters.units }] : [];
  });
  const shares: Share[] = recordings.map(({ errors, of }) => ({ part: errors, of }));
  return { id, family, label, cer: estimateShare(shares, { seed }) ?? null, recordings };
}
