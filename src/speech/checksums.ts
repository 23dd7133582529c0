import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { HearkenError, messageOf } from '../errors.js';

/**
 * Checksums seen at the first pull, for files and archives whose checksum the manifest does not know: trust on first use. Later pulls and
 * `verify` compare with them.
 */

const entrySchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().min(0),
  recordedAt: z.string(),
});
const bookSchema = z.strictObject({ version: z.literal(1), entries: z.record(z.string(), entrySchema) });
export type ChecksumEntry = z.infer<typeof entrySchema>;

export class ChecksumBook {
  readonly #file: string;
  readonly #entries: Map<string, ChecksumEntry>;

  private constructor(file: string, entries: Map<string, ChecksumEntry>) {
    this.#file = file;
    this.#entries = entries;
  }

  /** `<folder>/checksums.json`; a missing file is an empty book. Throws MODEL_INVALID for one that can't be read. */
  static async open(folder: string): Promise<ChecksumBook> {
    const file = join(folder, 'checksums.json');
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new ChecksumBook(file, new Map());
      throw unreadable(file, error);
    }
    try {
      return new ChecksumBook(file, new Map(Object.entries(bookSchema.parse(JSON.parse(text)).entries)));
    } catch (error) {
      throw unreadable(file, error);
    }
  }

  /** `key`: a URL, or `model/path`. */
  get(key: string): ChecksumEntry | undefined {
    return this.#entries.get(key);
  }

  async record(key: string, sha256: string, bytes: number): Promise<void> {
    this.#entries.set(key, { sha256, bytes, recordedAt: new Date().toISOString() });
    await mkdir(dirname(this.#file), { recursive: true });
    const draft = `${this.#file}.tmp`;
    const book = { version: 1, entries: Object.fromEntries([...this.#entries].sort(([a], [b]) => a.localeCompare(b))) };
    await writeFile(draft, `${JSON.stringify(book, null, 2)}\n`);
    await rename(draft, this.#file);
  }
}

function unreadable(file: string, error: unknown): HearkenError {
  return new HearkenError('MODEL_INVALID', `The recorded checksums ${file} can't be read: ${messageOf(error)}`, {
    hint: 'Delete the file to record them anew at the next pull.',
    cause: error,
  });
}
