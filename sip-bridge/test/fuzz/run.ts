import { messageOf } from '../../src/errors.js';
import { mutate, Random } from './mutate.js';
import { fuzzTargets } from './targets.js';

export interface FuzzResult {
  readonly seed: number;
  readonly mutations: number;
  readonly perTarget: Readonly<Record<string, number>>;
  /** Inputs that made something throw, the first few, and how slow the slowest was. */
  readonly findings: readonly { readonly target: string; readonly error: string; readonly inputBase64: string }[];
  readonly unhandled: number;
  readonly slowestMs: number;
  /** Heap after the run less heap after a tenth of it, both collected; 0 when the collector can't be called. */
  readonly growthBytes: number;
}

const MAX_FINDINGS = 20;
/** Slower than this for one input counts as a finding: a pattern that runs away. */
const SLOW_MS = 250;

/** Feeds mutated inputs to everything that reads from the network. */
export async function fuzz(options: { readonly seed: number; readonly mutations: number }): Promise<FuzzResult> {
  const { seed, mutations } = options;
  const random = new Random(seed);
  const targets = fuzzTargets();
  const everything = targets.flatMap(({ seeds }) => seeds);
  const perTarget: Record<string, number> = {};
  const findings: { target: string; error: string; inputBase64: string }[] = [];
  let unhandled = 0;
  const onUnhandled = (): void => {
    unhandled++;
  };
  process.on('unhandledRejection', onUnhandled);
  let slowestMs = 0;
  let baseBytes = 0;
  try {
    for (let count = 0; count < mutations; count++) {
      const target = random.pick(targets);
      perTarget[target.name] = (perTarget[target.name] ?? 0) + 1;
      const input = mutate(random.pick(target.seeds), everything, random);
      // Of the processor, not of the clock: a busy machine is no finding.
      const start = process.cpuUsage();
      try {
        target.feed(input);
      } catch (error) {
        if (findings.length < MAX_FINDINGS)
          findings.push({ target: target.name, error: messageOf(error), inputBase64: input.toString('base64') });
      }
      const { user, system } = process.cpuUsage(start);
      const tookMs = (user + system) / 1000;
      slowestMs = Math.max(slowestMs, tookMs);
      if (tookMs > SLOW_MS && findings.length < MAX_FINDINGS) {
        findings.push({
          target: target.name,
          error: `took ${Math.round(tookMs)} ms`,
          inputBase64: input.toString('base64'),
        });
      }
      // Promises and timers want their turn.
      if (count % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (count === Math.floor(mutations / 10)) baseBytes = heap();
    }
    await Promise.all(targets.map((target) => target.close()));
    await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    process.off('unhandledRejection', onUnhandled);
  }
  const growthBytes = baseBytes === 0 ? 0 : heap() - baseBytes;
  return { seed, mutations, perTarget, findings, unhandled, slowestMs: Math.round(slowestMs * 10) / 10, growthBytes };
}

function heap(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc) return 0;
  gc();
  return process.memoryUsage().heapUsed;
}
