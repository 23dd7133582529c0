import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { type LoadedConfig, loadConfig } from '../config.js';
import { HearkenError } from '../errors.js';
import type { DeskItem } from '../handoff/desk-store.js';
import { FileDeskStore } from '../handoff/file-desk-store.js';
import { type Backend, openBackend } from '../replay/simulate/backend.js';
import { type CallDriver, ChatDriver } from '../replay/simulate/drivers.js';
import { simulationPage } from '../replay/simulate/page.js';
import { reportSimulation, type SimulationReport, simulationTable } from '../replay/simulate/report.js';
import { simulate } from '../replay/simulate/run.js';
import { type PersonaSpec, readScenario, type Scenario } from '../replay/simulate/scenario.js';
import { PhoneDriver } from '../replay/simulate/spoken-stage.js';
import { openTypedStage } from '../replay/simulate/typed-stage.js';
import { createSpeech } from '../speech/index.js';
import { SILENT_LOGGER } from '../speech/worker-process.js';
import { startOwnStage } from './own-stage.js';
import { printReport, saveReport } from './replay/save.js';

interface SimulateOptions {
  readonly calls?: string;
  readonly only?: string;
  readonly seed: string;
  readonly chat?: boolean;
  readonly spoken?: boolean;
  readonly service: string;
  readonly backend?: string;
  readonly load?: boolean;
  readonly atOnce?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly out?: string;
  readonly html?: string;
}

/** `hearken simulate <scenario>`: callers that want something, and a check whether they got it. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('let simulated callers ring, check in the back end whether they got what they wanted, and report')
    .argument('<scenario>', 'scenario file, for instance apps/retail/scenarios/callers.yml')
    .option('--calls <n>', 'how many calls (default: one for each persona)')
    .option('--only <n>', 'only the call with this number, as a failure names it')
    .option('--seed <n>', 'of the wording and of the arrivals', '1')
    .option('--chat', 'type to a service that runs, by POST /chat, instead of to the application in this process')
    .option('--service <url>', 'with --chat: where it is', 'http://127.0.0.1:8080')
    .option('--backend <url>', 'back end to check in, instead of starting the one of the scenario')
    .option('--spoken', 'ring over SIP: a service and a bridge are started, callers speak with synthesised voices')
    .option('--load', 'let calls come as the load pattern says (typed calls come as fast as they can otherwise)')
    .option('--at-once <n>', 'lines (default: load.atOnce of the scenario)')
    .option('--config <file>', 'configuration to read')
    .option('--json', 'print the report as JSON')
    .option('--out <file>', 'write the report as JSON to a file')
    .option('--html <file>', 'write the report as a page in one file')
    .action(async (file: string, options: SimulateOptions) => {
      const loaded = loadConfig(options.config === undefined ? {} : { file: options.config });
      const abort = new AbortController();
      const onSignal = (): void => abort.abort();
      process.once('SIGINT', onSignal);
      try {
        const report = await runScenario(file, options, loaded, abort.signal);
        printReport(options.json ? `${JSON.stringify(report, null, 2)}\n` : simulationTable(report));
        if (options.out !== undefined) saveReport(options.out, `${JSON.stringify(report, null, 2)}\n`);
        if (options.html !== undefined) saveReport(options.html, simulationPage(report));
        if (abort.signal.aborted) process.exitCode = 130;
        else if (report.gates.some(({ reached }) => !reached)) process.exitCode = 1;
      } finally {
        process.off('SIGINT', onSignal);
      }
    });
}

/** Something callers can be connected to. */
interface Line {
  connect(spec: PersonaSpec, index: number, seed: number): Promise<CallDriver> | CallDriver;
  readonly desk: (() => Promise<readonly DeskItem[]>) | undefined;
  close(): Promise<void>;
}

