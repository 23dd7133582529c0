import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReplayJob } from '../pipeline/job.js';
import type { ReplayOutcome } from '../pipeline/stage.js';

/**
 * What has been replayed already, so that a replay which was stopped goes on where it was: a file for each recording and setup, named by the checksum of both. Anything that
 * could change the result is in that name; a file that is broken is as good as none.
 */
export class Journal {
  readonly #folder: string;
  readonly #setup: string;

  /** `setup`: checksum of everything but the recording. */
  constructor(folder: string, setup: string) {
    this.#folder = folder;
    this.#setup = setup;
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
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const file = this.#file(job);
    const part = `${file}.${process.pid}.part`;
    writeFileSync(part, JSON.stringify(outcome), { mode: 0o600 });
    renameSync(part, file);
  }

  #file(job: ReplayJob): string {
    const { path: _, ...known } = job;
    const name = createHash('sha256').update(this.#setup).update(JSON.stringify(known)).digest('hex').slice(0, 40);
    return join(this.#folder, `${name}.json`);
  }
}
