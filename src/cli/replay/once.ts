import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { LoadedConfig } from '../../config.js';
import { HearkenError } from '../../errors.js';
import { buildReport, type ReplayReport } from '../../replay/report/report.js';
import type { PlanOptions } from '../../replay/run/plan.js';
import { type ReplayedSet, replayRecordings } from '../../replay/run/replay-recordings.js';

/** What the command line says of how recordings are replayed. */
export interface ReplayFlags
  extends Pick<PlanOptions, 'mode' | 'timing' | 'band' | 'graph' | 'language' | 'transcripts'> {
  readonly channel?: string;
  readonly trainedOn?: string;
  readonly now: string;
  readonly jobs?: string;
  readonly work?: string;
  readonly fresh?: boolean;
  readonly allowEffects?: boolean;
  readonly seed: string;
  readonly lateMs: string;
}

/** Recordings side by side in one process: more share each run of a model, fewer keep less in memory. */
export const AT_ONCE = 32;
/** A time for recordings that tell none: a Monday morning in Shanghai. */
export const DEFAULT_NOW = '2026-01-05T10:00:00+08:00';
/** Speakers that the built-in recogniser was trained on (models/asr-zh-phone/README.md). */
export const TRAINED_ON = 'S0150';

/** What the replays of one command share: a comparison has two. */
export class Sitting {
  readonly #stop = new AbortController();
  readonly #calls: { readonly finished: boolean; readonly forget: () => void }[] = [];
  #sides = 0;

  /** Which of its replays begins now: two of the same configuration, to see how calls differ by themselves, are two. */
  nextSide(): number {
    return this.#sides++;
  }

  /** Aborts with Ctrl+C, for the replay under way and for those to come. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Calls were placed over a line and are kept until all of this sitting are there. */
  placed(calls: { readonly finished: boolean; readonly forget: () => void }): void {
    this.#calls.push(calls);
  }

  /** The reports are written: what was placed is not needed any more, when none is missing. */
  over(): void {
    if (!this.signal.aborted && this.#calls.every(({ finished }) => finished))
      for (const { forget } of this.#calls) forget();
  }
}

/** One replay with a progress bar; Ctrl+C ends it with what is done so far. */
export async function replayOnce(
  paths: readonly string[],
  flags: ReplayFlags,
  loaded: LoadedConfig,
  name: string,
  sitting: Sitting,
): Promise<ReplayReport> {
  const { config, root, appEnvironment } = loaded;
  const startedAt = new Date();
  const lateMs = whole('--late-ms', flags.lateMs, 0, 60_000);
  const seed = whole('--seed', flags.seed, 0, 4_294_967_295);
  const set = await withBar(name, sitting, (signal, onProgress) =>
    replayRecordings({
      paths,
      plan: planOf(flags),
      settings: {
        config,
        root,
        appEnvironment,
        workFolder: workFolderOf(flags, loaded),
        allowEffects: flags.allowEffects ?? false,
        atOnce: AT_ONCE,
      },
      workers: flags.jobs === undefined ? availableParallelism() : whole('--jobs', flags.jobs, 1, 256),
      fresh: flags.fresh ?? false,
      signal,
      onProgress,
    }),
  );
  refuseNothing(set.planned, paths);
  tellUnkept(set);
  return buildReport(set, { config, root, startedAt, lateMs, seed });
}

/** A full disk takes the going on, not the results. */
export function tellUnkept({ unkept }: Pick<ReplayedSet, 'unkept'>): void {
  if (unkept !== undefined) process.stderr.write(`results could not be kept, the next run begins anew: ${unkept}\n`);
}

/** Throws FILE_UNREADABLE when there is nothing to replay. */
export function refuseNothing(planned: number, paths: readonly string[]): void {
  if (planned > 0) return;
  throw new HearkenError('FILE_UNREADABLE', `There are no recordings in ${paths.join(', ')}.`, {
    hint: 'Name files, or folders with WAV, FLAC, MP3, OGG, M4A, AMR, GSM or raw .ulaw/.alaw/.sln files.',
  });
}

/** Runs something that takes long, with a bar for people at a terminal; Ctrl+C asks it to stop, with all that was to follow. */
export async function withBar<R>(
  name: string,
  sitting: Sitting,
  work: (signal: AbortSignal, onProgress: (done: number, of: number) => void) => Promise<R>,
): Promise<R> {
  const onSignal = (): void => {
    process.stderr.write('\nstopping; what is done is told\n');
    process.exitCode = 130;
    sitting.stop();
  };
  process.once('SIGINT', onSignal);
  const bar = new SingleBar({
    format: `${name === '' ? '' : `${name} `}{bar} {percentage}% | {value} of {total} recordings | {eta_formatted} left`,
    hideCursor: true,
  });
  let started = false;
  try {
    return await work(sitting.signal, (done, of) => {
      if (!started) bar.start(of, done);
      started = true;
      bar.update(done);
    });
  } finally {
    if (started) bar.stop();
    process.off('SIGINT', onSignal);
  }
}

export function workFolderOf({ work }: ReplayFlags, { config, root }: LoadedConfig): string {
  return resolve(work ?? resolve(root, config.store.folder, 'replay'));
}

export function planOf(flags: ReplayFlags): PlanOptions {
  const { mode, timing, band, language, graph, transcripts } = flags;
  return {
    mode,
    timing,
    band,
    language,
    graph,
    transcripts,
    channel: channelOf(flags.channel),
    nowMs: timeOf(flags.now),
    trainedOn: (flags.trainedOn ?? '').split(',').filter((speaker) => speaker !== ''),
  };
}

function channelOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === 'left') return 0;
  if (text === 'right') return 1;
  return whole('--channel', text, 0, 7);
}

function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  throw new HearkenError('REQUEST_INVALID', `--now must be a time as ${DEFAULT_NOW}, not "${text}".`);
}

export function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new HearkenError('REQUEST_INVALID', `${name} must be a whole number from ${least} to ${most}, not "${text}".`);
}
