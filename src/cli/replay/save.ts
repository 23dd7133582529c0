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

/** Prints a report. Who reads only its beginning (`| head`) makes no error: files are written and the exit code is told all the same. */
export function printReport(text: string): void {
  if (!process.stdout.listeners('error').includes(onClosed)) process.stdout.on('error', onClosed);
  process.stdout.write(text);
}

function onClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
