import type { Metrics } from '../insight/metrics.js';
import type { TurnTiming } from './timings.js';
import { stagesOf } from './trace.js';

/** Seconds; the goal lies at 0.35 (median) and 0.6 (p95). */
const RESPONSE_BUCKETS = [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 5];
const STAGE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.7, 1.2, 2, 4];

/** Histograms of what every turn records: from the end of speech to the first sound heard, and each stage on the way there. */
export function measuredTurns(metrics: Metrics): (timing: TurnTiming) => void {
  const response = metrics.histogram(
    'turn_response_seconds',
    'From the end of speech to the first sound the caller hears',
    {
      buckets: RESPONSE_BUCKETS,
    },
  );
  const stages = metrics.histogram('turn_stage_seconds', 'Stages of a spoken turn, each since the one before it', {
    labels: ['stage'],
    buckets: STAGE_BUCKETS,
  });
  return (timing) => {
    const { responseMs, stages: measured } = stagesOf(timing);
    if (timing.endOfSpeechMs === undefined) return;
    if (responseMs !== null) response.observe(responseMs / 1000);
    for (const { stage, ms } of measured) stages.observe(ms / 1000, { stage: stage.replaceAll(' ', '_') });
  };
}
