import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { type LoadedConfig, loadConfig } from '../config.js';
import { HearkenError } from '../errors.js';
import { buildReport, type ReplayReport } from '../replay/report/report.js';
import { reportTable } from '../replay/report/table.js';
import { replayRecordings } from '../replay/run/replay-recordings.js';

interface ReplayOptions {
  readonly config?: string;
  readonly mode: 'auto' | 'calls' | 'recognition';
  readonly timing: 'auto' | 'recorded' | 'answer';
  readonly channel?: string;
  readonly band: 'auto' | 'telephone' | 'line' | 'own';
  readonly language?: string;
  readonly graph: 'general' | 'digits' | 'confirm' | 'task';
  readonly transcripts?: string;
  readonly trainedOn?: string;
  readonly now: string;
  readonly jobs?: string;
  readonly work?: string;
  readonly fresh?: boolean;
  readonly allowEffects?: boolean;
  readonly seed: string;
  readonly lateMs: string;
  readonly json?: boolean;
  readonly out?: string;
}

/** Recordings side by side in one process: more share each run of a model, fewer keep less in memory. */
const AT_ONCE = 32;
/** A time for recordings that tell none: a Monday morning in Shanghai. */
const DEFAULT_NOW = '2026-01-05T10:00:00+08:00';
/** Speakers that the built-in recogniser was trained on (models/asr-zh-phone/README.md). */
const TRAINED_ON = 'S0150';

/** `hearken replay <recordings…>`. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('run recordings through the whole pipeline, faster than real time and the same each time, and report')
    .argument('<recordings...>', 'files or folders: our own call records, or anything ffmpeg reads')
    .option('--config <file>', 'configuration to replay with (default: hearken.yml or what HEARKEN_CONFIG names)')
    .addOption(
      new Option('--mode <mode>', 'calls, or recognition alone')
        .choices(['auto', 'calls', 'recognition'])
        .default('auto'),
    )
    .addOption(
      new Option('--timing <timing>', "the caller's words as they came, or each after the bot has finished")
        .choices(['auto', 'recorded', 'answer'])
        .default('auto'),
    )
    .option('--channel <n>', "the caller's channel: left, right or a number from 0 (default: found by itself)")
    .addOption(
      new Option('--band <band>', '8 kHz through µ-law, 8 kHz, or the rate of the recording')
        .choices(['auto', 'telephone', 'line', 'own'])
        .default('auto'),
    )
    .option('--language <tag>', 'language of the calls (default: as labelled, else as configured)')
    .addOption(
      new Option(
        '--graph <graph>',
        'what is listened for in recognition alone; task: digits where the transcripts say so',
      )
        .choices(['general', 'digits', 'confirm', 'task'])
        .default('general'),
    )
    .option(
      '--transcripts <file>',
      'table with tabs: file, transcript, and language, group, speaker, task where there are any',
    )
    .option('--trained-on <speakers>', 'speakers the recogniser was trained on, separated by commas', TRAINED_ON)
    .option('--now <time>', 'when calls take place that do not tell it', DEFAULT_NOW)
    .option('--jobs <n>', 'processes (default: one for each core)')
    .option('--work <folder>', 'where results are kept for resuming (default: replay in the data folder)')
    .option('--fresh', 'replay everything anew')
    .option('--allow-effects', 'let the application ask other systems: what callers ordered is ordered again')
    .option('--late-ms <ms>', 'an end of turn is late when it comes later after the last word', '1000')
    .option('--seed <n>', 'of the bootstrap', '1')
    .option('--json', 'print the report as JSON')
    .option('--out <file>', 'write the report as JSON to a file')
    .action(async (recordings: string[], options: ReplayOptions) => {
      const report = await replayOnce(
        recordings,
        options,
        loadConfig(options.config === undefined ? {} : { file: options.config }),
      );
      if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
      process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportTable(report));
      if (report.failed.length > 0) process.exitCode = 1;
    });
}

/** One replay with a progress bar; Ctrl+C ends it with what is done so far. */
async function replayOnce(
  paths: readonly string[],
  options: ReplayOptions,
  loaded: LoadedConfig,
): Promise<ReplayReport> {
  const { config, root, appEnvironment } = loaded;
  const startedAt = new Date();
  const abort = new AbortController();
  const onSignal = (): void => {
    process.stderr.write('\nstopping; what is done is kept and the next run goes on from here\n');
    process.exitCode = 130;
    abort.abort();
  };
  process.once('SIGINT', onSignal);
  const bar = new SingleBar({
    format: '{bar} {percentage}% | {value} of {total} recordings | {eta_formatted} left',
    hideCursor: true,
  });
  let started = false;
  try {
    const set = await replayRecordings({
      paths,
      plan: {
        mode: options.mode,
        timing: options.timing,
        channel: channelOf(options.channel),
        band: options.band,
        language: options.language,
        graph: options.graph,
        transcripts: options.transcripts,
        nowMs: timeOf(options.now),
        trainedOn: (options.trainedOn ?? '').split(',').filter((name) => name !== ''),
      },
      settings: {
        config,
        root,
        appEnvironment,
        workFolder: resolve(options.work ?? resolve(root, config.store.folder, 'replay')),
        allowEffects: options.allowEffects ?? false,
        atOnce: AT_ONCE,
      },
      workers: options.jobs === undefined ? availableParallelism() : whole('--jobs', options.jobs, 1, 256),
      fresh: options.fresh ?? false,
      signal: abort.signal,
      onProgress: (done, of) => {
        if (!started) bar.start(of, done);
        started = true;
        bar.update(done);
      },
    });
    return buildReport(set, {
      config,
      root,
      startedAt,
      lateMs: whole('--late-ms', options.lateMs, 0, 60_000),
      seed: whole('--seed', options.seed, 0, 4_294_967_295),
    });
  } finally {
    if (started) bar.stop();
    process.off('SIGINT', onSignal);
  }
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

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new HearkenError('REQUEST_INVALID', `${name} must be a whole number from ${least} to ${most}, not "${text}".`);
}
