import { asHearkenError } from '../../errors.js';
import type { ReplayJob } from '../pipeline/job.js';
import { failedRecording } from '../pipeline/stage.js';
import type { MeasuredRun, ReplayedCall, ReplayedRecording } from '../result.js';
import type { Journal } from '../run/journal.js';
import { type PlanOptions, planReplay } from '../run/plan.js';
import type { ReplayedSet } from '../run/replay-recordings.js';
import { type LiveLine, placeRecordedCall } from './live-call.js';

export interface ReplayLiveOptions {
  readonly paths: readonly string[];
  readonly plan: PlanOptions;
  readonly line: LiveLine;
  /** Calls at once. */
  readonly lines: number;
  /** Checksum of what the calls are placed to, as far as it is known. */
  readonly setup: string;
  /** Calls of a run that was stopped. */
  readonly journal: Journal;
  /** Places every call anew, whatever the journal has. */
  readonly fresh: boolean;
  readonly onProgress: (done: number, of: number) => void;
  /** Places one call. Default: over the line. */
  readonly place?: (job: ReplayJob, line: LiveLine) => Promise<ReplayedCall>;
}

export interface LiveSet extends ReplayedSet {
  /** Every call was placed. False: the run was stopped, or the line failed it; the same run then goes on with the calls that are missing. */
  readonly finished: boolean;
  /** Forgets the calls: they are never twice the same, so the run after one that has come to its end places all of them again. */
  forget(): void;
}

/** Real calls at real speed, over a bridge that runs: what the virtual line leaves out (network, pacing, load) is in it. After an abort what was done by then is told, and kept. */
export async function replayLive(options: ReplayLiveOptions): Promise<LiveSet> {
  const { line, journal, fresh, onProgress, place = placeRecordedCall } = options;
  // Whatever is known of a recording: on the line it is a call.
  const plan = await planReplay(options.paths, { ...options.plan, mode: 'calls' }, line.signal);
  const results: ReplayedRecording[] = [...plan.failed];
  const measured = new Map<string, MeasuredRun>();
  const waiting: ReplayJob[] = [];
  for (const job of plan.jobs) {
    const known = fresh ? undefined : journal.read(job);
    if (!known) {
      waiting.push(job);
      continue;
    }
    results.push(known.result);
    measured.set(job.file, known.measured);
  }
  const resumed = plan.jobs.length - waiting.length;
  const planned = plan.found;
  const beganMs = performance.now();
  let freshAudioMs = 0;
  let lineFailed = false;
  onProgress(results.length, planned);
  const placeAll = async (): Promise<void> => {
    for (let job = waiting.shift(); job && !line.signal.aborted; job = waiting.shift()) {
      const callBeganMs = performance.now();
      try {
        const result = await place(job, line);
        const outcome = { result, measured: { wallMs: performance.now() - callBeganMs, partsMs: 0 } };
        journal.write(job, outcome);
        results.push(result);
        measured.set(job.file, outcome.measured);
        freshAudioMs += result.audioMs;
      } catch (error) {
        if (line.signal.aborted) return;
        lineFailed ||= asHearkenError(error).code !== 'AUDIO_UNREADABLE';
        results.push(failedRecording(job, error));
      }
      onProgress(results.length, planned);
    }
  };
  await Promise.all(Array.from({ length: options.lines }, placeAll));
  results.sort((left, right) => (left.file < right.file ? -1 : left.file > right.file ? 1 : 0));
  return {
    results,
    measured,
    planned,
    resumed,
    freshAudioMs,
    wallMs: performance.now() - beganMs,
    setup: options.setup,
    unkept: journal.problem,
    finished: results.length === planned && !lineFailed,
    forget: () => {
      for (const job of plan.jobs) journal.forget(job);
    },
  };
}
