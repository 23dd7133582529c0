import { createHash } from 'node:crypto';
import type { ReplayJob } from '../replay/pipeline/job.js';

/** A job as the plan makes it for a call at 8 kHz of which nothing is known, but for `changes`. The file itself is not read here. */
export function replayJob(path: string, changes: Partial<ReplayJob> = {}): ReplayJob {
  return {
    file: path,
    path,
    content: createHash('sha256').update(path).digest('hex'),
    kind: 'call',
    timing: 'recorded',
    channel: undefined,
    band: 'line',
    language: undefined,
    graph: 'general',
    startedAtMs: Date.parse('2026-01-05T10:00:00+08:00'),
    labels: {},
    reference: undefined,
    source: '',
    speaker: undefined,
    task: undefined,
    trainedOn: false,
    ...changes,
  };
}
