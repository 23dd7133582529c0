import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import { workerEntry } from '../../src/worker-entry.js';
import type { BareProbe } from './bare-recogniser.js';
import { CapacitySearch, type ProbeResult } from './capacity.js';
import { CORES, median, pin, round } from './measure.js';
import { type PoolProbeResult, PoolUnderTest } from './pool-probe.js';

const root = resolve(import.meta.dirname, '../..');
/** Partials later than this at p99 are late. */
const LATEST_PARTIAL_MS = 250;

export interface RecogniserBench {
  readonly model: string;
  readonly vad: string;
  readonly seconds: number;
  readonly rounds: number;
}

interface Round {
  readonly pool: PoolProbeResult;
  readonly ceiling: ProbeResult;
}

/** Both capacities, found in turns: a probe of the one, a probe of the other, over the same audio on the same core. */
export async function benchRecogniser({ model, vad, seconds, rounds }: RecogniserBench) {
  const pool = await PoolUnderTest.start(root, model, vad);
  const bare = new BareProcess();
  try {
    pin(bare.pid, CORES?.measured);
    const tell = (who: string, each: ProbeResult): void =>
      void process.stderr.write(
        `${who}: ${each.streams} streams, p50 ${each.p50Ms} ms, p99 ${each.p99Ms} ms, ${each.realTimeFactor} of a core each\n`,
      );
    const search = async (pauses: boolean, guess: Round | undefined): Promise<Round> => {
      const ofPool = async (streams: number) => {
        const result = await pool.probe(streams, seconds, pauses);
        tell('pool', result);
        return result;
      };
      const ofBare = async (streams: number) => {
        const result = await bare.probe({ model, streams, seconds, pauses });
        tell('bare', result);
        return result;
      };
      const guesses = guess ?? { pool: await ofPool(32), ceiling: await ofBare(32) };
      const start = (result: ProbeResult) => (guess ? result.streams : 0.85 / result.realTimeFactor);
      const searches = {
        pool: new CapacitySearch(ofPool, LATEST_PARTIAL_MS, start(guesses.pool)),
        ceiling: new CapacitySearch(ofBare, LATEST_PARTIAL_MS, start(guesses.ceiling)),
      };
      while (!searches.pool.done || !searches.ceiling.done) {
        for (const each of [searches.pool, searches.ceiling]) if (!each.done) await each.step();
      }
      if (!searches.pool.best || !searches.ceiling.best)
        throw new Error('not one stream was heard in time: the machine is too busy to measure anything');
      return { pool: searches.pool.best, ceiling: searches.ceiling.best };
    };
    const found: Round[] = [];
    for (let index = 0; index < rounds; index++) found.push(await search(true, found.at(-1)));
    const talking = await search(false, undefined);
    const capacities = summary(found);
    return {
      model,
      ...capacities,
      p99PartialMs: median(found.map((each) => each.pool.p99Ms)),
      p50PartialMs: median(found.map((each) => each.pool.p50Ms)),
      inTime: true,
      /** CPU of the service's own process beside the worker, in cores, at that many calls. */
      parentCores: round(median(found.map((each) => each.pool.parentRealTimeFactor * each.pool.streams)), 2),
      definition:
        `the most calls that one worker on one core hears with p99 partial delay <= ${LATEST_PARTIAL_MS} ms and no audio dropped, over the most streams that the bare loop on ` +
        'that core decodes with the same p99 from the arrival of a chunk; the same audio in real time, probes in turns, medians of the rounds',
      ceilingIncludes:
        "features and batched decoding of all audio, pauses too, over the free pass's graph; no voice activity, resampling, text, events or messages",
      poolIncludes:
        "voice activity, resampling, the free pass where somebody may be speaking, texts, finals, and the channel between the processes (the worker's half; the other is parentCores)",
      pinned: pool.pinned,
      /** Nobody ever pauses, so that voice activity saves nothing: what our own work costs. */
      callersWhoNeverPause: summary([talking]),
      rounds: found,
    };
  } finally {
    await pool.close();
    bare.close();
  }
}

function summary(found: readonly Round[]) {
  const callsPerCore = median(found.map(({ pool }) => pool.streams));
  const ceilingCallsPerCore = median(found.map(({ ceiling }) => ceiling.streams));
  const ratio = round(median(found.map(({ pool, ceiling }) => pool.streams / ceiling.streams)), 2);
  return { callsPerCore, ceilingCallsPerCore, ratio };
}

/** The bare loop in its process. */
class BareProcess {
  readonly #child;

  constructor() {
    const { path, execArgv } = workerEntry(import.meta.url, 'bare-recogniser');
    this.#child = fork(path, [], { execArgv: [...execArgv], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  probe(probe: BareProbe): Promise<ProbeResult> {
    return new Promise((done, fail) => {
      const onExit = (): void => fail(new Error('the bare loop has ended'));
      this.#child.once('exit', onExit);
      this.#child.once('message', (result) => {
        this.#child.off('exit', onExit);
        done(result as ProbeResult);
      });
      this.#child.send(probe);
    });
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
