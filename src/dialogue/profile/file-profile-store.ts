import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HearkenError, messageOf } from '../../errors.js';
import { callerKey, type Profile, type ProfileStore } from './profile-store.js';

/**
 * One small file a caller, named by a keyed hash: the folder does not tell who has ever called. The key is made when the folder is, and stays beside them with
 * rights for the service alone.
 */
export class FileProfileStore implements ProfileStore {
  readonly #folder: string;
  readonly #key: Buffer;

  private constructor(folder: string, key: Buffer) {
    this.#folder = folder;
    this.#key = key;
  }

  /** Throws STORE_UNAVAILABLE. */
  static async open(folder: string): Promise<FileProfileStore> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const file = join(folder, '.key');
      // Of two services that start at once one makes the key, both read it.
      await writeFile(file, randomBytes(32), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
      return new FileProfileStore(folder, await readFile(file));
    } catch (error) {
      throw unavailable(folder, error);
    }
  }

  async get(sender: string): Promise<Profile | undefined> {
    try {
      return JSON.parse(await readFile(this.#path(sender), 'utf8')) as Profile;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw unavailable(this.#folder, error);
    }
  }

  async put(sender: string, profile: Profile): Promise<void> {
    const path = this.#path(sender);
    const part = `${path}.${randomUUID()}.part`;
    try {
      await writeFile(part, JSON.stringify(profile), { mode: 0o600 });
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true }).catch(() => undefined);
      throw unavailable(this.#folder, error);
    }
  }

  async delete(sender: string): Promise<void> {
    try {
      await rm(this.#path(sender), { force: true });
    } catch (error) {
      throw unavailable(this.#folder, error);
    }
  }

  #path(sender: string): string {
    return join(this.#folder, `${createHmac('sha256', this.#key).update(callerKey(sender)).digest('hex')}.json`);
  }
}

function unavailable(folder: string, cause: unknown): HearkenError {
  return new HearkenError('STORE_UNAVAILABLE', `Profiles can't be kept in ${folder}: ${messageOf(cause)}`, {
    hint: 'Check that the folder can be written to and has room.',
    cause,
  });
}
