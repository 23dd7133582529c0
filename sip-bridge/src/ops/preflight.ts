import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { BridgeConfig } from '../config.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import { checkAnnouncement } from '../recording/announcement.js';

/** What is configured and would only be missed after calls: told in the log when the bridge starts and at each reload. No reason to refuse calls. */
export function tellWhatIsLost({ recording, cdr }: Pick<BridgeConfig, 'recording' | 'cdr'>, logger: Logger): void {
  if (recording.mode !== 'off') {
    for (const [language, file] of Object.entries(recording.announcements)) {
      const err = failure(() => checkAnnouncement(file));
      if (err !== undefined)
        logger.error({ language, file, err }, 'calls that need this announcement are not recorded');
    }
    const err = failure(() => writable(recording.folder));
    if (err !== undefined) logger.error({ folder: recording.folder, err }, 'calls are not recorded: no room for them');
  }
  const { file } = cdr;
  if (file === undefined) return;
  const err = failure(() => writable(dirname(file)));
  if (err !== undefined) logger.error({ file, err }, 'call records can not be written');
}

/** The folder, or where it would be made. Makes nothing: no call may ever be recorded. */
function writable(folder: string): void {
  let path = resolve(folder);
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  if (!statSync(path).isDirectory()) throw new Error(`${path} is no folder`);
  accessSync(path, constants.W_OK | constants.X_OK);
}

function failure(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
