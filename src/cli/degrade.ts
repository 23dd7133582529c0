import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { loadConfig } from '../config.js';
import { HearkenError } from '../errors.js';
import { CONDITIONS } from '../replay/degrade/conditions.js';
import { degrade } from '../replay/degrade/degrade.js';
import { degradePage, degradeTable } from '../replay/degrade/report.js';
import type { PlanOptions } from '../replay/run/plan.js';
import { printReport, saveReport } from './replay/save.js';

interface DegradeFlags {
  readonly transcripts?: string;
  readonly language?: string;
  readonly graph: PlanOptions['graph'];
  readonly only?: string[];
  readonly jobs?: string;
  readonly seed: string;
  readonly maxCer?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly out?: string;
  readonly html?: string;
}

const FAMILIES = [...new Set(CONDITIONS.map(({ family }) => family))].filter((family) => family !== 'as it is');

/** `hearken degrade <recordings…>`: the same recordings over worse and worse lines. */
export function degradeCommand(): Command {
  return new Command('degrade')
    .description(
      'recognise the same recordings through codecs, loss, noise, gain, echo and speed, and tell where it breaks',
    )
    .argument('<recordings...>', 'files or folders: our own call records, or anything ffmpeg reads')
    .option('--transcripts <file>', 'table with tabs: file, transcript, and language, task where there are any')
    .option('--language <tag>', 'of the recordings (default: as labelled, else as configured)')
    .addOption(
      new Option('--graph <graph>', 'what is listened for')
        .choices(['general', 'digits', 'confirm'])
        .default('general'),
    )
    .addOption(new Option('--only <families...>', 'only these').choices(FAMILIES))
    .option('--jobs <n>', 'processes (default: one for each core)')
    .option('--seed <n>', 'of noise, loss and bootstrap', '1')
    .option('--max-cer <share>', 'exit with 1 when errors of the plain telephone line (G.711) are more (0 to 1)')
    .option('--config <file>', 'configuration to read')
    .option('--json', 'print the report as JSON')
    .option('--out <file>', 'write the report as JSON to a file')
    .option('--html <file>', 'write charts as a page in one file')
    .action(run);
}

async function run(paths: readonly string[], flags: DegradeFlags): Promise<void> {
  const { config, root, appEnvironment } = loadConfig(flags.config === undefined ? {} : { file: flags.config });
  const abort = new AbortController();
  const onSignal = (): void => {
    process.exitCode = 130;
    abort.abort();
  };
  process.once('SIGINT', onSignal);
  const work = resolve(root, config.store.folder, 'replay');
  const bar = new SingleBar({ format: '{what} {bar} {value} of {total}', hideCursor: true });
  if (process.stderr.isTTY) bar.start(1, 0, { what: '' });
  try {
    const report = await degrade({
      paths,
      plan: {
        mode: 'recognition',
        timing: 'auto',
        band: 'own',
        graph: flags.graph,
        language: flags.language,
        transcripts: flags.transcripts,
        nowMs: 0,
        trainedOn: [],
      },
      settings: { config, root, appEnvironment, workFolder: work, allowEffects: false, atOnce: 32 },
      workers: flags.jobs === undefined ? availableParallelism() : number('--jobs', flags.jobs, 1, 256),
      families: flags.only ?? [],
      seed: number('--seed', flags.seed, 0, 65_535),
      folder: join(work, `degrade-${process.pid}`),
      signal: abort.signal,
      onProgress: (what, done, of) => {
        bar.setTotal(of);
        bar.update(done, { what });
      },
    });
    bar.stop();
    printReport(flags.json ? `${JSON.stringify(report, null, 2)}\n` : degradeTable(report));
    if (flags.out !== undefined) saveReport(flags.out, `${JSON.stringify(report, null, 2)}\n`);
    if (flags.html !== undefined) saveReport(flags.html, degradePage(report));
    if (flags.maxCer === undefined) return;
    const limit = number('--max-cer', flags.maxCer, 0, 1, false);
    const line = report.conditions.find(({ id }) => id === 'pcmu')?.cer;
    if (line && line.value <= limit) return;
    const found = line ? `${(line.value * 100).toFixed(1)} %` : 'nothing to measure it by';
    process.stderr.write(`not reached: character errors over G.711: ${found}, wanted at most ${limit * 100} %\n`);
    process.exitCode ??= 1;
  } finally {
    bar.stop();
    process.off('SIGINT', onSignal);
  }
}

function number(name: string, text: string, least: number, most: number, whole = true): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new HearkenError(
    'REQUEST_INVALID',
    `${name} must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}, not "${text}".`,
  );
}
