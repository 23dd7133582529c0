import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { HearkenError } from '../errors.js';
import { readAudioFile } from './audio-file.js';
import { matchLanguage } from './language.js';

/** Recordings that are kept decoded; an application has dozens. */
const MOST_KEPT = 200;
const LARGEST_FILE_BYTES = 32 * 1024 * 1024;

/**
 * What a real voice has recorded, in one folder of the application: `prompts.tsv` names for each language and text the file that says it (any format ffmpeg reads).
 * `<audio src="…">` in SSML plays a file of the same folder. Where there is no recording, the synthesiser speaks.
 */
export class RecordedPrompts {
  readonly #folder: string;
  /** Language → text → file. */
  readonly #files: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly #decoded = new Map<string, Promise<Int16Array>>();

  private constructor(folder: string, files: ReadonlyMap<string, ReadonlyMap<string, string>>) {
    this.#folder = folder;
    this.#files = files;
  }

  /** An absent folder or list is no recordings. Throws CONFIG_INVALID for a line without a text, or whose file is not there. */
  static open(folder: string): RecordedPrompts {
    const files = new Map<string, Map<string, string>>();
    const list = join(folder, 'prompts.tsv');
    if (!existsSync(list)) return new RecordedPrompts(folder, files);
    const prompts = new RecordedPrompts(folder, files);
    readFileSync(list, 'utf8')
      .split(/\r?\n/)
      .forEach((line, index) => {
        if (line.trim() === '' || line.startsWith('#')) return;
        const [language = '', file = '', text = ''] = line.split('\t').map((cell) => cell.trim());
        if (text === '' || prompts.#inside(file) === undefined) {
          throw new HearkenError('CONFIG_INVALID', `${list}:${index + 1}: "${line}" names no recording and its text.`, {
            hint: 'Write the language, a tab, a file of this folder, a tab, and what it says.',
          });
        }
        const texts = files.get(language) ?? new Map<string, string>();
        files.set(language, texts.set(keyOf(text), file));
      });
    return prompts;
  }

  /** The file that says exactly this, spaces and punctuation aside. */
  fileFor(text: string, language: string): string | undefined {
    const known = matchLanguage(language, this.#files.keys());
    return known === undefined ? undefined : this.#files.get(known)?.get(keyOf(text));
  }

  /** PCM of a file of the folder; not to be changed by the reader. Throws FILE_UNREADABLE for one that is not there or lies outside. */
  load(file: string, sampleRate: number): Promise<Int16Array> {
    const path = this.#inside(file);
    if (path === undefined) {
      return Promise.reject(
        new HearkenError('FILE_UNREADABLE', `There is no recording "${file.slice(0, 200)}" in ${this.#folder}.`, {
          hint: '<audio src> names a file inside the prompts folder of the application.',
        }),
      );
    }
    const key = `${sampleRate} ${path}`;
    const known = this.#decoded.get(key);
    if (known) return known;
    const decoding = readAudioFile(path, { sampleRate });
    this.#decoded.set(key, decoding);
    decoding.catch(() => this.#decoded.delete(key));
    const oldest = this.#decoded.size > MOST_KEPT ? this.#decoded.keys().next() : undefined;
    if (oldest?.done === false) this.#decoded.delete(oldest.value);
    return decoding;
  }

  /** Its absolute path when it is a file inside the folder, links followed. */
  #inside(file: string): string | undefined {
    if (file === '' || file.includes('\0')) return undefined;
    try {
      const folder = realpathSync(this.#folder);
      const path = realpathSync(resolve(folder, file));
      const facts = statSync(path);
      return path.startsWith(folder + sep) && facts.isFile() && facts.size <= LARGEST_FILE_BYTES ? path : undefined;
    } catch {
      // Not there, or not ours to read: for the caller of this it is the same.
      return undefined;
    }
  }
}

function keyOf(text: string): string {
  return text.toLowerCase().replace(/[\s\p{P}\p{S}]/gu, '');
}
