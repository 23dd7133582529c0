import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import type { Brain } from '../../../src/dialogue/brain.js';
import { readConversationTests } from '../../../src/dialogue/conversation-tests/read.js';
import { runConversationTest } from '../../../src/dialogue/conversation-tests/run.js';
import { type BrainOptions, createBrain } from '../../../src/dialogue/create-brain.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { FakeIntentModel, type FakeUtterance } from '../../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';

/** Small applications written in a test, and the brains that run them; all gone after `close`. */
export class AppHouse {
  readonly #closers: (() => Promise<unknown>)[] = [];

  /** Writes an application; returns its folder. */
  async folder(files: Readonly<Record<string, string>>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'hearken-app-'));
    this.#closers.push(() => rm(folder, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    return folder;
  }

  /** A brain on an application that understands exactly these sentences. */
  async brain(
    files: Readonly<Record<string, string>>,
    known: Readonly<Record<string, FakeUtterance | string>>,
    options: Partial<BrainOptions> = {},
  ): Promise<Brain> {
    const appFolder = await this.folder(files);
    const brain = await createBrain({
      appFolder,
      cacheFolder: join(appFolder, '.cache'),
      intentModel: new FakeIntentModel(known),
      sessions: new MemorySessionStore({ ttlMs: 60_000 }),
      log: new MemoryConversationLog(),
      logger: pino({ level: 'silent' }),
      ...options,
    });
    this.#closers.push(() => brain.close());
    return brain;
  }

  /** What the diff of an application's only conversation test says; empty when it passes. */
  async diffOf(
    files: Readonly<Record<string, string>>,
    known: Readonly<Record<string, string>>,
  ): Promise<readonly string[]> {
    const appFolder = await this.folder(files);
    const { tests } = await readConversationTests(appFolder);
    const [test] = tests;
    if (test === undefined || tests.length > 1) throw new Error(`${tests.length} conversation tests instead of one`);
    const troubles: string[] = [];
    const sessions = new MemorySessionStore({ ttlMs: 60_000 });
    const brain = await this.brain({}, known, { appFolder, sessions, onActionTrouble: (what) => troubles.push(what) });
    return (await runConversationTest(test, brain, sessions, troubles)).diff;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }
}
