import { mkdirSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { HearkenError } from '../errors.js';
import { type CallReport, formatCall } from '../replay/call-report.js';
import { callWithRecording, stoppedByCtrlC } from './call.js';
import { startOwnStage } from './own-stage.js';

const callsFolder = fileURLToPath(new URL('../../audio/calls/', import.meta.url));
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
      const controller = stoppedByCtrlC();
      const folder = resolve('data', 'demo', new Date().toISOString().replaceAll(':', '-'));
      mkdirSync(folder, { recursive: true });
      const stage = await startOwnStage(folder);
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
      } catch (error) {
        // A call that was ringing when somebody stopped all of it is no mistake.
        if (!controller.signal.aborted) throw error;
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