async function runScenario(
  file: string,
  options: SimulateOptions,
  loaded: LoadedConfig,
  signal: AbortSignal,
): Promise<SimulationReport> {
  const scenario = withBackend(readScenario(file), options);
  const seed = whole('--seed', options.seed, 0, 4_294_967_295);
  const calls =
    options.only === undefined
      ? Array.from(
          { length: whole('--calls', options.calls ?? String(scenario.personas.length), 1, 100_000) },
          (_, index) => index,
        )
      : [whole('--only', options.only, 0, 100_000)];
  const way = options.chat ? 'chat' : options.spoken ? 'spoken' : 'typed';
  const backend = await openBackend(scenario, file, tmpdir());
  const bar = new SingleBar({ format: '{bar} {value} of {total} calls', hideCursor: true });
  try {
    const line = await openLine(scenario, file, options, loaded, backend, signal);
    try {
      if (process.stderr.isTTY) bar.start(calls.length, 0);
      const simulation = await simulate({
        scenario,
        calls,
        seed,
        spoken: way === 'spoken',
        atOnce: options.atOnce === undefined ? scenario.load.atOnce : whole('--at-once', options.atOnce, 1, 500),
        paced: (options.load ?? false) || way === 'spoken',
        connect: (spec, index, of) => line.connect(spec, index, of),
        backendUrl: backend?.url,
        desk: line.desk,
        signal,
        onDone: (_call, done) => bar.update(done),
      });
      return reportSimulation(scenario, simulation, { file, seed, way });
    } finally {
      await line.close();
    }
  } finally {
    bar.stop();
    await backend?.stop();
  }
}

/** A service that runs has a back end of its own: one that is started here would know nothing of what it does. */
function withBackend(scenario: Scenario, { chat, backend: url }: SimulateOptions): Scenario {
  const { backend } = scenario;
  if (url !== undefined && backend) return { ...scenario, backend: { url, env: backend.env } };
  if (chat && backend?.run !== undefined) {
    throw new HearkenError('REQUEST_INVALID', '--chat checks in the back end that the service uses; say where it is.', {
      hint: 'For the sample shop: npx tsx apps/retail/shop/main.ts 8070, APP_SHOP_URL=http://127.0.0.1:8070 for the service, and --backend http://127.0.0.1:8070.',
    });
  }
  return scenario;
}

async function openLine(
  scenario: Scenario,
  file: string,
  options: SimulateOptions,
  loaded: LoadedConfig,
  backend: Backend | undefined,
  signal: AbortSignal,
): Promise<Line> {
  if (options.chat) {
    const { service } = options;
    return { connect: ({ language }) => new ChatDriver(service, language), desk: undefined, close: async () => {} };
  }
  const { config, appEnvironment } = loaded;
  const appFolder = resolve(dirname(file), scenario.app);
  const environment = { ...appEnvironment, ...backend?.environment };
  const withApp = { ...loaded, config: { ...config, app: { ...config.app, folder: appFolder } } };
  if (options.spoken) return openSpokenLine(withApp, environment, signal);
  const stage = await openTypedStage(appFolder, environment, config);
  return {
    connect: (spec, index, seed) => stage.connect(spec, index, seed),
    desk: () => stage.desk(),
    close: () => stage.close(),
  };
}

/** A service with this configuration and a bridge of their own on free ports, and a voice for the callers. */
async function openSpokenLine(
  loaded: LoadedConfig,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Line> {
  const folder = resolve('data', 'simulate', new Date().toISOString().replaceAll(':', '-'));
  mkdirSync(folder, { recursive: true });
  const stage = await startOwnStage(folder, environment, loaded);
  try {
    const speech = await createSpeech({ ...loaded.config.speech, recognizers: {} }, loaded.root, SILENT_LOGGER);
    const line = { to: stage.sip, serviceUrl: stage.serviceUrl, synthesizer: speech.synthesizer, signal };
    return {
      connect: (spec, index, seed) => PhoneDriver.dial(line, spec, seed * 1000 + index),
      desk: async () => {
        const desk = await FileDeskStore.read(join(folder, 'desk.jsonl'));
        return desk.list({ limit: 1000 });
      },
      close: async () => {
        await speech.close();
        await stage.stop();
      },
    };
  } catch (error) {
    await stage.stop();
    throw error;
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new HearkenError('REQUEST_INVALID', `${name} must be a whole number from ${least} to ${most}, not "${text}".`);
}
