import type { Config } from '../../config.js';
import type { DeskItem } from '../../handoff/desk-store.js';
import { MemorySessionStore } from '../../store/memory-session-store.js';
import { openOfflineApplication } from '../offline-application.js';
import { BrainDriver, type CallDriver } from './drivers.js';
import type { PersonaSpec } from './scenario.js';

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
  const { privateHosts, allowedHosts } = config.app;
  const application = await openOfflineApplication(appFolder, { environment, privateHosts, allowedHosts });
  return {
    connect: ({ language }, index, seed) => {
      const brain = application.brain({ sessions: new MemorySessionStore({ ttlMs: 600_000 }) });
      return new BrainDriver(brain, language, `simulated-${seed}-${index}`);
    },
    desk: () => application.desk.list({ limit: 1000 }),
    close: () => application.close(),
  };
}
