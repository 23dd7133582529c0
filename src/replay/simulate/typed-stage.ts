import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Config } from '../../config.js';
import { openApplication } from '../../dialogue/create-brain.js';
import type { DeskItem } from '../../handoff/desk-store.js';
import { FileDeskStore } from '../../handoff/file-desk-store.js';
import { trainOrLoadForApp } from '../../nlu/index.js';
import { MemorySessionStore } from '../../store/memory-session-store.js';
import { BrainDriver, type CallDriver } from './drivers.js';
import type { PersonaSpec } from './scenario.js';

const NO_LOG = { append() {}, history: async () => [], flush: async () => {}, close: async () => {} };

export interface TypedStage {
  /** A line of its own: nothing is remembered from one call to the next. */
  connect(spec: PersonaSpec, index: number, seed: number): CallDriver;
  desk(): Promise<readonly DeskItem[]>;
  close(): Promise<void>;
}

/** Understanding and dialogue of an application in this process, with a desk of its own that goes with it. */
export async function openTypedStage(
  appFolder: string,
  environment: Readonly<Record<string, string>>,
  config: Config,
): Promise<TypedStage> {
  // The same places as `hearken test`: what one has trained the other need not.
  const cache = join(tmpdir(), 'hearken-test');
  const intentModel = await trainOrLoadForApp(appFolder, join(cache, 'nlu'));
  const folder = await mkdtemp(join(tmpdir(), 'hearken-simulate-'));
  const desk = await FileDeskStore.open(join(folder, 'desk.jsonl'));
  const closeParts = async (): Promise<void> => {
    await desk.close();
    await rm(folder, { recursive: true, force: true });
    await intentModel.close();
  };
  try {
    const application = await openApplication({
      appFolder,
      cacheFolder: join(cache, 'actions'),
      intentModel,
      sessions: new MemorySessionStore({ ttlMs: 600_000 }),
      desk,
      environment,
      privateHosts: config.app.privateHosts,
      allowedHosts: config.app.allowedHosts,
      log: NO_LOG,
      logger: pino({ level: 'silent' }),
      handoffTarget: 'sip:agent@localhost',
    });
    return {
      connect: ({ language }, index, seed) => {
        const brain = application.brain({ sessions: new MemorySessionStore({ ttlMs: 600_000 }) });
        return new BrainDriver(brain, language, `simulated-${seed}-${index}`);
      },
      desk: () => desk.list({ limit: 1000 }),
      close: async () => {
        await application.close();
        await closeParts();
      },
    };
  } catch (error) {
    await closeParts();
    throw error;
  }
}
