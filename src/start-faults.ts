import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { HearkenError, messageOf } from './errors.js';

/** What keeps the service from starting on this machine, each with the key to change. */

/** Makes the folder where it is missing. Throws CONFIG_INVALID when nothing can be written there. */
export function requireDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new HearkenError('CONFIG_INVALID', `The data folder ${folder} can't be written to: ${messageOf(error)}`, {
      hint: 'Give the user that runs the service the right to write there, or set store.folder (HEARKEN_DATA) to another folder.',
      cause: error,
    });
  }
}

export function requireApplication(folder: string): void {
  if (existsSync(folder)) return;
  throw new HearkenError('CONFIG_INVALID', `There is no application at ${folder}.`, {
    hint: 'Set app.folder (HEARKEN_APP) to its folder; in hearken.yml a relative path begins at that file.',
  });
}

/** What `listen` threw, told so that it can be mended; anything else as it is. */
export function listenFault(error: unknown, host: string, port: number): unknown {
  const fault = faultOf((error as NodeJS.ErrnoException).code, host, port);
  return fault === undefined ? error : new HearkenError('CONFIG_INVALID', fault[0], { hint: fault[1], cause: error });
}

function faultOf(code: string | undefined, host: string, port: number): readonly [string, string] | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return [
        `Port ${port} on ${host} is taken by another process.`,
        'Stop it (ss -lptn shows it; perhaps the service runs already), or set http.port (HEARKEN_PORT) to a free port.',
      ];
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return [`${host} is no address of this machine.`, 'Set http.host (HEARKEN_HOST) to one; 0.0.0.0 listens on all.'];
    case 'EACCES':
      return [`Port ${port} may not be listened on.`, 'Ports below 1024 need rights; set http.port (HEARKEN_PORT).'];
    default:
      return undefined;
  }
}
