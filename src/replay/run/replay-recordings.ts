import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HearkenError, messageOf } from '../../errors.js';
import { trainOrLoadForApp } from '../../nlu/index.js';
import type { ReplayJob } from '../pipeline/job.js';
import { applicationFolder, type ReplayOutcome, type StageSettings } from '../pipeline/stage.js';
import type { MeasuredRun, ReplayedRecording } from '../result.js';
import { Journal } from './journal.js';
import { type Plan, type PlanOptions, planReplay } from './plan.js';
import { ReplayPool } from './replay-pool.js';
import { setupChecksum } from './setup-checksum.js';

export interface ReplayRecordingsOptions {
  readonly paths: readonly string[];
  readonly plan: PlanOptions;
  /** `dialogue` follows from what the recordings are. */
  readonly settings: Omit<StageSettings, 'dialogue'>;
  readonly workers: number;
  /** Replays everything anew, whatever the journal has. */
  readonly fresh: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, of: number, resumed: number) => void;
}

export interface ReplayedSet {
  /** In order of their names; those that were not reached (after an abort) are missing. */
  readonly results: readonly ReplayedRecording[];
  readonly measured: ReadonlyMap<string, MeasuredRun>;
  readonly planned: number;
  /** Taken from the journal. */
  readonly resumed: number;
  /** Ms of audio that was replayed now. */
  readonly freshAudioMs: number;
  readonly wallMs: number;
  /** Checksum of configuration, application, models and program. */
  readonly setup: string;
  /** Why results could not be kept for going on another time; undefined when all were. */
  readonly unkept?: string | undefined;
}

/** Replays recordings over all cores, resuming what was replayed before with the same setup. Rejects with what the stage can't be opened for, and REQUEST_INVALID where there can be no work folder. */
export async function replayRecordings(options: ReplayRecordingsOptions): Promise<ReplayedSet> {
  const { paths, workers, fresh, signal, onProgress } = options;
  const plan: Plan = await planReplay(paths, options.plan, signal);
  const dialogue = plan.jobs.some(({ kind }) => kind === 'call');
  const settings: StageSettings = { ...options.settings, dialogue };
  makeWorkFolder(settings.workFolder);
  const setup = setupChecksum(settings);
  const journal = new Journal(join(settings.workFolder, 'journal'), setup);
  journal.removeOlderThan(settings.config.record.keepDays, new Date());
  const outcomes = new Map<ReplayJob, ReplayOutcome>();
  if (!fresh) {
    for (const job of plan.jobs) {
      const known = journal.read(job);
      if (known) outcomes.set(job, known);
    }
  }
  const resumed = outcomes.size;
  const of = plan.found;
  const tell = (): void => onProgress?.(outcomes.size + plan.failed.length, of, resumed);
  tell();
  const beganMs = performance.now();
  const missing = plan.jobs.filter((job) => !outcomes.has(job));
  if (missing.length > 0 && dialogue && !signal.aborted) await trainOnce(settings);
  await ReplayPool.run(
    {
      settings,
      workers,
      signal,
      onDone: (job, outcome) => {
        outcomes.set(job, outcome);
        journal.write(job, outcome);
        tell();
      },
    },
    missing,
  );
  const done = [...outcomes.values()].map(({ result }) => result);
  const results = [...done, ...plan.failed].sort((left, right) =>
    left.file < right.file ? -1 : left.file > right.file ? 1 : 0,
  );
  const freshAudioMs = missing.reduce((sum, job) => {
    const result = outcomes.get(job)?.result;
    return sum + (result && result.kind !== 'failed' ? result.audioMs : 0);
  }, 0);
  const measured = new Map([...outcomes.values()].map(({ result, measured: each }) => [result.file, each]));
  const wallMs = performance.now() - beganMs;
  return { results, measured, planned: of, resumed, freshAudioMs, wallMs, setup, unkept: journal.problem };
}

/** Throws REQUEST_INVALID. */
export function makeWorkFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new HearkenError('REQUEST_INVALID', `The work folder ${folder} can't be made: ${messageOf(error)}`, {
      hint: 'Name another one with --work.',
      cause: error,
    });
  }
}

/** The processes load what is trained here; otherwise each of them would train it. */
async function trainOnce({ config, root }: StageSettings): Promise<void> {
  const model = await trainOrLoadForApp(
    applicationFolder(config, root),
    join(resolve(root, config.store.folder), 'nlu'),
    {
      ...(config.nlu.encoder === undefined ? {} : { encoderFolder: resolve(root, config.nlu.encoder) }),
    },
  );
  await model.close();
}
