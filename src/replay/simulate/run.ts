import { setTimeout } from 'node:timers/promises';
import type { DeskItem } from '../../handoff/desk-store.js';
import { personaAt, type SimulatedCall, simulateCall } from './call.js';
import type { CallDriver } from './drivers.js';
import type { PersonaSpec, Scenario } from './scenario.js';
import { arrivals } from './schedule.js';

export interface SimulationOptions {
  readonly scenario: Scenario;
  /** Which calls: numbers from 0; the n-th is always the same caller with the same words. */
  readonly calls: readonly number[];
  readonly seed: number;
  readonly spoken: boolean;
  readonly atOnce: number;
  /** Calls come as the load pattern says; else as soon as there is room. */
  readonly paced: boolean;
  readonly connect: (spec: PersonaSpec, index: number, seed: number) => Promise<CallDriver> | CallDriver;
  readonly backendUrl: string | undefined;
  readonly desk: (() => Promise<readonly DeskItem[]>) | undefined;
  readonly signal: AbortSignal;
  readonly onDone?: (call: SimulatedCall, done: number, of: number) => void;
}

export interface Simulation {
  /** In order of their numbers. */
  readonly calls: readonly SimulatedCall[];
  /** Calls that came when all lines were taken, and waited. */
  readonly waited: number;
  readonly mostAtOnce: number;
  readonly wallMs: number;
}

/** Lets the callers come, side by side; ends when the last has hung up. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { scenario, calls, atOnce, signal } = options;
  const times = options.paced ? arrivals(scenario.load, calls.length, options.seed) : [];
  const beganMs = performance.now();
  const running = new Set<Promise<void>>();
  const done: SimulatedCall[] = [];
  let waited = 0;
  let mostAtOnce = 0;
  for (const [nth, index] of calls.entries()) {
    const dueMs = (times[nth] ?? 0) - (performance.now() - beganMs);
    if (dueMs > 0) await setTimeout(dueMs, undefined, { signal }).catch(() => undefined);
    if (options.paced && running.size >= atOnce) waited += 1;
    while (running.size >= atOnce) await Promise.race(running);
    if (signal.aborted) break;
    const call = one(index).then((result) => {
      running.delete(call);
      // What breaks off when the run is stopped is nobody's failure.
      if (signal.aborted && result.ended === 'broken') return;
      done.push(result);
      options.onDone?.(result, done.length, calls.length);
    });
    running.add(call);
    mostAtOnce = Math.max(mostAtOnce, running.size);
  }
  await Promise.all(running);
  return {
    calls: done.sort((left, right) => left.index - right.index),
    waited,
    mostAtOnce,
    wallMs: performance.now() - beganMs,
  };

  async function one(index: number): Promise<SimulatedCall> {
    const { seed, spoken, backendUrl, desk } = options;
    const driver = await Promise.resolve(options.connect(personaAt(scenario, index), index, seed)).catch(brokenLine);
    return simulateCall({ scenario, index, seed, spoken, driver, backendUrl, desk, signal });
  }
}

/** A call that could not be placed is a failed call among the others, not the end of all. */
function brokenLine(error: unknown): CallDriver {
  const fail = (): Promise<never> => Promise.reject(error);
  return { conversationId: '', begin: fail, say: fail, silence: fail, end: async () => {} };
}
