import { join, resolve } from 'node:path';
import type { LoadedConfig } from '../../config.js';
import { loadValidApplication } from '../../dialogue/app/load.js';
import { HearkenError } from '../../errors.js';
import { refuseEffects } from '../../replay/effects.js';
import type { LiveLine } from '../../replay/live/live-call.js';
import { replayLive } from '../../replay/live/replay-live.js';
import { applicationFolder } from '../../replay/pipeline/stage.js';
import { buildReport, type ReplayReport } from '../../replay/report/report.js';
import { Journal } from '../../replay/run/journal.js';
import { makeWorkFolder } from '../../replay/run/replay-recordings.js';
import { setupChecksum } from '../../replay/run/setup-checksum.js';
import { startOwnStage } from '../own-stage.js';
import {
  AT_ONCE,
  planOf,
  type ReplayFlags,
  refuseNothing,
  type Sitting,
  tellUnkept,
  whole,
  withBar,
  workFolderOf,
} from './once.js';

export interface LiveFlags extends ReplayFlags {
  readonly to?: string;
  readonly service?: string;
}

/** Where a Hearken on this machine tells of its calls. */
const USUAL_SERVICE = 'http://127.0.0.1:8080';

/** One replay at real speed: over a service and a bridge that are started for it with this configuration, or to an address that is named. */
export async function replayLiveOnce(
  paths: readonly string[],
  flags: LiveFlags,
  loaded: LoadedConfig,
  name: string,
  sitting: Sitting,
): Promise<ReplayReport> {
  if (flags.mode === 'recognition') {
    throw new HearkenError('REQUEST_INVALID', '--live places calls; recognition alone goes without.', {
      hint: 'Leave out --live, or --mode recognition.',
    });
  }
  const { config, root } = loaded;
  const startedAt = new Date();
  const workFolder = workFolderOf(flags, loaded);
  const setup = setupChecksum({
    ...{ config, root, workFolder, appEnvironment: loaded.appEnvironment },
    ...{ dialogue: true, allowEffects: true, atOnce: AT_ONCE },
  });
  const lateMs = whole('--late-ms', flags.lateMs, 0, 60_000);
  const seed = whole('--seed', flags.seed, 0, 4_294_967_295);
  const lines = flags.jobs === undefined ? 1 : whole('--jobs', flags.jobs, 1, 64);
  const plan = planOf(flags);
  const fresh = flags.fresh ?? false;
  // A Hearken that was named may be any: only the same address is the same.
  const journal = new Journal(
    join(workFolder, 'journal-live'),
    JSON.stringify([setup, flags.to ?? null, flags.service ?? null, sitting.nextSide()]),
  );
  journal.removeOlderThan(config.record.keepDays, startedAt);
  const set = await withBar(name, sitting, async (signal, onProgress) => {
    const { line, stop } = await openLine(flags, loaded, workFolder, startedAt, signal);
    try {
      return await replayLive({ paths, plan, line, lines, setup, journal, fresh, onProgress });
    } finally {
      await stop();
    }
  });
  refuseNothing(set.planned, paths);
  tellUnkept(set);
  sitting.placed(set);
  return { ...buildReport(set, { config, root, startedAt, lateMs, seed }), line: flags.to ?? 'started for it' };
}

async function openLine(
  { to, service, allowEffects }: LiveFlags,
  loaded: LoadedConfig,
  workFolder: string,
  startedAt: Date,
  signal: AbortSignal,
): Promise<{ readonly line: LiveLine; readonly stop: () => Promise<void> }> {
  if (to !== undefined) return { line: { to, serviceUrl: service ?? USUAL_SERVICE, signal }, stop: async () => {} };
  const appFolder = applicationFolder(loaded.config, loaded.root);
  if (!allowEffects) refuseEffects(appFolder, await loadValidApplication(appFolder, loaded.appEnvironment));
  const folder = resolve(join(workFolder, 'live', startedAt.toISOString().replaceAll(':', '-')));
  makeWorkFolder(folder);
  process.stderr.write(`the calls are recorded in ${join(folder, 'calls')}\n`);
  const stage = await startOwnStage(folder, { APP_REPLAY: '1' }, loaded);
  return { line: { to: stage.sip, serviceUrl: stage.serviceUrl, signal }, stop: () => stage.stop() };
}
