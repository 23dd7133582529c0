import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HearkenError } from './errors.js';

/** Others may write into it. */
const WRITABLE_BY_OTHERS = 0o022;

/**
 * A folder below the system's temporary one for what can be made again at any time, of this user alone: users of one machine don't stand in each other's way, and nobody can lay
 * something there that this program then runs. Throws FORBIDDEN when its name is taken by somebody else.
 */
export function ownTemporaryFolder(name: string): string {
  const user = process.getuid?.();
  const folder = join(tmpdir(), user === undefined ? name : `${name}-${user}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (user === undefined || (found.isDirectory() && found.uid === user && (found.mode & WRITABLE_BY_OTHERS) === 0))
    return folder;
  throw new HearkenError('FORBIDDEN', `${folder} is somebody else's, or others may write into it.`, {
    hint: 'Have it removed, or name another folder for temporary files with TMPDIR.',
  });
}
