import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HearkenError, messageOf } from '../../errors.js';

/** Writes a report where it is wanted; its folder is made. Throws REQUEST_INVALID where that can't be. */
export function saveReport(file: string, text: string): void {
  try {
    mkdirSync(dirname(resolve(file)), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    throw new HearkenError('REQUEST_INVALID', `The report can't be written to ${file}: ${messageOf(error)}`, {
      hint: 'Name another file with --out or --html.',
      cause: error,
    });
  }
}
