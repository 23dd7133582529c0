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

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** `place`: a path beside which files may be made. Undefined where that is not possible: it must not keep an action from being run. */
  static open(place: string): BegunRecord | undefined {
    const path = `${place}.${randomUUID()}.begun`;
    try {
      const fd = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return new BegunRecord(fd);
    } catch {
      return undefined;
    }
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
