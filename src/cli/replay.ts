import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { loadConfig } from '../config.js';
import { HearkenError } from '../errors.js';
import { type Comparison, compareReports } from '../replay/compare/compare.js';
import { comparisonTable } from '../replay/compare/compare-table.js';
import { acceptGolden, hasGolden, readReport } from '../replay/compare/golden.js';
import { GATES, type Gate, gateFailures } from '../replay/report/gate.js';
import { comparePage } from '../replay/report/html/compare-page.js';
import { reportPage } from '../replay/report/html/report-page.js';
import type { ReplayReport } from '../replay/report/report.js';
import { reportTable } from '../replay/report/table.js';
import { loadSetup } from '../replay/run/setup.js';
import { type LiveFlags, replayLiveOnce } from './replay/live.js';
import { DEFAULT_NOW, replayOnce, Sitting, TRAINED_ON, whole } from './replay/once.js';
import { printReport, saveReport } from './replay/save.js';

interface ReplayOptions extends LiveFlags {
  readonly config?: string;
  readonly baseline?: string;
  readonly candidate?: string;
  readonly golden: string;
  readonly accept?: boolean;
  readonly maxFailed: string;
  readonly live?: boolean;
  readonly json?: boolean;
  readonly out?: string;
  readonly html?: string;
}

/** `hearken replay <recordings…>`: every recorded call is a test. */
export function replayCommand(): Command {
  const command = new Command('replay')
    .description('run recordings through the whole pipeline, faster than real time and the same each time, and report')
    .argument(
      '[recordings...]',
      'files or folders: our own call records, or anything ffmpeg reads (default: the records in the data folder)',
    )
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
    .option(
      '--baseline <setup>',
      'compare: configuration file, application folder, model folder (joined by +), or a report',
    )
    .option('--candidate <setup>', 'compare: the same, for what may come (default: as configured)')
    .option('--golden <file>', 'accepted results: later replays are held against them', 'replay-golden.json')
    .option('--accept', 'store these results as accepted')
    .option('--jobs <n>', 'processes (default: one for each core)')
    .option('--work <folder>', 'where results are kept for resuming (default: replay in the data folder)')
    .option('--fresh', 'replay everything anew')
    .option('--allow-effects', 'let the application ask other systems: what callers ordered is ordered again')
    .option('--late-ms <ms>', 'an end of turn is late when it comes later after the last word', '1000')
    .option('--seed <n>', 'of the bootstrap', '1')
    .option('--max-failed <n>', 'recordings that may fail', '0');
  for (const { flag, label, kind } of GATES)
    command.option(
      `--${flag} <share>`,
      `exit with 1 when ${label} ${kind === 'most' ? 'are more' : 'are less'} (0 to 1)`,
    );
  return command
    .option(
      '--live',
      'place real calls over SIP at real speed instead: a service and a bridge are started (--jobs: calls at once, 1)',
    )
    .option('--to <uri>', 'with --live: SIP address of a Hearken that runs, to call instead')
    .option('--service <url>', 'with --to: where to ask what was understood (default: http://127.0.0.1:8080)')
    .option('--json', 'print the report as JSON')
    .option('--out <file>', 'write the report as JSON to a file')
    .option('--html <file>', 'write the report as a page in one file')
    .action(replay);
}

async function replay(named: readonly string[], options: ReplayOptions): Promise<void> {
  const gates = gatesOf(options as unknown as Readonly<Record<string, unknown>>);
  const maxFailed = whole('--max-failed', options.maxFailed, 0, Number.MAX_SAFE_INTEGER);
  const seed = whole('--seed', options.seed, 0, 4_294_967_295);
  if (options.accept && options.baseline !== undefined) {
    throw new HearkenError('REQUEST_INVALID', '--accept stores what one replay came to; --baseline compares two.', {
      hint: 'Accept in a run without --baseline.',
    });
  }
  const sitting = new Sitting();
  const loaded = loadConfig(options.config === undefined ? {} : { file: options.config });
  const paths = named.length > 0 ? named : [join(resolve(loaded.root, loaded.config.store.folder), 'calls')];
  const once = options.live ? replayLiveOnce : replayOnce;
  const baseline = options.baseline === undefined ? undefined : await sideOf(options.baseline);
  const report =
    options.candidate === undefined ? await once(paths, options, loaded, '', sitting) : await sideOf(options.candidate);
  const comparison =
    baseline &&
    compareReports(baseline, report, {
      baseline: options.baseline ?? '',
      candidate: options.candidate ?? 'as configured',
      seed,
    });
  const golden = options.baseline === undefined && !options.accept ? againstGolden(report, options) : undefined;
  write(report, comparison ?? golden, options);
  if (options.accept) accept(report, options);
  sitting.over();
  const problems = [
    ...gateFailures(report, gates),
    ...(report.failed.length > maxFailed ? [`${report.failed.length} recordings could not be replayed`] : []),
    ...(golden && golden.changed.length + golden.unpaired.length > 0
      ? [`${golden.changed.length + golden.unpaired.length} recordings are not as accepted in ${options.golden}`]
      : []),
  ];
  for (const problem of problems) process.stderr.write(`not reached: ${problem}\n`);
  // Ctrl+C has set its own already.
  if (problems.length > 0) process.exitCode ??= 1;

  async function sideOf(setup: string): Promise<ReplayReport> {
    if (setup.endsWith('.json')) return readReport(setup);
    return once(paths, options, loadSetup(setup, loaded), setup, sitting);
  }
}

/** Against what was accepted; undefined when nothing was. */
function againstGolden(report: ReplayReport, { golden }: ReplayOptions): Comparison | undefined {
  return hasGolden(golden)
    ? compareReports(readReport(golden), report, { baseline: golden, candidate: 'now' })
    : undefined;
}

function accept(report: ReplayReport, { golden }: ReplayOptions): void {
  if (report.complete) {
    acceptGolden(golden, report);
    process.stderr.write(`accepted: ${golden}\n`);
    return;
  }
  process.stderr.write('not accepted: it was stopped before its end; run it again, it goes on where it was\n');
  process.exitCode ??= 1;
}

function write(report: ReplayReport, comparison: Comparison | undefined, { json, out, html }: ReplayOptions): void {
  const document = comparison ? { ...report, comparison } : report;
  // Told first: a file that can't be written does not take the figures along.
  if (json) printReport(`${JSON.stringify(document, null, 2)}\n`);
  else printReport(`${reportTable(report)}${comparison ? `\n${comparisonTable(comparison)}` : ''}`);
  if (out !== undefined) saveReport(out, `${JSON.stringify(document, null, 2)}\n`);
  if (html !== undefined) saveReport(html, comparison ? comparePage(comparison) : reportPage(report));
}

function gatesOf(options: Readonly<Record<string, unknown>>): readonly Gate[] {
  return GATES.flatMap(({ flag, ...gate }) => {
    const text = options[flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
    if (typeof text !== 'string') return [];
    const limit = Number(text);
    if (text.trim() === '' || !(limit >= 0 && limit <= 1)) {
      throw new HearkenError('REQUEST_INVALID', `--${flag} must be a share from 0 to 1, not "${text}".`);
    }
    return [{ ...gate, limit }];
  });
}
