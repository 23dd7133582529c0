import { type ActionRequest, EffectNeeded, type RanAction, type RunAction } from './runner.js';

/** What was looked up ahead is good for this long: from the caller's last words to the end of their turn, and not until somebody else has changed it. */
const KEPT_MS = 3000;
const MOST_KEPT = 500;

interface Kept {
  readonly result: Promise<RanAction>;
  readonly atMs: number;
}

/**
 * Lookups may be done while the caller is still talking: what they bring is kept for the turn that then asks for the very same, so that nobody waits for it twice. Actions
 * that do something are never run ahead.
 */
export function withEarlyLookups(run: RunAction, isLookup: (name: string) => boolean): RunAction {
  const kept = new Map<string, Kept>();
  return async (name, request, history, mode = {}) => {
    const early = mode.rehearsal === true;
    if (!isLookup(name)) {
      if (early) throw new EffectNeeded();
      await mode.claim?.();
      return run(name, request, history, mode);
    }
    if (!early && kept.size === 0) return run(name, request, history, mode);
    const key = keyOf(name, request);
    const known = kept.get(key);
    if (known !== undefined && performance.now() - known.atMs <= KEPT_MS) {
      if (!early) kept.delete(key);
      return known.result;
    }
    if (!early) return run(name, request, history, mode);
    const result = run(name, request, history, mode);
    kept.set(key, { result, atMs: performance.now() });
    forgetOld(kept);
    return result.catch(() => {
      kept.delete(key);
      // The turn itself will try again, and say what is to be said.
      throw new EffectNeeded();
    });
  };
}

function keyOf(name: string, { nowMs: _, endpoints: __, ...request }: ActionRequest): string {
  return `${name}\n${JSON.stringify(request)}`;
}

function forgetOld(kept: Map<string, Kept>): void {
  const now = performance.now();
  for (const [key, { atMs }] of kept) {
    if (kept.size <= MOST_KEPT && now - atMs <= KEPT_MS) return;
    kept.delete(key);
  }
}
