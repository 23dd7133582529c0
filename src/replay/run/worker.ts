import { asHearkenError } from '../../errors.js';
import { leaveStopSignalsToParent } from '../../owned-process.js';
import { ReplayStage } from '../pipeline/stage.js';
import type { JobMessage, RefusedMessage, ReplayWorkerInit } from './worker-protocol.js';

/** Entry of a replay process: opens the stage, then replays what it is given, many recordings side by side. */

process.on('disconnect', () => process.exit(0));
leaveStopSignalsToParent();

let stage: ReplayStage | undefined;

process.on('message', (message: ReplayWorkerInit | JobMessage) => {
  if (message.type === 'init') void start(message);
  else void replay(message);
});

async function start({ settings }: ReplayWorkerInit): Promise<void> {
  try {
    stage = await ReplayStage.open(settings);
    process.send?.({ type: 'ready' });
  } catch (thrown) {
    const { code, message, hint } = asHearkenError(thrown);
    process.send?.({ type: 'refused', code, message, hint } satisfies RefusedMessage);
  }
}

async function replay({ id, job }: JobMessage): Promise<void> {
  if (!stage) return;
  const outcome = await stage.replay(job);
  process.send?.({ type: 'done', id, outcome, decodingMs: stage.decodingMs });
}
