import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { findRecord, type RecordedEvent } from '../../../src/call/record.js';
import { fetchTurns } from '../../../src/replay/call-report.js';
import { placeCall } from '../../../src/replay/phone-caller.js';
import { readScript } from '../../../src/replay/utterances.js';
import { readAudioFile } from '../../../src/speech/audio-file.js';
import { BridgeProcess, ServiceProcess } from '../../support/hearken.js';
import { eventually, root } from '../../support/processes.js';
import { openScene } from '../../support/scene.js';

/** Processes that the service has started, by the name of their file. */
function workersOf(pid: number, name: string): number[] {
  const lines = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(pid)], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(name)).map((line) => Number.parseInt(line, 10));
}

/** CPU time so far, in ticks of 10 ms: fields 14 and 15 of /proc/<pid>/stat (proc(5)). */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Voice, words or a pause: times the caller was asked again, by what the record of the call says. */
function askedAgain(events: readonly RecordedEvent[]): number {
  return events.filter(({ type, input, noMatch }) => {
    const name = (input as { name?: string } | undefined)?.name;
    return type === 'turn' && (noMatch === true || name === 'no_input' || name === 'no_match');
  }).length;
}

describe('a speech process is killed in the middle of a call', () => {
  it.concurrent.for([
    { worker: 'recognizer-worker', afterMs: 900, all: false },
    { worker: 'synthesizer-worker', afterMs: 0, all: true },
  ])(
    '$worker: it is started again and the call goes on, with one re-prompt at most',
    async ({ worker, afterMs, all }, { onTestFinished }) => {
      const { stage, folder } = openScene('worker', onTestFinished);
      // Two recognisers: the call moves to the other one, which hears the beginning of the sentence again. No English ears beside: the one at work is the one that has the call.
      const config = join(folder, 'two.yml');
      const prompts = join(root, 'node_modules/.cache/hearken-test-prompts');
      writeFileSync(
        config,
        `app:\n  followFirstSentence: false\nspeech:\n  recognizerWorkers: 2\n  promptCacheFolder: ${JSON.stringify(prompts)}\n`,
      );
      const service = stage.add(await ServiceProcess.start(folder, { HEARKEN_CONFIG: config }));
      const bridge = stage.add(await BridgeProcess.start(service.mediaUrl));
      const file = join(root, 'audio/calls/opening-hours.wav');
      const killed: number[] = [];
      const kill = async (before: ReadonlyMap<number, number>): Promise<void> => {
        // The one that is at work has this call. Where the machine is busy otherwise, it takes a while until one can be told from the other.
        const busiest = (): number | undefined => {
          const spent = [...before].map(([pid, ticks]) => ({ pid, ticks: ticksOf(pid) - ticks }));
          const [most, next] = spent.sort((a, b) => b.ticks - a.ticks);
          return most && most.ticks >= (next?.ticks ?? 0) + 2 ? most.pid : undefined;
        };
        const which = all ? [...before.keys()] : [await eventually('a worker that is at work', busiest)];
        for (const pid of which) {
          killed.push(pid);
          process.kill(pid, 'SIGKILL');
        }
      };
      let killing: Promise<void> | undefined;
      let asked = false;
      const report = await placeCall({
        to: `sip:bot@127.0.0.1:${bridge.sipPort}`,
        speech: await readAudioFile(file, { sampleRate: 8000 }),
        utterances: readScript(file)?.utterances ?? [],
        recording: undefined,
        from: 'caller',
        host: '127.0.0.1',
        turnSilenceMs: 900,
        lingerMs: 6000,
        afterTransferMs: 0,
        longestMs: 120_000,
        signal: new AbortController().signal,
        onProgress: (text) => {
          if (asked || !text.startsWith('saying')) return;
          asked = true;
          const before = new Map(workersOf(service.pid, worker).map((pid) => [pid, ticksOf(pid)]));
          killing = sleep(afterMs).then(() => kill(before));
          // Told below.
          killing.catch(() => undefined);
        },
      });
      await killing;
      expect(killed.length).toBeGreaterThan(0);
      expect(report.endedBy).toBe('them');
      const turns = (await fetchTurns(service.url, report.callId)) ?? [];
      const intents = turns.map((turn) => turn.intent?.name);
      expect(intents).toContain('goodbye');
      const record = await findRecord(folder, report.callId);
      const events = record?.events ?? [];
      const story = events.map((event) => JSON.stringify(event)).join('\n');
      expect(askedAgain(events), story).toBeLessThanOrEqual(1);
      if (worker.startsWith('recognizer')) {
        // It had the call indeed, nothing of it was lost, and what was being said was understood.
        expect(events.filter(({ type }) => type === 'recognizerRecovered').length, story).toBeGreaterThan(0);
        expect(
          events.find(({ type }) => type === 'recognizerRecovered'),
          story,
        ).toMatchObject({ lostMs: 0 });
        expect(intents, story).toContain('opening_hours');
      }
      const part = await eventually('all of them at work again', async () => {
        const health = (await (await fetch(`${service.url}/health`)).json()) as Record<
          'recognizer' | 'synthesizer',
          { alive: number; workers: number; restarts: number }
        >;
        const now = worker.startsWith('recognizer') ? health.recognizer : health.synthesizer;
        return now.alive === now.workers && now;
      });
      expect(part.restarts).toBeGreaterThan(0);
      expect(workersOf(service.pid, worker)).not.toEqual(expect.arrayContaining(killed));
    },
  );
});
