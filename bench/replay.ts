import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeWav } from '../src/dsp/wav.js';
import { recordedCalls } from './replay/recorded-calls.js';
import type { PhaseDone, PhaseOrder } from './replay/worker.js';

/**
 * How fast recordings are replayed. The claim: on two cores at least 80 % of the hours of audio a minute that bare decoding of the same audio reaches: the same recogniser in a batched loop,
 * without voice activity, turn-taking, understanding, dialogue or voice. `npm run -s bench:replay -- --json` prints one JSON document; `--calls <n>` (default 192).
 * Both sides have one recogniser, the Mandarin one. `asShipped` is replay with the English one besides, which hears what the first is not sure of: a second recogniser, which the bare loop does not have.
 * Hours a minute are by the wall clock where the two cores were free for it; on a machine with other things to do they are by processor time, as two free cores would
 * give them, and `measuredBy` says so: else the figure would be that of the other things.
 *
 * The recordings are calls as the service would have recorded them: what the callers of the sample calls say at the times at which they said it in a conversation, each varied by noise and loudness. Both
 * are measured in the same two processes, slice by slice in turns, so that other load on the machine disturbs both alike; what is loaded once (models, fixed prompts) is not counted. Replay only feeds the recogniser
 * while somebody speaks, as the service does: against bare decoding of the speech alone it is held too (`voicedOnly`).
 */

const CORES = 2;
/** Each large enough that a process has as many calls under way as it takes. */
const SLICES = 3;
const calls = Number(option('--calls') ?? 192);
/** The bare loop does nothing but compute: with less of the two cores than this, others used them, too. */
const CORES_TO_ITSELF = 0.9;
const PHASES = ['bare', 'replay', 'shipped', 'voiced'] as const;
const folder = mkdtempSync(join(tmpdir(), 'hearken-bench-replay-'));

try {
  const recordings = await recordedCalls(join(folder, 'data'), calls);
  const files = recordings.map((pcm, index) => {
    const file = join(folder, `call-${String(index).padStart(4, '0')}.wav`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, encodeWav([pcm], 8000));
    return file;
  });
  const workers = await Promise.all(Array.from({ length: CORES }, () => open(join(folder, 'data'))));
  try {
    // The first slice pays for what is loaded late; it is not counted.
    const warm = files.slice(0, CORES * 4);
    for (const phase of PHASES) await measure(workers, phase, warm);
    const sums = { bare: empty(), voiced: empty(), replay: empty(), shipped: empty() };
    const size = Math.ceil(files.length / SLICES);
    for (let slice = 0; slice < SLICES; slice++) {
      const part = files.slice(slice * size, (slice + 1) * size);
      for (const phase of slice % 2 === 0 ? PHASES : PHASES.toReversed()) {
        const done = await measure(workers, phase, part);
        sums[phase].wallMs += done.wallMs;
        sums[phase].cpuMs += done.cpuMs;
        sums[phase].audioMs += done.audioMs;
      }
    }
    const share = ({ cpuMs, wallMs }: Sum): number => cpuMs / (wallMs * CORES);
    const disturbed = share(sums.bare) < CORES_TO_ITSELF;
    const byWall = ({ audioMs, wallMs }: Sum): number => (audioMs / 3_600_000) * (60_000 / wallMs);
    const byCpu = ({ audioMs, cpuMs }: Sum): number => (audioMs / 3_600_000) * (60_000 / (cpuMs / CORES));
    const perMinute = disturbed ? byCpu : byWall;
    const ratios = (ceiling: Sum, sum: Sum) => ({
      ratio: round(perMinute(sum) / perMinute(ceiling)),
      wallRatio: round(byWall(sum) / byWall(ceiling)),
      cpuRatio: round(byCpu(sum) / byCpu(ceiling)),
    });
    const result = {
      audioHoursPerMinute: round(perMinute(sums.replay)),
      ceilingAudioHoursPerMinute: round(perMinute(sums.bare)),
      ...ratios(sums.bare, sums.replay),
      asShipped: { audioHoursPerMinute: round(perMinute(sums.shipped)), ...ratios(sums.bare, sums.shipped) },
      voicedOnly: {
        ceilingAudioHoursPerMinute: round(perMinute(sums.voiced)),
        ...ratios(sums.voiced, sums.replay),
      },
      measuredBy: disturbed ? 'processor time: others used the cores, too' : 'wall clock',
      /** Of the two cores' time, what the processes had. */
      coreShare: { replay: round(share(sums.replay)), bare: round(share(sums.bare)) },
      cpuMsPerSecond: Object.fromEntries(
        PHASES.map((phase) => [phase, round((sums[phase].cpuMs * 1000) / sums[phase].audioMs)]),
      ),
      calls: files.length,
      audioHours: round(sums.replay.audioMs / 3_600_000),
      cores: CORES,
    };
    if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
    else console.dir(result, { depth: 4 });
  } finally {
    await Promise.all(workers.map((worker) => close(worker)));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Sum {
  wallMs: number;
  cpuMs: number;
  audioMs: number;
}

function empty(): Sum {
  return { wallMs: 0, cpuMs: 0, audioMs: 0 };
}

/** One phase over some files, shared out among the processes; both begin together, the last one ends it. */
async function measure(
  workers: readonly ChildProcess[],
  phase: PhaseOrder['phase'],
  files: readonly string[],
): Promise<Sum> {
  const orders = workers.map((_, index) => files.filter((__, at) => at % workers.length === index));
  await Promise.all(
    workers.map((worker, index) => ask(worker, { type: 'prepare', phase, files: orders[index] ?? [] })),
  );
  const beganMs = performance.now();
  const done = await Promise.all(
    workers.map((worker, index) => ask(worker, { type: 'run', phase, files: orders[index] ?? [] })),
  );
  return {
    wallMs: performance.now() - beganMs,
    cpuMs: done.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    audioMs: done.reduce((sum, { audioMs }) => sum + audioMs, 0),
  };
}

async function open(dataFolder: string): Promise<ChildProcess> {
  const worker = fork(join(import.meta.dirname, 'replay/worker.ts'), [dataFolder], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('exit', (code) => reject(new Error(`a process of the bench ended with ${code}`)));
  });
  return worker;
}

function ask(worker: ChildProcess, order: PhaseOrder): Promise<PhaseDone> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a process of the bench ended with ${code}`));
    worker.once('exit', onExit);
    worker.once('message', (message) => {
      worker.off('exit', onExit);
      resolve(message as PhaseDone);
    });
    worker.send(order);
  });
}

async function close(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null) return;
  worker.removeAllListeners('exit');
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.disconnect();
  await ended;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
