import type { Entity } from '../intent-model.js';
import type { Candidate } from './types.js';

/** Where candidates overlap the one of higher priority stays, then the longer, then the earlier. Order of the text. */
export function resolveOverlaps(candidates: readonly Candidate[]): Entity[] {
  const sorted = [...candidates].sort(
    (a, b) => b.priority - a.priority || b.end - b.start - (a.end - a.start) || a.start - b.start,
  );
  const kept: Candidate[] = [];
  for (const candidate of sorted) {
    if (candidate.end <= candidate.start) continue;
    if (kept.every((other) => candidate.end <= other.start || candidate.start >= other.end)) kept.push(candidate);
  }
  return kept.sort((a, b) => a.start - b.start).map(({ priority: _priority, ...entity }) => entity);
}
