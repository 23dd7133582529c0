import { failedRecording } from '../pipeline/stage.js';
import type { MeasuredRun, ReplayedRecording } from '../result.js';
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
  readonly onProgress: (done: number, of: number) => void;
}

/** Real calls at real speed, over a bridge that runs: what the virtual line leaves out (network, pacing, load) is in it. After an abort what was done by then is told. */
export async function replayLive(options: ReplayLiveOptions): Promise<ReplayedSet> {
  const { line, onProgress } = options;
  // Whatever is known of a recording: on the line it is a call.
  const plan = planReplay(options.paths, { ...options.plan, mode: 'calls' });
  const results: ReplayedRecording[] = [...plan.failed];
  const measured = new Map<string, MeasuredRun>();
  const waiting = [...plan.jobs];
  const planned = plan.jobs.length + plan.failed.length;
  const beganMs = performance.now();
  onProgress(results.length, planned);
  const placeAll = async (): Promise<void> => {
    for (let job = waiting.shift(); job && !line.signal.aborted; job = waiting.shift()) {
      const callBeganMs = performance.now();
      try {
        results.push(await placeRecordedCall(job, line));
        measured.set(job.file, { wallMs: performance.now() - callBeganMs, partsMs: 0 });
      } catch (error) {
        if (line.signal.aborted) return;
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
    resumed: 0,
    freshAudioMs: results.reduce((sum, result) => sum + (result.kind === 'failed' ? 0 : result.audioMs), 0),
    wallMs: performance.now() - beganMs,
    setup: options.setup,
  };
}
