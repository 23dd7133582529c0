import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Sends the signal and resolves when the process has ended; at once when there is none or it had ended before. */
export async function endProcess(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
