import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../errors.js';
import type { ReplayJob } from '../pipeline/job.js';
import type { ReplayOutcome } from '../pipeline/stage.js';

const DAY_MS = 86_400_000;

/**
 * What has been replayed already, so that a replay which was stopped goes on where it was: a file for each recording and setup, named by the checksum of both. Anything that
 * could change the result is in that name; a file that is broken is as good as none. A disk that fails costs the going on, never the replay.
 */
export class Journal {
  readonly #folder: string;
  readonly #setup: string;
  #problem: string | undefined;

  /** `setup`: checksum of everything but the recording. */
  constructor(folder: string, setup: string) {
    this.#folder = folder;
    this.#setup = setup;
  }

  /** Why something could not be kept; undefined while all was. */
  get problem(): string | undefined {
    return this.#problem;
  }

  read(job: ReplayJob): ReplayOutcome | undefined {
    try {
      const { result, measured } = JSON.parse(readFileSync(this.#file(job), 'utf8')) as ReplayOutcome;
      return result.file === job.file && measured ? { result, measured } : undefined;
    } catch {
      return undefined;
    }
  }

  /** A failure may have been this machine's: it is tried again the next time. */
  write(job: ReplayJob, outcome: ReplayOutcome): void {
    if (outcome.result.kind === 'failed') return;
    const file = this.#file(job);
    const part = `${file}.${process.pid}.part`;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(part, JSON.stringify(outcome), { mode: 0o600 });
      renameSync(part, file);
    } catch (error) {
      this.#problem ??= messageOf(error);
      removed(part);
    }
  }

  forget(job: ReplayJob): void {
    removed(this.#file(job));
  }

  /** Removes what is older than so many days (0: nothing): it holds callers' words, which are kept no longer than their calls. */
  removeOlderThan(days: number, now: Date): void {
    if (days === 0) return;
    const oldestMs = now.getTime() - days * DAY_MS;
    try {
      for (const name of readdirSync(this.#folder)) {
        const file = join(this.#folder, name);
        if (statSync(file).mtimeMs < oldestMs) removed(file);
      }
    } catch {
      // There is none yet, or another replay has removed one meanwhile: the next one looks again.
    }
  }

  #file(job: ReplayJob): string {
    const { path: _, ...known } = job;
    const name = createHash('sha256').update(this.#setup).update(JSON.stringify(known)).digest('hex').slice(0, 40);
    return join(this.#folder, `${name}.json`);
  }
}

function removed(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // What can't be removed is as it was.
  }
}
