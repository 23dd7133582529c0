import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { BrainOptions } from '../dialogue/brain-options.js';
import { type OpenApplication, openApplication } from '../dialogue/create-brain.js';
import type { DeskStore } from '../handoff/desk-store.js';
import { FileDeskStore } from '../handoff/file-desk-store.js';
import { type LiveModel, trainOrLoadForApp } from '../nlu/index.js';
import { NO_LOG } from '../store/conversation-log.js';
import { MemorySessionStore } from '../store/memory-session-store.js';
import { ownTemporaryFolder } from '../temporary-folder.js';

/** How long a conversation of a test may lie still; longer than any of them takes. */
const SESSION_MS = 600_000;

/** What an application may use; nothing when left out. */
export type OfflineOptions = Pick<BrainOptions, 'environment' | 'privateHosts' | 'allowedHosts'>;

export interface OfflineApplication extends OpenApplication {
  readonly intentModel: LiveModel;
  /** Where trained models of applications lie. */
  readonly modelsFolder: string;
  readonly sessions: MemorySessionStore;
  /** Tickets and call-backs that the conversations bring about; they go with it. */
  readonly desk: DeskStore;
}

/**
 * An application in this process with nobody on the line, for its conversation tests and for simulated callers: its understanding (trained, or found where an earlier run has left
 * it), its dialogue and a desk of its own. Nothing is logged or kept. Throws APP_INVALID like `openApplication`.
 */
export async function openOfflineApplication(
  appFolder: string,
  { environment = {}, privateHosts = [], allowedHosts = [] }: OfflineOptions = {},
): Promise<OfflineApplication> {
  const cache = ownTemporaryFolder('hearken-test');
  const modelsFolder = join(cache, 'nlu');
  const intentModel = await trainOrLoadForApp(appFolder, modelsFolder);
  const sessions = new MemorySessionStore({ ttlMs: SESSION_MS });
  const deskFolder = await mkdtemp(join(tmpdir(), 'hearken-test-desk-'));
  const desk = await FileDeskStore.open(join(deskFolder, 'desk.jsonl'));
  const closeParts = async (): Promise<void> => {
    await desk.close();
    await rm(deskFolder, { recursive: true, force: true });
    await intentModel.close();
  };
  try {
    const opened = await openApplication({
      appFolder,
      cacheFolder: join(cache, 'actions'),
      intentModel,
      sessions,
      desk,
      environment,
      privateHosts,
      allowedHosts,
      log: NO_LOG,
      logger: pino({ level: 'silent' }),
      handoffTarget: 'sip:agent@localhost',
    });
    const close = async (): Promise<void> => {
      try {
        await opened.close();
      } finally {
        await closeParts();
      }
    };
    return { ...opened, intentModel, modelsFolder, sessions, desk, close };
  } catch (error) {
    await closeParts();
    throw error;
  }
}
