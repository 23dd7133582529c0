import { randomBytes } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { HearkenError, messageOf } from '../../errors.js';

/** Folder below the model cache where `hearken train` puts a model for the running service to take. */
export const LIVE_FOLDER = 'live';
/** File beside it that puts a second model on trial. */
export const TRIAL_FILE = 'trial.json';

const trialSchema = z.object({
  /** Absolute path of the second model's folder. */
  folder: z.string().min(1),
  /** Share of the conversations it answers. */
  share: z.number().min(0).max(1),
});
export type Trial = z.infer<typeof trialSchema>;

/** The trial that is asked for, or undefined. Throws REQUEST_INVALID when the file can't be understood. */
export async function readTrial(cacheFolder: string): Promise<Trial | undefined> {
  const source = await readFile(join(cacheFolder, TRIAL_FILE), 'utf8').catch(() => undefined);
  if (source === undefined) return undefined;
  try {
    return trialSchema.parse(JSON.parse(source));
  } catch (error) {
    throw new HearkenError('REQUEST_INVALID', `${join(cacheFolder, TRIAL_FILE)} is no trial: ${messageOf(error)}`, {
      hint: 'Write it with: hearken nlu trial --model <folder> --share 0.2',
      cause: error,
    });
  }
}

/** Asks the running service to let a second model answer a share of the conversations. */
export async function writeTrial(cacheFolder: string, trial: Trial): Promise<void> {
  const checked = trialSchema.safeParse({ ...trial, folder: resolve(trial.folder) });
  if (!checked.success) {
    throw new HearkenError(
      'REQUEST_INVALID',
      `a trial wants a model folder and a share from 0 to 1; got ${trial.share}`,
    );
  }
  await mkdir(cacheFolder, { recursive: true });
  const temporary = join(cacheFolder, `.trial-${randomBytes(4).toString('hex')}`);
  await writeFile(temporary, JSON.stringify(checked.data));
  await rename(temporary, join(cacheFolder, TRIAL_FILE));
}

/** Ends the trial: `adopt` puts its model into the live folder for everybody, `drop` forgets it. */
export async function endTrial(cacheFolder: string, outcome: 'adopt' | 'drop'): Promise<void> {
  const trial = await readTrial(cacheFolder);
  if (outcome === 'adopt') {
    if (!trial)
      throw new HearkenError('NOT_FOUND', 'no model is on trial', {
        hint: 'hearken nlu trial --model <folder> --share 0.2',
      });
    const live = join(cacheFolder, LIVE_FOLDER);
    const copy = join(cacheFolder, `.live-${randomBytes(4).toString('hex')}`);
    await cp(trial.folder, copy, { recursive: true });
    await rm(live, { recursive: true, force: true });
    await rename(copy, live);
  }
  await rm(join(cacheFolder, TRIAL_FILE), { force: true });
}
