import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { HearkenError } from '../errors.js';
import { type CallReport, formatCall } from '../replay/call-report.js';
import { callWithRecording } from './call.js';
import { SupervisedProcess } from './supervised-process.js';

const cliFile = fileURLToPath(new URL('./run.js', import.meta.url));
const bridgeFile = fileURLToPath(new URL('../../sip-bridge/dist/main.js', import.meta.url));
const callsFolder = fileURLToPath(new URL('../../audio/calls/', import.meta.url));
const READY_LIMIT_MS = 120_000;
/** Calls that are placed at the same time: the demo is over sooner, and delays stay those of a quiet line. */
const AT_ONCE = 3;

/** `npm run demo`: the whole product on free ports, an agent's phone in a process of its own, and every sample call placed for real. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('place the sample calls over SIP and print the conversations')
    .argument('[recordings...]', 'recordings to speak instead of audio/calls')
    .option('--json', 'print one JSON document')
    .action(async (recordings: string[], options: { json?: boolean }) => {
      const files = recordings.length > 0 ? recordings : sampleCalls();
      const controller = new AbortController();
      process.once('SIGINT', () => controller.abort());
      const folder = resolve('data', 'demo', new Date().toISOString().replaceAll(':', '-'));
      mkdirSync(folder, { recursive: true });
      const stage = await start(folder);
      const calls: CallReport[] = [];
      try {
        const placed = files.map((_file, index) => join(folder, `${String(index + 1).padStart(2, '0')}.wav`));
        const place = (file: string, index: number): Promise<CallReport> =>
          callWithRecording(file, {
            to: stage.sip,
            from: 'caller',
            host: '127.0.0.1',
            service: stage.serviceUrl,
            record: placed[index],
            straight: false,
            longestMs: 120_000,
            signal: controller.signal,
            onProgress: () => undefined,
          });
        for await (const report of inOrder(files, AT_ONCE, place)) {
          const shown = {
            ...report,
            file: relative(process.cwd(), report.file),
            recording: report.recording && relative(process.cwd(), report.recording),
          };
          calls.push(shown);
          if (!options.json) process.stdout.write(`${formatCall(shown)}\n\n`);
          if (controller.signal.aborted) break;
        }
      } finally {
        await stage.stop();
      }
      if (options.json) process.stdout.write(`${JSON.stringify({ calls }, null, 2)}\n`);
    });
}

/** Works on several at once and hands the results out in order, each as soon as those before it are there. */
async function* inOrder<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  let next = 0;
  for (let done = 0; done < items.length; done++) {
    while (next < items.length && next - done < atOnce) {
      const promise = work(items[next] as T, next);
      // Whoever waits for it below hears of its failure; until then it must not count as unheard of.
      promise.catch(() => undefined);
      running.push(promise);
      next += 1;
    }
    yield await (running[done] as Promise<R>);
  }
}

function sampleCalls(): string[] {
  const files = readdirSync(callsFolder)
    .filter((name) => name.endsWith('.wav'))
    .sort();
  if (files.length === 0)
    throw new HearkenError('FILE_UNREADABLE', `There are no recordings in ${callsFolder}.`, {
      hint: 'Run node scripts/make-sample-calls.mjs.',
    });
  return files.map((name) => join(callsFolder, name));
}

interface DemoStage {
  readonly sip: string;
  readonly serviceUrl: string;
  stop(): Promise<void>;
}

/** Of the environment only what a program needs to run: the demo must not register as your line, or write into your Redis. */
function ownSettings(): NodeJS.ProcessEnv {
  const mine = /^(?:HEARKEN_|REDIS_URL$|LOG_LEVEL$)/;
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !mine.test(name) || name === 'HEARKEN_MODELS' || name === 'HEARKEN_APP',
    ),
  );
}

/** Service, bridge and agent's phone, each a process, all on free ports: a Hearken that is running already is not disturbed. */
async function start(folder: string): Promise<DemoStage> {
  const started: SupervisedProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const part of started.reverse().splice(0)) await part.stop();
  };
  // An empty configuration of its own: whatever hearken.yml says is about the real line.
  const config = join(folder, 'hearken.yml');
  writeFileSync(config, 'http: {}\n');
  const launch = async (
    name: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const part = new SupervisedProcess({
      name,
      args,
      env: { ...ownSettings(), ...env },
      readyLimitMs: READY_LIMIT_MS,
      stopLimitMs: 5000,
      onLine: () => undefined,
    });
    started.push(part);
    return part.start();
  };
  try {
    const agent = await launch('agent', [cliFile, 'answer', '--port', '0'], {});
    const service = await launch('service', [cliFile, 'serve'], {
      HEARKEN_CONFIG: config,
      HEARKEN_PORT: '0',
      HEARKEN_DATA: folder,
      HEARKEN_AGENT: String(agent.sip),
    });
    const bridge = await launch('bridge', [bridgeFile], {
      HEARKEN_CONFIG: config,
      HEARKEN_SIP_PORT: '0',
      HEARKEN_RTP_PORTS: '0',
      HEARKEN_BRIDGE_HEALTH: 'off',
      HEARKEN_MEDIA_URL: String(service.mediaUrl),
    });
    return { sip: String(bridge.sip), serviceUrl: String(service.url), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
