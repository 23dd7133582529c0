import { setTimeout as sleep } from 'node:timers/promises';
import { RecognizerPool } from '../../src/speech/recognizer-pool.js';
import { SILENT_LOGGER } from '../../src/speech/worker-process.js';
import type { ProbeResult } from './capacity.js';
import {
  CORES,
  callerLines,
  callerTape,
  cpuSeconds,
  FRAME,
  FRAME_MS,
  PHASES,
  percentile,
  pin,
  RATE,
  round,
} from './measure.js';

export interface PoolProbeResult extends ProbeResult {
  /** Of this process, a stream: the pool's own half, and the feeding of so many callers. */
  readonly parentRealTimeFactor: number;
  readonly partials: number;
  readonly finals: number;
}

/** One worker on the measured core, as the product runs it; probes open their streams in it one after the other. */
export class PoolUnderTest {
  readonly #pool: RecognizerPool;
  readonly #tapes: ReadonlyMap<boolean, Int16Array>;
  readonly pinned: boolean;

  private constructor(pool: RecognizerPool, root: string) {
    this.#pool = pool;
    this.#tapes = new Map([true, false].map((pauses) => [pauses, callerTape(root, pauses)]));
    this.pinned = pin(pool.pids[0] ?? 0, CORES?.measured) && pin(process.pid, CORES?.other);
  }

  static async start(root: string, model: string, vad: string): Promise<PoolUnderTest> {
    const pool = new RecognizerPool({
      workers: 1,
      maxStreamsPerWorker: 4096,
      // What is asked here is how much it can do; admission control would stop before that.
      highestLoad: Number.POSITIVE_INFINITY,
      hangTimeoutMs: 30_000,
      logger: SILENT_LOGGER,
      init: { recognizer: model, vad, root, folders: [], preRollMs: 300 },
    });
    await pool.whenReady();
    return new PoolUnderTest(pool, root);
  }

  /**
   * A partial's delay: from the arrival of the audio that can have made it whole to its event in this process. The audio that the model had not been asked about counts from
   * its beginning, so gathering chunks into larger batches is charged in full.
   */
  async probe(streams: number, seconds: number, pauses: boolean): Promise<PoolProbeResult> {
    const pool = this.#pool;
    const [pid = 0] = pool.pids;
    const lines = callerLines(this.#tapes.get(pauses) ?? new Int16Array(0), streams, seconds);
    const delays: number[] = [];
    let partials = 0;
    let finals = 0;
    const droppedBefore = pool.health().droppedMs;
    const callers = lines.map((line, index) => {
      const stream = pool.open({ streamId: String(index), sampleRate: RATE, language: 'zh-CN' });
      return { stream, line, from: index % PHASES };
    });
    const cpuBefore = cpuSeconds(pid);
    const ownBefore = process.cpuUsage();
    const started = performance.now();
    for (const { stream, from } of callers) {
      stream.on('partial', ({ stableMs, atMs, unaskedMs = 0 }) => {
        partials++;
        if (stableMs > 0) return;
        const earliest = started + from * FRAME_MS + Math.max(FRAME_MS, atMs - unaskedMs + FRAME_MS);
        delays.push(performance.now() - earliest);
      });
      stream.on('final', () => finals++);
      // A caller's turn ends a while after the voice.
      stream.on('voice', (active) => {
        if (!active) setTimeout(() => stream.flush(), 300);
      });
    }
    try {
      const ticks = (seconds * 1000) / FRAME_MS;
      for (let tick = 0; tick < ticks; tick++) {
        const wait = started + (tick + 1) * FRAME_MS - performance.now();
        if (wait > 0) await sleep(wait);
        for (const { stream, line, from } of callers)
          if (tick >= from) stream.accept(line.subarray((tick - from) * FRAME, (tick - from + 1) * FRAME));
      }
      const cpu = cpuSeconds(pid) - cpuBefore;
      const own = process.cpuUsage(ownBefore);
      await sleep(400);
      return {
        streams,
        p50Ms: round(percentile(delays, 0.5), 0),
        p99Ms: round(percentile(delays, 0.99), 0),
        realTimeFactor: round(cpu / (streams * seconds), 5),
        droppedMs: pool.health().droppedMs - droppedBefore,
        parentRealTimeFactor: round((own.user + own.system) / 1e6 / (streams * seconds), 5),
        partials,
        finals,
      };
    } finally {
      for (const { stream } of callers) stream.close();
      await this.#idle();
    }
  }

  /** What is still under way must not fall into the next probe. */
  async #idle(): Promise<void> {
    const [pid = 0] = this.#pool.pids;
    for (let before = -1, waited = 0; waited < 60; waited++) {
      await sleep(500);
      const now = cpuSeconds(pid);
      if (now - before < 0.02) return;
      before = now;
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
