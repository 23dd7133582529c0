import { HearkenError } from '../errors.js';
import { type WorkerEntry, workerEntry } from '../worker-entry.js';
import type { FliteInit } from './flite/worker.js';
import type { MadeMessage, SynthesizerWorkerInit } from './synthesizer-protocol.js';
import type { Voice, VoiceAudio, VoiceHealth, VoiceRequest } from './voice.js';
import { type SpeechLogger, WorkerProcess } from './worker-process.js';

export interface SynthesizerPoolOptions {
  readonly name: string;
  readonly fingerprint: string;
  readonly workers: number;
  /** First message to each process. */
  readonly init: Omit<SynthesizerWorkerInit, 'type'> | FliteInit;
  /** The processes' code; sherpa-onnx's when undefined. */
  readonly entry?: WorkerEntry;
  readonly logger: SpeechLogger;
  /** Clauses that may wait; beyond it new ones are refused. */
  readonly maxWaiting?: number;
  /** Longest a clause may take; then its process is taken for hung and killed. */
  readonly makeTimeoutMs?: number;
}

interface Job {
  readonly request: VoiceRequest;
  /** When somebody waits for it (`performance.now()`). */
  readonly wantedAtMs: number;
  readonly resolve: (audio: VoiceAudio) => void;
  readonly reject: (error: unknown) => void;
  retried: boolean;
}

interface Bench {
  readonly process: WorkerProcess;
  busy: boolean;
}

/** A voice in worker processes: clauses wait in one line, soonest wanted first, and go to whichever process is free. */
export class SynthesizerPool implements Voice {
  readonly name: string;
  readonly fingerprint: string;
  readonly #options: SynthesizerPoolOptions;
  readonly #benches: Bench[];
  readonly #waiting: Job[] = [];
  #nextId = 1;
  #closed = false;

  constructor(options: SynthesizerPoolOptions) {
    this.name = options.name;
    this.fingerprint = options.fingerprint;
    this.#options = options;
    this.#benches = Array.from({ length: options.workers }, (_, index) => {
      const process = new WorkerProcess({
        name: `voice ${options.name} ${index + 1}`,
        entry: options.entry ?? workerEntry(import.meta.url, 'synthesizer-worker'),
        init: { type: 'init', ...options.init },
        logger: options.logger,
      });
      process.on('ready', () => this.#dispatch());
      return { process, busy: false };
    });
  }

  async whenReady(): Promise<void> {
    await Promise.all(this.#benches.map(({ process }) => process.whenReady()));
  }

  get pids(): readonly number[] {
    return this.#benches.flatMap(({ process }) => (process.pid === undefined ? [] : [process.pid]));
  }

  make(request: VoiceRequest): Promise<VoiceAudio> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new HearkenError('DRAINING', 'The synthesiser is closing.'));
        return;
      }
      if (request.signal.aborted) {
        reject(request.signal.reason);
        return;
      }
      if (this.#waiting.length >= (this.#options.maxWaiting ?? 200)) {
        reject(
          new HearkenError('OVERLOADED', `${this.#waiting.length} clauses wait for the voice ${this.name} already.`, {
            hint: 'Give it more processes with speech.synthesizerWorkers.',
          }),
        );
        return;
      }
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(job);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(request.signal.reason);
      };
      // A signal may outlive many requests (a whole call's): none leaves a listener behind.
      const done = (): void => request.signal.removeEventListener('abort', onAbort);
      const job: Job = {
        request,
        wantedAtMs: performance.now() + (request.withinMs ?? 0),
        retried: false,
        resolve: (audio) => {
          done();
          resolve(audio);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      request.signal.addEventListener('abort', onAbort, { once: true });
      this.#enqueue(job);
      this.#dispatch();
    });
  }

  health(): VoiceHealth {
    return {
      workers: this.#benches.length,
      alive: this.#benches.filter(({ process }) => process.ready).length,
      restarts: this.#benches.reduce((sum, { process }) => sum + process.restarts, 0),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(new HearkenError('DRAINING', 'The synthesiser is closing.'));
    await Promise.all(this.#benches.map(({ process }) => process.close()));
  }

  /** In order of when it is wanted: a caller's first clause goes before what another will hear in a second. */
  #enqueue(job: Job): void {
    const after = this.#waiting.findLastIndex(({ wantedAtMs }) => wantedAtMs <= job.wantedAtMs);
    this.#waiting.splice(after + 1, 0, job);
  }

  #dispatch(): void {
    for (const bench of this.#benches) {
      if (bench.busy || !bench.process.ready) continue;
      const job = this.#waiting.shift();
      if (!job) return;
      bench.busy = true;
      void this.#run(bench, job).finally(() => {
        bench.busy = false;
        if (!this.#closed) this.#dispatch();
      });
    }
  }

  async #run(bench: Bench, job: Job): Promise<void> {
    const { request } = job;
    const jobId = this.#nextId++;
    const cancel = () => bench.process.send({ type: 'cancel', jobId });
    request.signal.addEventListener('abort', cancel, { once: true });
    const timeoutMs = this.#options.makeTimeoutMs ?? 20_000;
    try {
      const answer = await bench.process.request(
        { type: 'make', jobId, text: request.text, speed: request.speed },
        timeoutMs,
      );
      const made = answer as unknown as MadeMessage;
      if (made.error !== undefined) throw failed(this.name, made.error);
      job.resolve({ samples: made.samples, sampleRate: made.sampleRate });
    } catch (error) {
      if (error instanceof HearkenError && error.code === 'WORKER_TIMEOUT' && bench.process.pid !== undefined) {
        process.kill(bench.process.pid, 'SIGKILL');
      }
      this.#failed(job, error);
    } finally {
      request.signal.removeEventListener('abort', cancel);
    }
  }

  /** A clause whose process died under it is tried once more: its text need not be the cause. */
  #failed(job: Job, error: unknown): void {
    const lost = error instanceof HearkenError && error.code === 'WORKER_LOST';
    if (lost && !job.retried && !this.#closed && !job.request.signal.aborted) {
      job.retried = true;
      this.#waiting.unshift(job);
    } else job.reject(error);
  }
}

function failed(voice: string, reason: string): HearkenError {
  return new HearkenError('SYNTHESIS_FAILED', `The voice ${voice} could not say this: ${reason}.`, {
    hint: '`hearken models verify` tells whether its files are whole.',
  });
}
