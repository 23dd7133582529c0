import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync } from 'node:fs';

/** Where a process of actions finds its record: the descriptor after those of standard in, out, error and the channel. */
export const RECORD_FD = 4;
/** One id, as a float64. */
export const RECORD_BYTES = 8;

/**
 * Which action a process began last. It writes that down before each, into a file that both have open and that has no name any more: so it is known also of a process that died
 * before it could say so, and costs a small part of what a message does.
 */
export class BegunRecord {
  readonly fd: number;
  #closed = false;

  /** `place`: a path beside which files may be made. */
  constructor(place: string) {
    const path = `${place}.${randomUUID()}.begun`;
    this.fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
  }

  /** Its id; undefined when nothing was begun, or it can't be told. */
  last(): number | undefined {
    if (this.#closed) return undefined;
    const bytes = Buffer.alloc(RECORD_BYTES);
    try {
      return readSync(this.fd, bytes, 0, RECORD_BYTES, 0) === RECORD_BYTES ? bytes.readDoubleLE() : undefined;
    } catch {
      return undefined;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.fd);
  }
}
