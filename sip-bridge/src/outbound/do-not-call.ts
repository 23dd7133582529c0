import { readFileSync, statSync } from 'node:fs';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import { userOf } from '../routing/routes.js';

/** Numbers that must not be called: from a file that is read again when it changes, and what was added while we run. */
export class DoNotCall {
  readonly #file: string | undefined;
  readonly #logger: Logger;
  readonly #added = new Set<string>();
  #numbers: ReadonlySet<string> = new Set();
  #stamp = '';
  #broken = false;

  constructor(file: string | undefined, logger: Logger) {
    this.#file = file;
    this.#logger = logger;
    this.#read();
  }

  /** A list that can't be read forbids every call: better none than a wrong one. */
  has(target: string): boolean {
    this.#read();
    const number = canonical(target);
    return this.#broken || this.#numbers.has(number) || this.#added.has(number);
  }

  /** Until the process ends; the file is the administrator's. */
  add(target: string): void {
    if (this.#added.size < 100_000) this.#added.add(canonical(target));
  }

  get size(): number {
    return this.#numbers.size + this.#added.size;
  }

  #read(): void {
    if (this.#file === undefined) return;
    try {
      const { mtimeMs, size } = statSync(this.#file);
      const stamp = `${mtimeMs} ${size}`;
      if (stamp === this.#stamp) return;
      const lines = readFileSync(this.#file, 'utf8').split('\n');
      this.#numbers = new Set(lines.map((line) => canonical(line.split('#')[0] ?? '')).filter((line) => line !== ''));
      this.#stamp = stamp;
      this.#broken = false;
    } catch (error) {
      if (!this.#broken)
        this.#logger.error(
          { file: this.#file, err: messageOf(error) },
          'no calls are placed: the do-not-call list can not be read',
        );
      this.#broken = true;
      this.#stamp = '';
    }
  }
}

/** `+86 138-0013-8000`, `sip:0086138…@host` and `tel:…` of one number are the same. */
function canonical(target: string): string {
  const text = target.trim();
  const user = /^(sips?|tel):/i.test(text) ? userOf(text) : text;
  const digits = user.replace(/[\s().-]/g, '').toLowerCase();
  return digits.replace(/^(\+|00)/, '');
}
