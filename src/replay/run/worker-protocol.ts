import type { ReplayJob } from '../pipeline/job.js';
import type { ReplayOutcome, StageSettings } from '../pipeline/stage.js';

/** Messages between a replay and its worker processes. */

export interface ReplayWorkerInit {
  readonly type: 'init';
  readonly settings: StageSettings;
}

export interface JobMessage {
  readonly type: 'job';
  readonly id: number;
  readonly job: ReplayJob;
}

export interface DoneMessage {
  readonly type: 'done';
  readonly id: number;
  readonly outcome: ReplayOutcome;
  /** Of the whole process so far, all recordings together: ms of decoding and voice activity. */
  readonly decodingMs: number;
}

/** The stage could not be opened: nothing will ever work. */
export interface RefusedMessage {
  readonly type: 'refused';
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}
