import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesToPcm, pcmToBytes } from '../dsp/wav.js';
import { messageOf } from '../errors.js';
import type { SpeechLogger } from './worker-process.js';

export interface PromptKey {
  /** The voice's fingerprint: name and checksum of its model. */
  readonly voice: string;
  readonly text: string;
  readonly speed: number;
  readonly sampleRate: number;
}

export interface PromptCacheOptions {
  readonly memoryBytes: number;
  /** 0: memory only. */
  readonly diskBytes: number;
  readonly folder: string;
  readonly logger: SpeechLogger;
}

/** File: magic, SHA-256 of the samples, samples. */
const MAGIC = Buffer.from('HKP1');
const CHECKSUM_BYTES = 32;
const ENDING = '.pcm';
/** Older than this, a file that is not in its place yet was left by a process that is gone. */
const DRAFT_MS = 60_000;
/** Changes when clauses are finished otherwise (level, lead): what was kept before is made anew. */
const MADE_AS = 2;

/**
 * Rendered clauses: the most recently used in memory, fixed prompts on disk as well. Both are bounded. What was made from a caller's own data (names,
 * numbers) never goes to disk: only `put` with `keep` does that.
 */
export class PromptCache {
  readonly #options: PromptCacheOptions;
  readonly #memory = new Map<string, Int16Array>();
  #memoryUsed = 0;
  /** Files by name with their size, least recently used first; undefined until the folder was read. */
  #files: Map<string, number> | undefined;
  #diskUsed = 0;
  #diskWorks: boolean;
  /** Disk work one after the other: bounds open files and keeps the books right. */
  #diskQueue: Promise<void> = Promise.resolve();
  hits = 0;
  misses = 0;

  constructor(options: PromptCacheOptions) {
    this.#options = options;
    this.#diskWorks = options.diskBytes > 0;
  }

  /** Samples, not to be changed by the reader; undefined when they must be made. */
  async get(key: PromptKey): Promise<Int16Array | undefined> {
    const name = nameOf(key);
    const inMemory = this.#memory.get(name);
    if (inMemory) {
      this.#memory.delete(name);
      this.#memory.set(name, inMemory);
      this.hits++;
      return inMemory;
    }
    const onDisk = await this.#read(name);
    if (!onDisk) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    this.#remember(name, onDisk);
    return onDisk;
  }

  put(key: PromptKey, pcm: Int16Array, { keep = false }: { readonly keep?: boolean } = {}): void {
    const name = nameOf(key);
    this.#remember(name, pcm);
    if (keep && this.#diskWorks) this.#later(() => this.#write(name, pcm));
  }

  /** Resolves when everything asked for so far is on disk. */
  async settled(): Promise<void> {
    await this.#diskQueue;
  }

  #remember(name: string, pcm: Int16Array): void {
    if (pcm.byteLength > this.#options.memoryBytes) return;
    const old = this.#memory.get(name);
    if (old) this.#memoryUsed -= old.byteLength;
    this.#memory.delete(name);
    this.#memory.set(name, pcm);
    this.#memoryUsed += pcm.byteLength;
    for (const [oldest, samples] of this.#memory) {
      if (this.#memoryUsed <= this.#options.memoryBytes) return;
      this.#memory.delete(oldest);
      this.#memoryUsed -= samples.byteLength;
    }
  }

  async #read(name: string): Promise<Int16Array | undefined> {
    if (!this.#diskWorks) return undefined;
    const file = join(this.#options.folder, name + ENDING);
    let bytes: Buffer;
    try {
      bytes = await readFile(file);
    } catch {
      return undefined;
    }
    const samples = bytes.subarray(MAGIC.length + CHECKSUM_BYTES);
    const checksum = bytes.subarray(MAGIC.length, MAGIC.length + CHECKSUM_BYTES);
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC) || !digest(samples).equals(checksum)) {
      this.#options.logger.warn({ file }, 'a cached prompt is damaged and will be made again');
      this.#later(async () => {
        await rm(file, { force: true });
        this.#forget(name);
      });
      return undefined;
    }
    this.#later(async () => {
      const now = new Date();
      await utimes(file, now, now).catch(() => {});
      const size = this.#files?.get(name);
      if (size === undefined) return;
      this.#files?.delete(name);
      this.#files?.set(name, size);
    });
    return bytesToPcm(samples);
  }

  async #write(name: string, pcm: Int16Array): Promise<void> {
    const files = await this.#list();
    const samples = Buffer.from(pcmToBytes(pcm));
    const size = MAGIC.length + CHECKSUM_BYTES + samples.length;
    if (size > this.#options.diskBytes || files.has(name)) return;
    for (const oldest of [...files.keys()]) {
      if (this.#diskUsed + size <= this.#options.diskBytes) break;
      await rm(join(this.#options.folder, oldest + ENDING), { force: true });
      this.#forget(oldest);
    }
    // Renamed into place: a reader never sees half a file, whatever happens to this process.
    const file = join(this.#options.folder, name + ENDING);
    const draft = `${file}.${process.pid}.tmp`;
    await writeFile(draft, Buffer.concat([MAGIC, digest(samples), samples]), { mode: 0o600 });
    await rename(draft, file);
    files.set(name, size);
    this.#diskUsed += size;
  }

  async #list(): Promise<Map<string, number>> {
    if (this.#files) return this.#files;
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found: { readonly name: string; readonly size: number; readonly usedMs: number }[] = [];
    for (const entry of await readdir(folder)) {
      const file = join(folder, entry);
      // What another process has removed meanwhile is none of ours any more.
      const info = await stat(file).catch(() => undefined);
      if (info === undefined) continue;
      // A young draft is being written by another process that has the same folder.
      if (entry.endsWith('.tmp') && Date.now() - info.mtimeMs > DRAFT_MS) await rm(file, { force: true });
      if (!entry.endsWith(ENDING)) continue;
      found.push({ name: entry.slice(0, -ENDING.length), size: info.size, usedMs: info.mtimeMs });
    }
    found.sort((a, b) => a.usedMs - b.usedMs);
    this.#files = new Map(found.map(({ name, size }) => [name, size]));
    this.#diskUsed = found.reduce((sum, { size }) => sum + size, 0);
    return this.#files;
  }

  #forget(name: string): void {
    this.#diskUsed -= this.#files?.get(name) ?? 0;
    this.#files?.delete(name);
  }

  #later(work: () => Promise<void>): void {
    this.#diskQueue = this.#diskQueue.then(work).catch((error: unknown) => {
      if (!this.#diskWorks) return;
      this.#diskWorks = false;
      this.#options.logger.warn(
        { folder: this.#options.folder, reason: messageOf(error) },
        'prompts are no longer kept on disk',
      );
    });
  }
}

function nameOf({ voice, text, speed, sampleRate }: PromptKey): string {
  return createHash('sha256')
    .update(JSON.stringify([MADE_AS, voice, speed, sampleRate, text]))
    .digest('hex')
    .slice(0, 40);
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
