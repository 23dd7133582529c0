import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';

/** Debian keeps some servers out of an ordinary user's PATH. */
const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin'];

/** Full path of a program, undefined when it isn't installed. */
export function findProgram(name: string): string | undefined {
  for (const folder of [...(process.env.PATH ?? '').split(':'), ...EXTRA_FOLDERS]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // The next folder.
    }
  }
  return undefined;
}

/** A suite that needs programs which not every machine has. Without them it is skipped, and its title says why. */
export function describeWith(programs: readonly string[], title: string, body: () => void): void {
  const missing = programs.filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) describe(title, body);
  else describe.skip(`${title} (skipped: ${missing.join(', ')} not installed)`, body);
}
